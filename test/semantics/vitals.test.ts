import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  noteAnswer,
  noteReady,
  normalErrors,
  openVitals,
  readinessOf,
  usualLatency,
  type Vitals,
} from '../../schemas/semantics/vitals.ts'

const after = (answers: readonly (readonly [status: number, micros: number])[]): Vitals => {
  const vitals = openVitals()
  for (const [status, micros] of answers) noteAnswer(vitals, status, micros)
  return vitals
}
const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value)

describe('what is normal for an endpoint', () => {
  it('says nothing of what was hardly seen', () => {
    const vitals = after(times(19, [200, 5000]))
    expect([normalErrors(vitals), usualLatency(vitals)]).toEqual([undefined, undefined])
  })

  it('takes errors among good answers for normal, an outage not', () => {
    const flaky = after(times(100, 0).map((_, i) => [i % 5 === 0 ? 500 : 200, 1000]))
    expect(normalErrors(flaky)).toBeCloseTo(0.2, 1)
    const outage = after([...times(100, [200, 1000] as const), ...times(100, [500, 1000] as const)])
    expect(normalErrors(outage)).toBeLessThan(0.05)
  })

  it('takes the slowest hundredth for unusual, at the upper end of a bucket', () => {
    const usual = usualLatency(after(times(500, 0).map((_, i) => [200, i < 496 ? 10_000 : 3_000_000]))) ?? 0
    expect(usual).toBeGreaterThanOrEqual(10)
    expect(usual).toBeLessThan(12)
  })

  it('stays bounded and forgets what was long ago', () => {
    const vitals = after([...times(2000, [200, 1_000_000] as const), ...times(40_000, [200, 1000] as const)])
    expect(usualLatency(vitals)).toBeLessThan(2)
    expect(vitals.latency.length).toBeLessThan(4)
  })

  it('never holds more than a bucket for each quarter of an octave', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(200, 500), fc.nat(60_000_000)), { maxLength: 300 }), (answers) => {
        const vitals = after(answers)
        expect(vitals.latency.length).toBeLessThanOrEqual(4 * 27)
        expect(vitals.errors).toBeLessThanOrEqual(vitals.answers)
        expect(JSON.parse(JSON.stringify(vitals))).toEqual(vitals)
      }),
    ))

  it('says which share of the last requests could have been answered', () => {
    const vitals = openVitals()
    noteReady(vitals, true)
    expect(readinessOf(vitals)).toBeUndefined()
    for (let i = 0; i < 50; i++) noteReady(vitals, false)
    for (let i = 0; i < 14; i++) noteReady(vitals, true)
    expect(readinessOf(vitals)).toBeGreaterThan(0.5)
  })
})
