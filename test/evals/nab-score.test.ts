import { describe, expect, it } from 'vitest'
import type { Series } from './nab-corpus.ts'
import { bestOf, countAt, pointsOf, PROFILES, scoreAt, type Costs } from './nab-score.ts'

const standard: Costs = PROFILES['standard'] ?? { falseAlarm: 0, missed: 0 }

const series: Series = {
  name: 'group/file.csv',
  readings: Array.from({ length: 200 }, (_, i) => ({ at: i, value: 0 })),
  windows: [
    [60, 79],
    [120, 139],
  ],
}
const alarmsAt = (...places: readonly number[]) => {
  const scores = series.readings.map((_, i) => (places.includes(i) ? 1 : 0))
  return pointsOf(series, scores)
}
const scoreOf = (...places: readonly number[]): number => scoreAt(alarmsAt(...places), 1, standard)

describe("the benchmark's score", () => {
  it('is 0 for silence and 100 for every window found at its beginning', () => {
    expect(scoreOf()).toBe(0)
    expect(scoreOf(60, 120)).toBeCloseTo(100)
  })

  it('counts of a window the earliest alarm, and less for a late one', () => {
    expect(scoreOf(60, 70, 79)).toBe(scoreOf(60))
    expect(scoreOf(79)).toBeLessThan(scoreOf(70))
    expect(scoreOf(70)).toBeLessThan(scoreOf(60))
  })

  it('takes off 0.11 of a window for an alarm outside, less just after one, and nothing in probation', () => {
    expect(scoreOf(40)).toBeCloseTo((100 * -0.11) / 4)
    expect(scoreOf(81)).toBeGreaterThan(scoreOf(40))
    expect(scoreOf(10)).toBe(0)
  })

  it('finds the threshold at which the score is best', () => {
    const scores = series.readings.map((_, i) => (i === 60 ? 0.9 : i === 120 ? 0.5 : i >= 180 ? 0.3 : 0))
    const points = pointsOf(series, scores)
    const best = bestOf(points, standard)
    expect(best.threshold).toBe(0.5)
    expect(best.score).toBeCloseTo(100)
    expect(scoreAt(points, 0.3, standard)).toBeLessThan(best.score)
    expect(countAt(points, 0.3)).toEqual({ found: 2, windows: 2, outside: 20 })
  })
})
