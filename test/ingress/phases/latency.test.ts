import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawLatency } from '../../../ingress/phases/latency.ts'
import { noteAnswer, openVitals } from '../../../schemas/semantics/vitals.ts'

const learnedFrom = (micros: readonly number[]) => {
  const vitals = openVitals()
  for (const one of micros) noteAnswer(vitals, 200, one)
  return vitals
}

describe('the latency of a mock', () => {
  it('is drawn as it was learned: shares and sizes', () => {
    const vitals = learnedFrom([...Array<number>(90).fill(5_000), ...Array<number>(10).fill(200_000)])
    const draws = Array.from({ length: 2000 }, (_, i) => drawLatency(vitals, `request ${i}`) as number)
    const slow = draws.filter((ms) => ms > 50)
    expect(slow.length / draws.length).toBeGreaterThan(0.07)
    expect(slow.length / draws.length).toBeLessThan(0.13)
    for (const ms of draws)
      expect(Math.min(Math.abs(Math.log2(ms / 5)), Math.abs(Math.log2(ms / 200)))).toBeLessThan(0.5)
  })

  it('follows from the request, and stays between the fastest and the slowest', () => {
    const micros = fc.array(fc.integer({ min: 100, max: 10_000_000 }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(micros, fc.string(), (some, text) => {
        const vitals = learnedFrom(some)
        const ms = drawLatency(vitals, text) as number
        expect(drawLatency(vitals, text)).toBe(ms)
        expect(ms * 1000).toBeGreaterThanOrEqual(Math.min(...some) / 2 ** 0.25 - 1)
        expect(ms * 1000).toBeLessThanOrEqual(Math.max(...some) * 2 ** 0.25 + 1)
      }),
    )
  })

  it('is not made up where nothing was learned', () => {
    expect(drawLatency(openVitals(), 'x')).toBeUndefined()
  })
})
