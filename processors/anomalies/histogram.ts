/**
 * A coarse histogram on a log scale: what an endpoint's times and sizes usually are. Buckets are 8 % wide (DDSketch's
 * mapping, see schemas/semantics/sketches/ddsketch.ts, with fewer buckets: a rank is asked of it at each exchange). It forgets by halving, so
 * that it follows what is usual over weeks. Plain JSON data.
 */
export interface Histogram {
  total: number
  /** The bucket of `counts[0]`. */
  offset: number
  counts: number[]
}

const LOG_WIDTH = Math.log(1.08)
/** exp(28) µs is 16 days, and 1.4 TB. */
const MAX_BUCKET = Math.ceil(28 / LOG_WIDTH)
/** Beyond so many values the older half fades. */
const MAX_TOTAL = 20_000

export const emptyHistogram = (): Histogram => ({ total: 0, offset: 0, counts: [] })

/** Values below 1 are 1. */
export const bucketOf = (value: number): number =>
  value > 1 ? Math.min(MAX_BUCKET, Math.ceil(Math.log(value) / LOG_WIDTH)) : 0

/** The middle of a bucket, on the log scale. */
export const logOf = (bucket: number): number => (bucket === 0 ? 0 : (bucket - 0.5) * LOG_WIDTH)

export const addBucket = (h: Histogram, bucket: number, count = 1): void => {
  const { counts } = h
  if (counts.length === 0) h.offset = bucket
  for (; bucket < h.offset; h.offset--) counts.unshift(0)
  while (bucket - h.offset >= counts.length) counts.push(0)
  const place = bucket - h.offset
  counts[place] = (counts[place] ?? 0) + count
  h.total += count
}

const halve = (h: Histogram): void => {
  h.total = 0
  for (let i = 0; i < h.counts.length; i++) {
    const half = Math.floor((h.counts[i] ?? 0) / 2)
    h.counts[i] = half
    h.total += half
  }
  while (h.counts[0] === 0) {
    h.counts.shift()
    h.offset++
  }
  while (h.counts.at(-1) === 0) h.counts.pop()
}

/** Adds what was seen; forgets by halves. */
export const absorb = (into: Histogram, from: Histogram): void => {
  for (let i = from.counts.length - 1; i >= 0; i--) {
    const count = from.counts[i] ?? 0
    if (count > 0) addBucket(into, from.offset + i, count)
  }
  while (into.total > MAX_TOTAL) halve(into)
}

/** The share of values below a bucket, those in it counted half; strictly between 0 and 1. */
export const rankOf = ({ total, offset, counts }: Histogram, bucket: number): number => {
  const place = bucket - offset
  let below = 0
  for (let i = 0; i < place && i < counts.length; i++) below += counts[i] ?? 0
  const own = place >= 0 ? (counts[place] ?? 0) : 0
  return (below + own / 2 + 0.5) / (total + 1)
}

/** The logarithm of the value below which the share `q` lies. */
export const logQuantile = ({ total, offset, counts }: Histogram, q: number): number => {
  let left = q * total
  for (let i = 0; i < counts.length; i++) {
    left -= counts[i] ?? 0
    if (left <= 0) return logOf(offset + i)
  }
  return counts.length === 0 ? 0 : logOf(offset + counts.length - 1)
}

/** Narrower distributions than this are taken to be as wide: a constant may wobble. */
const MIN_SPREAD = 0.2

/**
 * How many standard deviations a value lies above what is usual, on the log scale and robustly: by the median and the
 * upper quantiles, the widest of which counts, so that long tails are not called outliers.
 */
export const spreadsAbove = (h: Histogram, bucket: number): number => {
  const middle = logQuantile(h, 0.5)
  const spread = Math.max(
    MIN_SPREAD,
    logQuantile(h, 0.84) - middle,
    (logQuantile(h, 0.975) - middle) / 1.96,
    (logQuantile(h, 0.995) - middle) / 2.58,
  )
  return (logOf(bucket) - middle) / spread
}
