/**
 * A detector for any series of readings, made of the product's own ranks (processors/anomalies/histogram.ts): four views of a
 * series (the reading, its step, the median of five, the mean of ten), each held against what it usually is, and the rank of
 * that distance among all before, as -log10 of a conformal p-value. What is beyond all before adds how far beyond. Once told,
 * it is silent for a while, as an incident is one matter.
 */
import {
  addBucket,
  bucketOf,
  emptyHistogram,
  logOf,
  rankOf,
  type Histogram,
} from '../../processors/anomalies/histogram.ts'

/** What a view usually is: mean and variance with outliers cut off, and all distances so far. */
interface View {
  n: number
  mean: number
  variance: number
  largest: number
  readonly distances: Histogram
}

export interface Gauge {
  readonly views: readonly View[]
  readonly recent: number[]
  mean: number
  n: number
  told: number
}

const newView = (): View => ({ n: 0, mean: 0, variance: 0, largest: 0, distances: emptyHistogram() })

export const newGauge = (): Gauge => ({
  views: Array.from({ length: 4 }, newView),
  recent: [],
  mean: 0,
  n: 0,
  told: -Infinity,
})

const WARM = 10
const CUT = 4
/** A constant may wobble by so much of the largest reading. */
const WOBBLE = 0.002

const distanceOf = (view: View, x: number, memory: number): number => {
  view.largest = Math.max(view.largest, Math.abs(x))
  const sd = Math.sqrt(view.variance) + WOBBLE * view.largest + 1e-12
  const distance = view.n < WARM ? 0 : (x - view.mean) / sd
  const step = view.n < WARM ? x - view.mean : Math.max(-CUT, Math.min(CUT, distance)) * sd
  view.n++
  const gain = Math.max(1 / view.n, 1 / memory)
  view.mean += gain * step
  view.variance = (1 - gain) * (view.variance + gain * step * step)
  return Math.abs(distance)
}

const ENOUGH = 20

const surprise = ({ distances }: View, distance: number): number => {
  const bucket = bucketOf(distance * 1000)
  const { total, offset, counts } = distances
  const rarity = 1 - rankOf(distances, bucket)
  const beyond = total === 0 ? 0 : Math.max(0, logOf(bucket) - logOf(offset + counts.length - 1))
  addBucket(distances, bucket)
  return total < ENOUGH ? 0 : (beyond - Math.log(rarity)) / Math.LN10
}

const MEAN_OF = 10
const MEDIAN_OF = 5
/** Steps are compared with those of late; levels with all. */
const STEPS_MEMORY = 1000

/** A p-value of 1/630 tells; then it is silent for so many readings. */
const TELL = 2.8
const SILENT = 200

/** How unusual the next reading is; 0 while what was told before goes on. */
export const readGauge = (gauge: Gauge, x: number): number => {
  const { views, recent } = gauge
  const step = gauge.n === 0 ? 0 : x - (recent.at(-1) ?? x)
  gauge.n++
  gauge.mean += (x - gauge.mean) * Math.max(1 / gauge.n, 1 / MEAN_OF)
  recent.push(x)
  if (recent.length > MEDIAN_OF) recent.shift()
  const median = recent.toSorted((a, b) => a - b)[recent.length >> 1] ?? x
  const seen = [x, step, median, gauge.mean]
  const scores = views.map((view, i) =>
    surprise(view, distanceOf(view, seen[i] ?? 0, i === 0 || i === 2 ? Infinity : STEPS_MEMORY)),
  )
  const score = Math.max(...scores)
  if (score < TELL) return score
  if (gauge.n - gauge.told < SILENT) return 0
  gauge.told = gauge.n
  return score
}
