import { describe, expect, it } from 'vitest'
import { brier, calibrationError, logLoss, plattScaling, variantAccuracy } from '../../../processors/model/measure.ts'
import type { Row } from '../../../processors/model/rows.ts'

const row = (believed: number, fidelity: number, over: Partial<Row> = {}): Row => ({
  evidence: new Uint8Array(65),
  believed,
  fidelity,
  told: 0,
  truth: 0,
  weight: 1,
  ...over,
})
const believed = (r: Row): number => r.believed

describe('measures', () => {
  it('of a belief that is always right are zero, or nearly', () => {
    const rows = [row(1, 1), row(0, 0)]
    expect([brier(rows, believed), calibrationError(rows, believed)]).toEqual([0, 0])
    expect(logLoss(rows, believed)).toBeLessThan(0.002)
  })

  it('count a row as often as it stands for', () => {
    expect(brier([row(1, 1, { weight: 3 }), row(1, 0)], believed)).toBe(0.25)
    expect(variantAccuracy([row(1, 1, { weight: 3 }), row(1, 0, { truth: 2 })], (r) => r.told)).toBe(0.75)
  })

  it('call a belief calibrated when as many come true, and not when it boasts', () => {
    const rows = (p: number) => Array.from({ length: 100 }, (_, i) => row(p, i < 70 ? 1 : 0))
    expect(calibrationError(rows(0.7), believed)).toBeCloseTo(0, 6)
    expect(calibrationError(rows(0.95), believed)).toBeCloseTo(0.25, 6)
  })
})

describe('scaling', () => {
  it('takes back what log odds promise too much', () => {
    const rows = Array.from({ length: 400 }, (_, i) => row(0, (i % 2 === 0 ? i % 10 < 8 : i % 10 < 2) ? 1 : 0))
    const odds = rows.map((_, i) => (i % 2 === 0 ? 4 : -4))
    const [slope, offset] = plattScaling(rows, (r) => odds[rows.indexOf(r)] ?? 0)
    expect(slope).toBeGreaterThan(0.2)
    expect(slope).toBeLessThan(0.8)
    expect(Math.abs(offset)).toBeLessThan(1)
  })

  it('leaves log odds alone where there is nothing to learn from', () => {
    expect(plattScaling([], () => 0)).toEqual([1, 0])
  })
})
