import { describe, expect, it } from 'vitest'
import { bucketOf, emptyHistogram, addBucket, type Histogram } from '../../../processors/anomalies/histogram.ts'
import { addTime, againstOwn, densityOf, newShifted, type Shifted } from '../../../processors/anomalies/shifts.ts'
import { random } from '../../topology/recording.ts'

const normalOf = (next: () => number): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())

/** Half of the times come from a cache, at a tenth of the others. */
const timesOf = (seed: number, count: number, factor = 1): number[] => {
  const next = random(seed)
  return Array.from({ length: count }, () => {
    const isCached = next() < 0.5
    return factor * 20_000 * Math.exp(0.35 * normalOf(next)) * (isCached ? 0.1 : 1)
  })
}

const usual = (count = 4_000): Histogram => {
  const h = emptyHistogram()
  for (const time of timesOf(1, count)) addBucket(h, bucketOf(time))
  return h
}

const saidBy = (times: readonly number[], h = usual()): Shifted => {
  const shifted = newShifted()
  for (const time of times) addTime(shifted, densityOf(h), bucketOf(time))
  return shifted
}

const best = (shifted: Shifted, own = 0): number => Math.max(...againstOwn(shifted, own).map((one) => one ?? -Infinity))

describe('what times say for shifts', () => {
  it('speaks against all of them where nothing is slower', () => {
    expect(best(saidBy(timesOf(2, 200)))).toBeLessThan(-5)
  })

  it('tells twice as slow apart from more answers that do not come from the cache', () => {
    const slower = saidBy(timesOf(3, 40, 2))
    expect(best(slower)).toBeGreaterThan(20)
    expect(slower.ratios.indexOf(Math.max(...slower.ratios))).toBe(2)
  })

  it('hears a third that is slow', () => {
    const third = [...timesOf(4, 60), ...timesOf(5, 30, 3)]
    expect(againstOwn(saidBy(third), 0).at(-2)).toBeGreaterThan(5)
  })

  it('hears what waits, however long, and is nothing like what was', () => {
    expect(best(saidBy(Array.from({ length: 5 }, () => 5e6)))).toBeGreaterThan(15)
  })

  it('says nothing of what the stream does by itself', () => {
    const slightly = saidBy(timesOf(6, 60, 1.4))
    expect(best(slightly)).toBeGreaterThan(5)
    expect(best(slightly, 0.4)).toBeLessThan(0)
  })

  it('has a slope of the variance that it says, around none', () => {
    const { slope, information } = saidBy(timesOf(7, 400))
    expect(Math.abs(slope)).toBeLessThan(4 * Math.sqrt(information))
  })

  it('lets one time say no more than four nats, wherever it lies', () => {
    const far = saidBy([1e12], usual(50))
    expect(Math.max(...far.ratios.map(Math.abs))).toBeLessThanOrEqual(4)
  })

  it('makes the density anew when the histogram has grown', () => {
    const h = usual(200)
    const before = densityOf(h)
    addBucket(h, bucketOf(1e6))
    expect(densityOf(h)).not.toBe(before)
    expect(densityOf(h).total).toBe(201)
  })
})
