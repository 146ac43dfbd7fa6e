/**
 * How much more than chance alone a stream scatters. Exchanges are not independent: they come in bursts, and rates and times
 * wander from quarter to quarter. Both are learned as relative variances, by the method of moments over blocks of one,
 * 15 and 60 minutes: a sum with the variance E by chance has E + aE² when its mean wanders by √a (for counts, the negative
 * binomial). What blocks of a quarter and more show is the wander; what single minutes show besides is bursts.
 */
export interface Scale {
  sum: number
  expected: number
  minutes: number
  /** Decayed sums of (sum² − E) and of E², and of blocks. */
  excess: number
  weight: number
  blocks: number
}

const SCALES = [1, 15, 60] as const
/** In blocks. */
const MEMORY = [480, 144, 96] as const

export const newScatter = (): Scale[] =>
  SCALES.map(() => ({ sum: 0, expected: 0, minutes: 0, excess: 0, weight: 0, blocks: 0 }))

/** One block counts for so many standard deviations at most. */
const MAX_DEVIATIONS = 4

/** Relative variance beyond chance; what may be noise of the estimate is not counted. */
const excessOf = ({ excess, weight, blocks }: Scale): number => {
  if (blocks < 6 || weight <= 0) return 0
  const noise = Math.sqrt(2 / (weight * blocks)) * Math.sqrt(blocks)
  return Math.max(0, excess / weight - noise)
}

const settle = (scale: Scale, i: number): void => {
  const { sum, expected } = scale
  const usual = expected + excessOf(scale) * expected * expected
  const squared = Math.min(sum * sum, MAX_DEVIATIONS ** 2 * usual)
  const keep = 1 - 1 / (MEMORY[i] ?? 1)
  scale.excess = scale.excess * keep + squared - expected
  scale.weight = scale.weight * keep + expected * expected
  scale.blocks = scale.blocks * keep + 1
}

/** Takes a minute's deviation from what is usual, and its variance if all were chance. */
export const learnScatter = (scales: Scale[], sum: number, expected: number): void => {
  for (const [i, scale] of scales.entries()) {
    scale.sum += sum
    scale.expected += expected
    scale.minutes++
    if (scale.minutes < (SCALES[i] ?? 1)) continue
    if (scale.expected > 0) settle(scale, i)
    scale.sum = 0
    scale.expected = 0
    scale.minutes = 0
  }
}

export interface Scatter {
  /** Standard deviation of the wander, relative to what is expected. */
  readonly wander: number
  /** By how much the variance of one minute exceeds chance, at least 1. */
  readonly bursts: number
}

/** What the stream does by itself; `expected` is this minute's variance by chance. */
export const scatterOf = (scales: readonly Scale[], expected: number): Scatter => {
  const [minute, quarter, hour] = scales.map(excessOf)
  const slow = Math.max(quarter ?? 0, hour ?? 0)
  return { wander: Math.sqrt(slow), bursts: 1 + expected * Math.max(0, (minute ?? 0) - slow) }
}
