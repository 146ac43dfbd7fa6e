/**
 * How unusual the next reading of any series is that is not negative: a rate, a size, a time, a share, each minute or each
 * hour. It is looked at as it is, as the median of the last five and as the mean of about ten, each against all there was,
 * against its hour of the day and against its hour of the week, and by its step; what needs a day or a week to be known
 * says nothing before. Each view is a distance from its own mean in its own standard deviations, and what is told of a
 * distance is the rank it has among all before: the conformal p-value (Vovk, Gammerman, Shafer 2005) as -log10, so 3 is one
 * in a thousand, whatever the series and however it is distributed. Beyond all before, how far beyond is added. The least
 * usual view speaks. State is plain JSON data and bounded; nothing is set by series.
 */
import { absorb, addBucket, bucketOf, emptyHistogram, logOf, rankOf, type Histogram } from './histogram.ts'
import { newHours, turnHour, usualAt, type Hours } from './hours.ts'

/** What a view usually is: mean and variance with outliers cut off, and all distances so far. */
interface View {
  n: number
  mean: number
  variance: number
  largest: number
  distances: Histogram
}

/** What is read against one thing: as it is, the median of five, the mean of ten. */
interface Aspect {
  recent: number[]
  mean: number
  n: number
  views: View[]
}

export interface Series {
  hours: Hours
  /** Against all, the hour of the day, the hour of the week. */
  aspects: Aspect[]
  step: View
  last: number
  n: number
  /** The reading that was told last. */
  told: number
}

const newView = (): View => ({ n: 0, mean: 0, variance: 0, largest: 0, distances: emptyHistogram() })

const newAspect = (): Aspect => ({ recent: [], mean: 0, n: 0, views: [newView(), newView(), newView()] })

export const newSeries = (): Series => ({
  hours: newHours(),
  aspects: [newAspect(), newAspect(), newAspect()],
  step: newView(),
  last: 0,
  n: 0,
  told: 0,
})

/** Readings before a distance is measured, and distances before one is ranked. */
const WARM = 10
const ENOUGH = 20
/** An outlier moves what is usual by so many standard deviations at most. */
const CUT = 4
/** A constant may wobble by so much of the largest reading. */
const WOBBLE = 0.002
/** In readings; distances fade as all histograms do. */
const MEMORY = 20_000

/** In standard deviations; learns. */
const distanceOf = (view: View, x: number): number => {
  view.largest = Math.max(view.largest, Math.abs(x))
  const sd = Math.sqrt(view.variance) + WOBBLE * view.largest + 1e-12
  const distance = view.n < WARM ? 0 : (x - view.mean) / sd
  const step = view.n < WARM ? x - view.mean : Math.max(-CUT, Math.min(CUT, distance)) * sd
  view.n++
  const gain = Math.max(1 / view.n, 1 / MEMORY)
  view.mean += gain * step
  view.variance = (1 - gain) * (view.variance + gain * step * step)
  return Math.abs(distance)
}

const PER_DEVIATION = 1000

/** -log10 of the share of distances as large as this one; learns. */
const surpriseOf = (view: View, x: number): number => {
  const { distances } = view
  const bucket = bucketOf(distanceOf(view, x) * PER_DEVIATION)
  const { total, offset, counts } = distances
  const rarity = 1 - rankOf(distances, bucket)
  const beyond = Math.max(0, logOf(bucket) - logOf(offset + counts.length - 1))
  addBucket(distances, bucket)
  if (total >= MEMORY) absorb(distances, emptyHistogram())
  return total < ENOUGH ? 0 : (beyond - Math.log(rarity)) / Math.LN10
}

const MEDIAN_OF = 5
const MEAN_OF = 10

const readAspect = (aspect: Aspect, x: number): number => {
  const { recent, views } = aspect
  aspect.n++
  aspect.mean += (x - aspect.mean) * Math.max(1 / aspect.n, 1 / MEAN_OF)
  recent.push(x)
  if (recent.length > MEDIAN_OF) recent.shift()
  const median = recent.toSorted((a, b) => a - b)[recent.length >> 1] ?? x
  const seen = [x, median, aspect.mean]
  return Math.max(...views.map((view, i) => surpriseOf(view, seen[i] ?? 0)))
}

/** Takes the next reading; returns how unusual it is, as -log10 of a p-value. */
export const surpriseAt = (series: Series, at: number, x: number): number => {
  const { hours, aspects, step } = series
  turnHour(hours, at, 1)
  const usual = [0, usualAt(hours.day, at), usualAt(hours.week, at)]
  hours.sum += x
  hours.minutes++
  const stepped = series.n === 0 ? 0 : surpriseOf(step, x - series.last)
  series.last = x
  series.n++
  return aspects.reduce((most, aspect, i) => {
    const base = usual[i] ?? -1
    return base < 0 ? most : Math.max(most, readAspect(aspect, x - base))
  }, stepped)
}

/** One in a thousand is told. */
export const TELL = 3
/** What was told is one matter: no more is told of it while the series grows by this share. */
const SILENT = 0.03

/** Whether a reading that is so unusual is told. */
export const isTold = (series: Series, surprise: number): boolean => {
  if (surprise < TELL || (series.told > 0 && series.n - series.told < SILENT * series.n)) return false
  series.told = series.n
  return true
}
