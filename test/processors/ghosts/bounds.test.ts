import { describe, expect, it } from 'vitest'
import type { Ghost } from '../../../schemas/events.ts'
import { openShelf } from '../../../processors/ghosts/shelf.ts'
import { CAPS } from '../../../processors/ghosts/memory.ts'
import { memoryStore } from '../kit/store.ts'
import { given, textOf } from './given.ts'

const parts = (g: ReturnType<typeof given>, kind: Ghost['kind']) =>
  [...g.offline.parts.values()].filter((p) => p.kind === kind)

describe('bounds', () => {
  it('given more targets than an endpoint may have, then the oldest exact answers go, from the topic too', () => {
    const over = 200
    const total = CAPS.endpointAnswers + over
    const g = given(Array.from({ length: total }, (_, i) => ({ target: `/books?n=${i}`, responseBody: `{"n":${i}}` })))
    expect(parts(g, 'answer').length).toBe(CAPS.endpointAnswers)
    expect(g.ask({ target: `/books?n=${total - 1}` })).toMatchObject({ ghost: 'exact' })
    expect(g.ask({ target: `/books?n=0` })).not.toMatchObject({ ghost: 'exact' })
  })

  it('given a body with endless fields, then the endpoint stays small', () => {
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`f${i}`, { [`g${i}`]: i }])))
    const g = given(Array.from({ length: 5 }, () => ({ target: '/wide', responseBody: wide })))
    expect(parts(g, 'endpoint')[0]?.payload.length).toBeLessThan(100_000)
  })

  it('given bodies of 100,000 levels, then they are repeated but never walked', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const at = (n: number, responseBody: string) => ({ target: `/odd?n=${n}`, responseBody })

    const g = given([at(1, '[1]'), at(1, '['.repeat(20_000) + ']'.repeat(20_000)), at(1, '[1]'), at(2, deep)])
    expect(textOf(g.ask({ target: '/odd?n=1' }))).toBe('[1]')
    expect(g.ask({ target: '/odd', method: 'POST', body: Buffer.from(deep), writes: true }).kind).toBe('refuse')
    expect(g.ask({ target: '/odd?n=1', body: Buffer.from(deep) }).kind).toBe('answer')
  })

  it('given endless fresh names, then the endpoint stays small', () => {
    const g = given(
      Array.from({ length: 400 }, (_, i) => ({
        target: `/map?x${i}=1`,
        responseBody: JSON.stringify({ [`k${i}`]: i }),
      })),
    )
    expect(parts(g, 'endpoint')[0]?.payload.length).toBeLessThan(100_000)
  })
})

describe('a shelf', () => {
  it('forgets what was touched longest ago, also after a restore', () => {
    const store = memoryStore<{ key: string; tick: number }>()
    const measure = { bounds: () => [{ group: 'g', count: 3, bytes: Infinity }], size: () => 1 }
    const shelf = openShelf(store, measure)
    ;['c', 'b', 'a'].forEach((key, tick) => shelf.put({ key, tick }))
    shelf.put({ key: 'c', tick: 3 })
    const again = openShelf(store, measure)
    again.restored()
    expect(again.put({ key: 'd', tick: 4 }).map((v) => v.key)).toEqual(['b'])
    expect(again.put({ key: 'e', tick: 5 }).map((v) => v.key)).toEqual(['a'])
    expect(store.keys()).toEqual(['c', 'd', 'e'])
  })
})
