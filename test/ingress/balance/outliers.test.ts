import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../../ingress/balance/breaker.ts'
import { isEjected, noted, openOutlier, swept, type Watched } from '../../../ingress/balance/outliers.ts'

const options = {
  consecutiveErrors: 3,
  errorRate: 0.5,
  slowerThan: 3,
  minRequests: 10,
  interval: 1000,
  ejectFor: 100,
  maxEjected: 0.5,
}
const pool = (count: number): Watched[] => Array.from({ length: count }, () => ({ outlier: openOutlier() }))
const say = (
  some: readonly Watched[],
  which: number,
  outcome: Outcome,
  { count = 1, micros = 1000, now = 0 } = {},
): (string | undefined)[] =>
  Array.from({ length: count }, () => noted(some[which] as Watched, some, { outcome, micros, now }, options))
const ejected = (some: readonly Watched[], now: number): number[] =>
  some.flatMap(({ outlier }, i) => (isEjected(outlier, now) ? [i] : []))

describe('passive health', () => {
  it('ejects at so many errors in a row, for longer each time', () => {
    const some = pool(3)
    say(some, 0, 'bad', { count: 2 })
    say(some, 0, 'good')
    expect(say(some, 0, 'bad', { count: 3 }).at(-1)).toBe('3 errors in a row')
    expect([ejected(some, 99), ejected(some, 100)]).toEqual([[0], []])
    say(some, 0, 'bad', { count: 3, now: 100 })
    expect([ejected(some, 299), ejected(some, 300)]).toEqual([[0], []])
  })

  it('ejects the one whose answers are errors while the others answer', () => {
    const some = pool(3)
    for (const which of [0, 1, 2]) say(some, which, 'good', { count: 20 })
    for (let i = 0; i < 20; i++) say(some, 1, i % 3 === 0 ? 'good' : 'bad')
    for (let i = 0; i < 20; i++) say(some, 1, i % 3 === 0 ? 'good' : 'bad')
    expect(swept(some, options, 5).map(([one, reason]) => [some.indexOf(one), reason])).toEqual([])
    for (const which of [0, 2]) say(some, which, 'good', { count: 20 })
    for (let i = 0; i < 20; i++) say(some, 1, i % 3 === 0 ? 'good' : 'bad')
    expect(swept(some, options, 5).map(([one, reason]) => [some.indexOf(one), reason])).toEqual([
      [1, '65 % of its answers are errors'],
    ])
  })

  it('ejects nobody when all of them fail', () => {
    const some = pool(3)
    for (let i = 0; i < 30; i++) for (const which of [0, 1, 2]) say(some, which, i % 3 === 0 ? 'good' : 'bad')
    expect(swept(some, options, 0)).toEqual([])
  })

  it('ejects the one that is slow against the others, and not for milliseconds', () => {
    const some = pool(3)
    for (const which of [0, 1]) say(some, which, 'good', { count: 20, micros: 10_000 })
    say(some, 2, 'good', { count: 20, micros: 80_000 })
    expect(swept(some, options, 0).map(([one, reason]) => [some.indexOf(one), reason])).toEqual([
      [2, 'it takes 80 ms where the others take 10 ms'],
    ])
    const quick = pool(2)
    say(quick, 0, 'good', { count: 20, micros: 100 })
    say(quick, 1, 'good', { count: 20, micros: 4000 })
    expect(swept(quick, options, 0)).toEqual([])
  })

  it('says nothing of few requests, and lives old ejections down', () => {
    const some = pool(2)
    say(some, 0, 'good', { count: 20 })
    say(some, 1, 'good', { count: 9, micros: 900_000 })
    expect(swept(some, options, 0)).toEqual([])
    say(some, 1, 'bad', { count: 3 })
    expect(some[1]?.outlier.times).toBe(1)
    swept(some, options, 500)
    expect(some[1]?.outlier.times).toBe(0)
  })

  it('never ejects more than its share, nor the last one', () => {
    const step = fc.record({ which: fc.nat(), outcome: fc.constantFrom<Outcome>('good', 'bad'), wait: fc.nat(50) })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.array(step, { maxLength: 300 }), (size, steps) => {
        const some = pool(size)
        let now = 1
        for (const { which, outcome, wait } of steps) {
          now += wait
          say(some, which % size, outcome, { now, count: 2, micros: which % 5 === 0 ? 90_000 : 1000 })
          if (which % 17 === 0) swept(some, options, now)
          const most = Math.min(size - 1, Math.max(1, Math.floor(size * options.maxEjected)))
          expect(ejected(some, now).length).toBeLessThanOrEqual(most)
        }
      }),
    )
  })
})
