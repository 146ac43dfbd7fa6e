/**
 * How much trials say for a change, in nats: log Bayes factors of "the rate changed here" against "it always was what it
 * is", the rates integrated out under a uniform prior (beta-binomial: Gelman et al., Bayesian Data Analysis, 2.4; Bayes
 * factors: Kass and Raftery, JASA 90, 1995). A trial is one instance of the parent; trials are weighted, so that counts
 * need not be whole.
 */

/** Silence counts only so far, so that one sight alone, however late, stays below every bar: 2·ln 200 − ln 2 < 10. */
const MAX_SILENCE = 200

const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680] as const
const HALF_LN_TAU = 0.9189385332046727

/** ln Γ(x) for x > 0: Stirling's series after shifting the argument to 7 and more (Abramowitz and Stegun, 6.1.41). */
export const lnGamma = (x: number): number => {
  let shift = 1
  let z = x
  while (z < 7) shift *= z++
  const r = 1 / z
  const r2 = r * r
  const series = r * (STIRLING[0] + r2 * (STIRLING[1] + r2 * (STIRLING[2] + r2 * STIRLING[3])))
  return (z - 0.5) * Math.log(z) - z + HALF_LN_TAU + series - Math.log(shift)
}

const lnBeta = (a: number, b: number): number => lnGamma(a) + lnGamma(b) - lnGamma(a + b)

/** Never in `silence` trials, then `k` times in `m`, the first of them a sight: for "new at that sight". */
export const firstSight = (silence: number, k: number, m: number): number => {
  const misses = Math.max(0, m - k)
  return lnBeta(1 + k, 1 + misses) - lnBeta(1 + k, 1 + misses + Math.min(silence, MAX_SILENCE))
}

/** Most endpoints of a service are asked for once in so many errands. */
const RARE = 20
/** Errands before, in silence, count only so far: what is older says nothing of today. */
const MAX_ERRANDS = 2_000

/** Not once in `silence` exchanges, then `k` times in `m` errands: for "new then", rates being rare rather than even. */
export const arrival = (silence: number, k: number, m: number): number => {
  const misses = Math.max(0, m - k) + RARE
  return lnBeta(1 + k, misses) - lnBeta(1 + k, misses + Math.min(silence / 10, MAX_ERRANDS))
}

/**
 * A value that a closed enumeration of `n` strings never had, then `k` of `m`: the old odds of a new value are those of the
 * `singles` (Good, Biometrika 40, 1953), then those of a value as rare as that.
 */
export const firstValue = (n: number, singles: number, [k, m]: readonly [number, number]): number => {
  const unseen = Math.log((singles + 0.5) / n)
  const more = lnBeta(k, Math.min(n, MAX_SILENCE) + m - k) - lnBeta(1, Math.min(n, MAX_SILENCE))
  return lnBeta(1 + k, 1 + Math.max(0, m - k)) - unseen - more
}

/**
 * Seen in `k` of `n` trials up to the last sight, then missed in `s`: for "gone". Jeffreys' prior, since most fields are
 * always there; the last term pays for the earlier runs of misses that were looked at.
 */
export const lastSight = (k: number, n: number, s: number): number => {
  const misses = Math.max(0, n - k)
  return lnBeta(k + 0.5, misses + 0.5) - lnBeta(k + 0.5, misses + 0.5 + s) - Math.log(1 + misses)
}

/** Two rates against one, given `[k, m]` of each: how much apart they are. */
export const apart = (a: readonly [number, number], b: readonly [number, number]): number =>
  lnBeta(1 + a[0], 1 + a[1] - a[0]) +
  lnBeta(1 + b[0], 1 + b[1] - b[0]) -
  lnBeta(1 + a[0] + b[0], 1 + a[1] + b[1] - a[0] - b[0])

/** Outcomes since a first miss, in order: d exchanges later seen is d, missed is −1 − d. */
export type Trail = readonly number[]

/** How long a new version takes to replace the old one, in exchanges. */
const RAMPS = [60, 120, 250, 500, 1000] as const

const lnRamp = (trail: Trail, length: number): number => {
  let sum = 0
  for (const step of trail) {
    const seen = step >= 0
    const present = Math.min(0.99, Math.max(0.01, 1 - (seen ? step : -1 - step) / length))
    sum += Math.log(seen ? present : 1 - present)
  }
  return sum
}

/**
 * A field on its way out behind a canary looks optional for a while, until nobody has it any more. How much better a
 * constant rate explains the trail than the best of some linear ramps down.
 */
export const steadiness = (trail: Trail): number => {
  let seen = 0
  for (const step of trail) if (step >= 0) seen++
  let best = -Infinity
  for (const length of RAMPS) best = Math.max(best, lnRamp(trail, length))
  return lnBeta(1 + seen, 1 + trail.length - seen) - best
}
