import { describe, expect, it } from 'vitest'
import type { Json } from '../../../../schemas/semantics/ghosts/model.ts'
import type { Entry } from '../../../../schemas/semantics/ghosts/seen.ts'
import { rowsFollow } from '../../../../schemas/semantics/ghosts/rows.ts'

const COLOURS = ['red', 'green', 'blue']
const row = (id: number): { readonly [key: string]: Json } => ({
  id,
  albumId: Math.floor((id - 1) / 50) + 1,
  colour: COLOURS[id % 3] ?? '',
  title: `Item ${id}`,
  price: 2.5 * id + 1,
  note: String((id * 7919) % 101),
})
const entry = (id: number, item = row(id), written = false): Entry => ({ id: String(id), born: id, item, written })
/** Some of 200 rows, as few requests show them. */
const some = Array.from({ length: 200 }, (_, i) => i + 1).filter((id) => (id * 37) % 100 < 30)
const missing = [1, 50, 51, 100, 101, 200].filter((id) => !some.includes(id))

describe('what follows from the number of a row', () => {
  it('says what rows have that nobody saw, and nothing of what follows from nothing', () => {
    const follows = rowsFollow(
      some.map((id) => entry(id)),
      'id',
    )
    expect([...follows.keys()].sort()).toEqual(['albumId', 'colour', 'price', 'title'])
    for (const id of missing)
      for (const [name, of] of follows) expect([undefined, row(id)[name]]).toContainEqual(of(id))
    expect(follows.get('title')?.(150)).toBe('Item 150')
    expect(follows.get('albumId')?.(120)).toBe(3)
  })

  it('leaves out what clients wrote', () => {
    const written = Array.from({ length: 30 }, (_, i) => entry(201 + i, { ...row(201 + i), albumId: 1 }, true))
    const follows = rowsFollow([...some.map((id) => entry(id)), ...written], 'id')
    expect(follows.get('albumId')?.(120)).toBe(3)
  })

  it('says nothing where block lengths that fit as well disagree', () => {
    const few = [1, 10, 20, 30, 45, 60, 70, 80, 95, 110, 120, 130].map((id) => entry(id))
    expect(rowsFollow(few, 'id').get('albumId')?.(51)).toBeUndefined()
    expect(rowsFollow(few, 'id').get('albumId')?.(75)).toBe(2)
  })

  it('needs enough rows', () => {
    expect(
      rowsFollow(
        [1, 2, 3, 4, 5].map((id) => entry(id)),
        'id',
      ).size,
    ).toBe(0)
  })
})
