/**
 * The better of two chosen by chance (Mitzenmacher, The Power of Two Choices), where better is the lower latency times the
 * requests it would then have, for its weight (Finagle's peak EWMA).
 */
import { shareOf, type Balancer, type Candidate } from './candidate.ts'
import { latencyAt } from './latency.ts'

/** µs: one of which nothing is known gets one request at a time until it answers. */
const UNKNOWN = 1_000_000

const costOf = (candidate: Candidate, now: number): number => {
  const { inFlight } = candidate
  const seen = latencyAt(candidate.latency, now)
  const micros = seen === 0 && inFlight > 0 ? UNKNOWN : seen
  // One more µs, so that load and weight count among those that answer at once.
  return ((micros + 1) * (inFlight + 1)) / shareOf(candidate)
}

export const peakEwma: Balancer = (candidates, { now, random }) => {
  const count = candidates.length
  if (count < 2) return candidates[0]
  const i = Math.floor(random() * count)
  const other = Math.floor(random() * (count - 1))
  const one = candidates[i] as (typeof candidates)[number]
  const two = candidates[other < i ? other : other + 1] as (typeof candidates)[number]
  return costOf(two, now) < costOf(one, now) ? two : one
}
