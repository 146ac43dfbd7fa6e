/**
 * DDSketch: quantiles with a bounded relative error, mergeable without loss. Masson, Rim, Lee: "DDSketch: A Fast and
 * Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019.
 *
 * A value x > 0 falls into the bucket ceil(log_γ x) with γ = (1+α)/(1−α): every value of a bucket is within α of its middle.
 * Buckets lie in one dense array. When they would be more than MAX_BUCKETS the lowest ones collapse into one, as in the
 * paper: high quantiles keep their promise, low ones lose it first. At α = 1 % they span nearly 18 powers of ten, so
 * for times in µs (1 µs to 30,000 years) nothing ever collapses.
 *
 * A sketch is plain JSON data. Merging is associative and commutative while nothing collapses, and its bytes are canonical.
 */
export const RELATIVE_ERROR = 0.01
export const MAX_BUCKETS = 2048
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
const LOG_GAMMA = Math.log(GAMMA)
/** Values below are counted as zero: for times in µs, less than a nanosecond. */
const SMALLEST = 1e-3

export interface DDSketch {
  /** All values, and those among them that are (nearly) zero or negative. */
  count: number
  zeros: number
  /** Index of the bucket in `buckets[0]`. */
  offset: number
  buckets: number[]
}

export const emptySketch = (): DDSketch => ({ count: 0, zeros: 0, offset: 0, buckets: [] })

/** Makes room for bucket `index`; returns its place, which is 0 for what collapsed. */
const placeOf = (sketch: DDSketch, index: number): number => {
  const { buckets } = sketch
  if (buckets.length === 0) sketch.offset = index
  while (index < sketch.offset && buckets.length < MAX_BUCKETS) {
    buckets.unshift(0)
    sketch.offset--
  }
  while (index - sketch.offset >= buckets.length) buckets.push(0)
  if (buckets.length > MAX_BUCKETS) {
    const low = buckets.splice(0, buckets.length - MAX_BUCKETS)
    sketch.offset += low.length
    buckets[0] = (buckets[0] ?? 0) + low.reduce((a, b) => a + b, 0)
  }
  return Math.max(0, index - sketch.offset)
}

const addTo = (sketch: DDSketch, index: number, count: number): void => {
  const place = placeOf(sketch, index)
  sketch.buckets[place] = (sketch.buckets[place] ?? 0) + count
}

/** Adds a value; what is no finite number is passed over. */
export const addValue = (sketch: DDSketch, value: number): void => {
  if (!Number.isFinite(value)) return
  sketch.count++
  if (value < SMALLEST) sketch.zeros++
  else addTo(sketch, Math.ceil(Math.log(value) / LOG_GAMMA), 1)
}

/** Adds all of `from` to `into`. */
export const mergeSketch = (into: DDSketch, from: DDSketch): void => {
  into.count += from.count
  into.zeros += from.zeros
  for (let i = from.buckets.length - 1; i >= 0; i--) {
    const count = from.buckets[i] ?? 0
    if (count > 0) addTo(into, from.offset + i, count)
  }
}

/** The value below which the share `q` of all values lies, within RELATIVE_ERROR; 0 for an empty sketch. */
export const quantile = (sketch: DDSketch, q: number): number => {
  if (sketch.count === 0) return 0
  const rank = Math.min(1, Math.max(0, q)) * (sketch.count - 1)
  let seen = sketch.zeros
  if (seen > rank) return 0
  for (let i = 0; i < sketch.buckets.length; i++) {
    seen += sketch.buckets[i] as number
    if (seen > rank) return (2 * GAMMA ** (sketch.offset + i)) / (GAMMA + 1)
  }
  return 0
}

const VERSION = 1

const varint = (out: number[], value: number): void => {
  let rest = value
  while (rest >= 128) {
    out.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  out.push(rest)
}

/** Canonical bytes: version, count, zeros, offset (zigzag), number of buckets, buckets; varints. */
export const encodeSketch = (sketch: DDSketch): Uint8Array => {
  const out: number[] = [VERSION]
  const { count, zeros, offset, buckets } = sketch
  for (const value of [count, zeros, offset < 0 ? -2 * offset - 1 : 2 * offset, buckets.length]) varint(out, value)
  for (const bucket of buckets) varint(out, bucket)
  return Uint8Array.from(out)
}

/** Reads `encodeSketch`'s bytes; throws a RangeError on anything else. */
export const decodeSketch = (bytes: Uint8Array): DDSketch => {
  let at = 1
  if (bytes[0] !== VERSION) throw new RangeError(`not a sketch of version ${VERSION}`)
  const next = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined || scale > 2 ** 49) throw new RangeError('the sketch is cut or broken')
      value += (byte % 128) * scale
      if (byte < 128) return value
    }
  }
  const [count, zeros, zigzag, length] = [next(), next(), next(), next()]
  if (length > MAX_BUCKETS) throw new RangeError(`a sketch has at most ${MAX_BUCKETS} buckets, not ${length}`)
  const offset = zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2
  return { count, zeros, offset, buckets: Array.from({ length }, next) }
}
