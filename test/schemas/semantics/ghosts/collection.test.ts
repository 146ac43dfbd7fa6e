/** Whether each asker has things of their own is told from what is known now, however it came to be known. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openCollection } from '../../../../schemas/semantics/ghosts/collection.ts'
import type { ObjectRecord } from '../../../../schemas/semantics/ghosts/model.ts'

const seenBy = (id: number, ...askers: readonly string[]): ObjectRecord => ({
  key: `object shop /notes ${id}`,
  service: 'shop',
  type: '/notes',
  id: String(id),
  views: askers.map((asker) => ({ asker, json: '{}', at: 1, whole: true })),
  gone: 0,
  written: 0,
  born: id,
  tick: 0,
})

describe('a collection of which each asker sees their own', () => {
  const apart = () => {
    const notes = openCollection()
    for (let id = 1; id <= 20; id++) notes.add(seenBy(id, id % 2 === 0 ? 'cp_ann' : 'cp_bob'))
    return notes
  }

  it('is one until two are seen to share something, and again once that is gone', () => {
    const notes = apart()
    expect(notes.isApart()).toBe(true)
    const shared = seenBy(21, 'cp_ann', 'cp_bob')
    notes.add(shared)
    expect(notes.isApart()).toBe(false)
    notes.remove(shared)
    expect(notes.isApart()).toBe(true)
    notes.add(seenBy(22, ''))
    expect(notes.isApart()).toBe(false)
  })

  it('is told after every change as it would be anew', () => {
    const step = fc.record({
      id: fc.integer({ min: 1, max: 30 }),
      askers: fc.subarray(['cp_ann', 'cp_bob', 'cp_eve'], { minLength: 0, maxLength: 2 }),
      isRemoved: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const notes = openCollection()
        for (const { id, askers, isRemoved } of steps) {
          const object = seenBy(id, ...askers)
          if (isRemoved) notes.remove(object)
          else notes.add(object)
          const anew = openCollection()
          for (const one of notes.values()) anew.add(one)
          expect(notes.isApart()).toBe(anew.isApart())
        }
      }),
      { numRuns: 50 },
    )
  })

  it('is not looked through again where nothing changed', () => {
    const notes = apart()
    let looks = 0
    const watched = { ...seenBy(1, 'cp_ann') }
    const { views } = watched
    Object.defineProperty(watched, 'views', { get: () => (looks++, views) })
    notes.add(watched)
    looks = 0
    expect([1, 2, 3].map(() => notes.isApart())).toEqual([true, true, true])
    expect(looks).toBe(1)
  })
})
