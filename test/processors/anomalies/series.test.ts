import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTold, newSeries, surpriseAt, TELL, type Series } from '../../../processors/anomalies/series.ts'
import { random } from '../../topology/recording.ts'

const FIVE_MINUTES = 300_000_000
const A_DAY = 288

interface Told {
  readonly place: number
  readonly surprise: number
}

/** What is told of readings that come every five minutes. */
const toldOf = (values: readonly number[], series: Series = newSeries()): Told[] =>
  values.flatMap((value, place) => {
    const surprise = surpriseAt(series, place * FIVE_MINUTES, value)
    return isTold(series, surprise) ? [{ place, surprise }] : []
  })

/** Up by day and down by night, and noise. */
const days = (count: number, seed = 1): number[] => {
  const next = random(seed)
  return Array.from(
    { length: count * A_DAY },
    (_, i) => 100 + 40 * Math.sin((2 * Math.PI * i) / A_DAY) + 6 * (next() + next() - 1),
  )
}

const at = (values: readonly number[], from: number, count: number, change: (x: number) => number): number[] =>
  values.map((x, i) => (i >= from && i < from + count ? change(x) : x))

const isWithin = (told: readonly Told[], from: number, count: number): boolean =>
  told.some(({ place }) => place >= from && place < from + count)

describe('a series of readings', () => {
  it('is rarely told of while it goes its way', () => {
    const values = days(28)
    expect(toldOf(values).length).toBeLessThanOrEqual(values.length / 600)
  })

  it.each([
    ['a single reading far off', 1, (x: number) => x * 3],
    ['a level that is higher', 12, (x: number) => x + 60],
    ['a day value at night, which is nothing new at other times', 24, () => 135],
    ['a line gone flat at its middle', 60, () => 100],
  ])('finds %s', (_, count, change) => {
    const from = 20 * A_DAY + 190
    const calm = days(24)
    expect(isWithin(toldOf(calm), from, count)).toBe(false)
    expect(isWithin(toldOf(at(calm, from, count, change)), from, count)).toBe(true)
  })

  it('tells of one matter once', () => {
    const from = 20 * A_DAY
    const told = toldOf(at(days(21), from, 40, (x) => x + 300))
    expect(told.filter(({ place }) => place >= from && place < from + 40)).toHaveLength(1)
  })

  it('says the same of readings in other units', () => {
    const values = days(6)
    const [series, scaled] = [newSeries(), newSeries()]
    for (const [place, value] of values.entries()) {
      const surprise = surpriseAt(series, place * FIVE_MINUTES, value)
      expect(surpriseAt(scaled, place * FIVE_MINUTES, value * 1024)).toBeCloseTo(surprise, 5)
    }
  })

  it('goes on from what was written down as if it had not been interrupted', () => {
    const readings = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 30, maxLength: 80 })
    fc.assert(
      fc.property(readings, fc.nat(29), (values, cut) => {
        const [whole, first] = [newSeries(), newSeries()]
        const all = values.map((value, i) => surpriseAt(whole, i * FIVE_MINUTES, value))
        for (const [i, value] of values.slice(0, cut).entries()) surpriseAt(first, i * FIVE_MINUTES, value)
        const second = JSON.parse(JSON.stringify(first)) as Series
        const rest = values.slice(cut).map((value, i) => surpriseAt(second, (cut + i) * FIVE_MINUTES, value))
        expect(rest).toEqual(all.slice(cut))
      }),
      { numRuns: 40 },
    )
  })

  it('stays small, whatever comes', () => {
    const next = random(3)
    const series = newSeries()
    for (let i = 0; i < 30_000; i++) surpriseAt(series, i * FIVE_MINUTES, next() < 0.01 ? 1e12 * next() : next())
    expect(JSON.stringify(series).length).toBeLessThan(24_000)
  })

  it('is not surprised by what it hardly knows', () => {
    expect(toldOf([1, 1, 1, 1000, 1, 0, 1, 1e9]).filter(({ surprise }) => surprise >= TELL)).toEqual([])
  })
})
