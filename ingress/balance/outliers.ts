/**
 * Passive health: an upstream that does worse than its pool is left alone for a while (Envoy's outlier detection). Being
 * ejected is advice: when nobody else is left, it is asked all the same. Time is an argument, in ms of any monotonic clock.
 */
import type { PassiveOptions } from '../options.ts'
import type { Outcome } from './breaker.ts'

export interface Outlier {
  streak: number
  good: number
  bad: number
  /** µs of all good answers of this interval. */
  micros: number
  /** 0: it is not ejected. */
  until: number
  /** Ejections that were not lived down yet. */
  times: number
}

const MOST_TIMES = 10
/** µs: differences below this are no trouble, however many times they are. */
const NOTABLE = 5000

export const openOutlier = (): Outlier => ({ streak: 0, good: 0, bad: 0, micros: 0, until: 0, times: 0 })

export const isEjected = ({ until }: Outlier, now: number): boolean => until > now

/** Whatever has one: the upstreams of a service. */
export interface Watched {
  readonly outlier: Outlier
}

const mayEject = (pool: readonly Watched[], options: PassiveOptions, now: number): boolean => {
  const ejected = pool.reduce((count, { outlier }) => count + (isEjected(outlier, now) ? 1 : 0), 0)
  const most = Math.min(pool.length - 1, Math.max(1, Math.floor(pool.length * options.maxEjected)))
  return ejected < most
}

const eject = (one: Outlier, options: PassiveOptions, now: number): void => {
  one.times = Math.min(MOST_TIMES, one.times + 1)
  one.until = now + options.ejectFor * one.times
  one.streak = 0
}

/** What one try said. */
export interface Seen {
  readonly outcome: Outcome
  /** Until its first byte, 0 when unknown. */
  readonly micros: number
  readonly now: number
}

/** Counts one try. The reason, if it is ejected by this. */
export const noted = (
  { outlier: one }: Watched,
  pool: readonly Watched[],
  { outcome, micros, now }: Seen,
  options: PassiveOptions,
): string | undefined => {
  if (outcome === 'neutral') return undefined
  if (outcome !== 'bad') {
    one.streak = 0
    one.good++
    one.micros += micros
    return undefined
  }
  one.bad++
  one.streak++
  if (one.streak < options.consecutiveErrors || isEjected(one, now) || !mayEject(pool, options, now)) return undefined
  eject(one, options, now)
  return `${options.consecutiveErrors} error${options.consecutiveErrors === 1 ? '' : 's'} in a row`
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2
}

const rate = ({ good, bad }: Outlier): number => bad / Math.max(1, good + bad)
const mean = ({ good, micros }: Outlier): number => micros / Math.max(1, good)

const whyOf = (one: Outlier, others: readonly Outlier[], options: PassiveOptions): string | undefined => {
  if (one.good + one.bad < options.minRequests) return undefined
  const heard = others.filter(({ good, bad }) => good + bad >= options.minRequests)
  if (heard.length === 0) return undefined
  if (rate(one) >= options.errorRate && median(heard.map(rate)) < rate(one) / 2)
    return `${Math.round(rate(one) * 100)} % of its answers are errors`
  const usual = median(heard.map(mean))
  if (mean(one) > usual * options.slowerThan && mean(one) - usual > NOTABLE)
    return `it takes ${Math.round(mean(one) / 1000)} ms where the others take ${Math.round(usual / 1000)} ms`
  return undefined
}

/** The end of an interval: who is ejected now, and why. Counting begins anew. */
export const swept = <T extends Watched>(
  pool: readonly T[],
  options: PassiveOptions,
  now: number,
): readonly (readonly [ejected: T, reason: string])[] => {
  const found: [T, string][] = []
  for (const one of pool) {
    const { outlier } = one
    if (isEjected(outlier, now)) continue
    const others = pool.filter((other) => other !== one).map((other) => other.outlier)
    const reason = whyOf(outlier, others, options)
    if (reason === undefined) outlier.times = Math.max(0, outlier.times - 1)
    else if (mayEject(pool, options, now)) {
      eject(outlier, options, now)
      found.push([one, reason])
    }
  }
  for (const { outlier } of pool) Object.assign(outlier, { good: 0, bad: 0, micros: 0 })
  return found
}
