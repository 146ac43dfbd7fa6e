import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstSight, lastSight, lnGamma, steadiness } from '../../../processors/drift/evidence.ts'
import { random } from '../../topology/recording.ts'

describe('lnGamma', () => {
  it.each([
    [0.5, 0.5723649429247001],
    [1, 0],
    [2, 0],
    [5, Math.log(24)],
    [10.5, 13.940625219403763],
    [171, 706.5730622457874],
  ])('of %d', (x, expected) => {
    expect(lnGamma(x)).toBeCloseTo(expected, 9)
  })
  it('keeps the recurrence Γ(x + 1) = x Γ(x)', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1e6, noNaN: true }), (x) => {
        const error = lnGamma(x + 1) - lnGamma(x) - Math.log(x)
        expect(Math.abs(error)).toBeLessThan(1e-9 * Math.max(1, lnGamma(x + 1)))
      }),
    )
  })
})

describe('evidence', () => {
  it('of one sight is below ten, after however long a silence', () => {
    for (const silence of [10, 100, 1e3, 1e6, 1e12]) expect(firstSight(silence, 1, 1)).toBeLessThan(10)
  })
  it('grows with silence and with sights, falls with misses', () => {
    expect(firstSight(100, 1, 1)).toBeGreaterThan(firstSight(50, 1, 1))
    expect(firstSight(50, 2, 2)).toBeGreaterThan(firstSight(50, 1, 1))
    expect(firstSight(50, 1, 5)).toBeLessThan(firstSight(50, 1, 1))
  })
  it('of an end is soon there for what was always there, late for what was there now and then', () => {
    expect(lastSight(100, 100, 4)).toBeGreaterThan(12)
    expect(lastSight(50, 100, 10)).toBeLessThan(12)
    expect(lastSight(50, 100, 40)).toBeGreaterThan(12)
  })
  it('tells a constant rate from a ramp', () => {
    const next = random(5)
    const trail = (present: (d: number) => number): number[] =>
      Array.from({ length: 40 }, (_, i) => (next() < present(i * 6) ? i * 6 : -1 - i * 6))
    expect(steadiness(trail(() => 0.6))).toBeGreaterThan(0.5)
    expect(steadiness(trail((d) => 1 - d / 250))).toBeLessThan(0)
  })
})

/** A field that never changes: present with a rate of its own, judged at each sight and at each run of misses. */
const isFalselyTold = (next: () => number): boolean => {
  const rate = next()
  let k = 0
  let last = 0
  let first = -1
  for (let n = 1; n <= 500; n++) {
    if (next() < rate) {
      if (first < 0) first = n - 1
      k++
      last = n
      if (first >= 10 && firstSight(first, k, n - first) >= 10) return true
    } else if (k >= 2 && n - last >= 8 && lastSight(k, last - first, n - last) >= 12) return true
  }
  return false
}

describe('false alarms', () => {
  it('fewer than two fields in a thousand over 500 trials each, their rates anything between never and always', () => {
    const next = random(77)
    let told = 0
    for (let i = 0; i < 20_000; i++) if (isFalselyTold(next)) told++
    expect(told).toBeLessThan(40)
  })
})
