/**
 * How much likelier a time is if everything takes so many times as long, by the endpoint's own distribution: of f(x / factor)
 * against f(x), where f is a kernel estimate over its histogram. So what comes from a cache and what does not are told from
 * each other, and endpoints that vary little say more than those that vary much; for one log-normal distribution it is what
 * its own most powerful test would say.
 */
import { logOf, type Histogram } from './histogram.ts'

/** Shifts in buckets of 8 %: 1.36, 1.6, 2, 2.9 and 5 times as slow. */
const SHIFTS = [4, 6, 9, 14, 21] as const
/** Of the shift, on the log scale. */
const WIDTHS: readonly number[] = SHIFTS.map((buckets) => logOf(buckets + 1) - logOf(1))
/** One of three upstreams is 2.9 times as slow: that which of the shifts, and for which share. */
const PARTLY = 3
const PART = 1 / 3
/** Near enough to none to take the slope at none by. */
const STEP = 2
const STEP_WIDTH = logOf(2 * STEP + 1) - logOf(1)

export interface Density {
  readonly total: number
  readonly offset: number
  /** Logarithms, from `offset` on; beyond its ends it is `floor`. */
  readonly logs: Float64Array
  readonly floor: number
  /** The bucket of the median. */
  readonly middle: number
  /** Fisher's information of one time about the shift, on the log scale. */
  readonly information: number
}

/** Half-width in buckets of the triangular kernel: the fewer values, the wider. */
const kernelOf = (total: number): number => Math.max(2, Math.min(6, Math.round(5 * (total / 100) ** -0.2)))
/** Of times from nowhere: a share, over so many buckets (a factor of a thousand). */
const STRAY = 0.02
const STRAY_BUCKETS = 90

const smoothed = ({ total, counts }: Histogram, half: number): Float64Array => {
  const out = new Float64Array(counts.length + 2 * half)
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] ?? 0
    if (count === 0) continue
    const unit = count / (total * half * half)
    for (let k = 1 - half; k < half; k++) out[i + half + k] = (out[i + half + k] ?? 0) + unit * (half - Math.abs(k))
  }
  return out
}

const logAt = ({ offset, logs, floor }: Density, bucket: number): number => logs[bucket - offset] ?? floor

const slopeAt = (density: Density, bucket: number): number =>
  (logAt(density, bucket - STEP) - logAt(density, bucket + STEP)) / STEP_WIDTH

const informationOf = (density: Density, { offset, total, counts }: Histogram): number => {
  let sum = 0
  for (let i = 0; i < counts.length; i++)
    if (counts[i] !== 0) sum += (counts[i] ?? 0) * slopeAt(density, offset + i) ** 2
  return sum / total
}

const middleOf = ({ total, offset, counts }: Histogram): number => {
  let left = total / 2
  for (let i = 0; i < counts.length; i++) {
    left -= counts[i] ?? 0
    if (left <= 0) return offset + i
  }
  return offset
}

const estimate = (h: Histogram): Density => {
  const half = kernelOf(h.total)
  const stray = STRAY / STRAY_BUCKETS
  const logs = smoothed(h, half).map((share) => Math.log((1 - STRAY) * share + stray))
  const bare = {
    total: h.total,
    offset: h.offset - half,
    logs,
    floor: Math.log(stray),
    middle: middleOf(h),
    information: 0,
  }
  return { ...bare, information: informationOf(bare, h) }
}

/** What follows from a histogram, made once for as long as it stays as it is. */
const known = new WeakMap<Histogram, Density>()

export const densityOf = (h: Histogram): Density => {
  const kept = known.get(h)
  if (kept !== undefined && kept.total === h.total) return kept
  const density = estimate(h)
  known.set(h, density)
  return density
}

/** Something waits for a timeout: anything above the middle is as likely, up to a thousand times it. */
const ANYTHING = Math.log((1 - STRAY) / STRAY_BUCKETS)

const anythingAt = ({ middle, floor }: Density, bucket: number): number => (bucket > middle ? ANYTHING : floor)

/** Log likelihood ratios of shifts, in the order of SHIFTS, of a part, and of anything; the slope at no shift, and its variance. */
export interface Shifted {
  ratios: number[]
  slope: number
  information: number
}

export const ALTERNATIVES = SHIFTS.length + 2

export const newShifted = (): Shifted => ({
  ratios: Array.from({ length: ALTERNATIVES }, () => 0),
  slope: 0,
  information: 0,
})

/** One time says no more than this. */
const MOST = 4

const within = (x: number, most: number): number => Math.max(-most, Math.min(most, x))

export const addTime = (into: Shifted, density: Density, bucket: number): void => {
  const { ratios } = into
  const own = logAt(density, bucket)
  for (let i = 0; i < SHIFTS.length; i++) {
    const ratio = within(logAt(density, bucket - (SHIFTS[i] ?? 0)) - own, MOST)
    ratios[i] = (ratios[i] ?? 0) + ratio
    if (i === PARTLY) ratios[SHIFTS.length] = (ratios[SHIFTS.length] ?? 0) + Math.log(1 - PART + PART * Math.exp(ratio))
  }
  const last = SHIFTS.length + 1
  ratios[last] = (ratios[last] ?? 0) + within(anythingAt(density, bucket) - own, MOST)
  into.slope += slopeAt(density, bucket)
  into.information += density.information
}

export const addShifted = (into: Shifted, from: Shifted): void => {
  for (const [i, ratio] of from.ratios.entries()) into.ratios[i] = (into.ratios[i] ?? 0) + ratio
  into.slope += from.slope
  into.information += from.information
}

/** The log likelihood ratio of a shift between those that were asked for, no shift among them. */
const ratioAt = (ratios: readonly number[], width: number): number => {
  let [low, lowRatio] = [0, 0]
  for (const [i, high] of WIDTHS.entries()) {
    const ratio = ratios[i] ?? 0
    if (width <= high) return lowRatio + ((ratio - lowRatio) * (width - low)) / (high - low)
    low = high
    lowRatio = ratio
  }
  return lowRatio
}

/** A shift is asked for if it is so much farther than the stream wanders by itself. */
const LEAST_FARTHER = 0.1

/** For each alternative, against what the stream's own wander explains best. */
export const againstOwn = ({ ratios }: Shifted, own: number): readonly (number | undefined)[] => {
  const explained = Math.max(0, ratioAt(ratios, own / 2), ratioAt(ratios, own))
  return ratios.map((ratio, i) => ((WIDTHS[i] ?? Infinity) < own + LEAST_FARTHER ? undefined : ratio - explained))
}
