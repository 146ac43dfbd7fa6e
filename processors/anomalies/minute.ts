/** What came in one minute to one endpoint, or to a whole service. */
import type { Exchange } from '../../schemas/events.ts'
import { isHushed } from '../../schemas/semantics/fault-marks.ts'
import { addBucket, bucketOf, logOf, rankOf, spreadsAbove, type Histogram } from './histogram.ts'
import { normalScore } from './normal.ts'
import { addShifted, addTime, densityOf, newShifted, type Shifted } from './shifts.ts'

/** Name; judged, failed, timed, sum of scores. */
export type ByUpstream = [name: string, judged: number, failed: number, timed: number, scores: number]

export interface Minute {
  /** Live requests, whoever answered; strange ones not. */
  count: number
  /** Answers that say something of the backend: not of ghosts, the limiter, faults. */
  judged: number
  failed: number
  refused: number
  /** Answers whose time could be compared; the sum of their normal scores, and of their distances on the log scale. */
  timed: number
  scores: number
  logs: number
  /** Answers whose size could be compared, and the sum of their ranks. */
  sized: number
  ranks: number
  /** What the times say for shifts; absent where none could be compared. */
  shifted?: Shifted
  upstreams: ByUpstream[]
}

export const newMinute = (): Minute => ({
  count: 0,
  judged: 0,
  failed: 0,
  refused: 0,
  timed: 0,
  scores: 0,
  logs: 0,
  sized: 0,
  ranks: 0,
  upstreams: [],
})

const MAX_UPSTREAMS = 8

export const upstreamIn = (list: ByUpstream[], name: string): ByUpstream | undefined => {
  for (const entry of list) if (entry[0] === name) return entry
  if (name === '' || list.length >= MAX_UPSTREAMS) return undefined
  const entry: ByUpstream = [name, 0, 0, 0, 0]
  list.push(entry)
  return entry
}

/** Adds all of `from` to `into`. */
export const addMinute = (into: Minute, from: Minute): void => {
  into.count += from.count
  into.judged += from.judged
  into.failed += from.failed
  into.refused += from.refused
  into.timed += from.timed
  into.scores += from.scores
  into.logs += from.logs
  into.sized += from.sized
  into.ranks += from.ranks
  if (from.shifted !== undefined) addShifted((into.shifted ??= newShifted()), from.shifted)
  for (const [name, judged, failed, timed, scores] of from.upstreams) {
    const sum = upstreamIn(into.upstreams, name)
    if (sum === undefined) continue
    sum[1] += judged
    sum[2] += failed
    sum[3] += timed
    sum[4] += scores
  }
}

/** What is usual, as far as times are compared with it. */
export interface Usual {
  readonly latency: Histogram
  /** On the log scale. */
  readonly spread: number
}

/** Values before a time is compared. */
export const MIN_BASE = 40
/** A rank says no more than "beyond all that was seen"; then the distance does, with the tail's own width. */
const MAX_SCORE = 4.5
const scoreOf = (latency: Histogram, bucket: number): number => {
  const score = normalScore(rankOf(latency, bucket))
  if (bucket < latency.offset + latency.counts.length) return score
  return Math.max(score, Math.min(MAX_SCORE, spreadsAbove(latency, bucket)))
}

const overshoot = ({ offset, counts }: Histogram, bucket: number): number =>
  Math.max(0, logOf(bucket) - logOf(offset + counts.length - 1))

const isFailure = ({ status, answeredBy }: Exchange): boolean =>
  status >= 500 || (status === 0 && answeredBy !== 'upstream')

/**
 * Whether an exchange says something of the backend: upstreams' answers, and what the ingress had to say in their place;
 * what faults did, where whoever ordered them wants to hear of it.
 */
export const isJudged = ({ answeredBy, faults, why }: Exchange): boolean =>
  (answeredBy === 'upstream' || answeredBy === 'self' || answeredBy === 'fault') &&
  !isHushed(faults) &&
  why !== 'client-gone'

/** Counts an exchange that is judged; `fresh` gets its time. */
export const addExchange = (minute: Minute, fresh: Histogram, exchange: Exchange, usual: Usual | undefined): void => {
  const upstream = upstreamIn(minute.upstreams, exchange.upstream)
  minute.judged++
  if (upstream !== undefined) upstream[1]++
  if (isFailure(exchange)) {
    minute.failed++
    if (upstream !== undefined) upstream[2]++
  } else if (exchange.status >= 400) minute.refused++
  if (exchange.status >= 400 || !exchange.complete || exchange.answeredBy !== 'upstream') return
  const bucket = bucketOf(exchange.timings.total)
  addBucket(fresh, bucket)
  if (usual === undefined || usual.latency.total < MIN_BASE) return
  const score = scoreOf(usual.latency, bucket)
  minute.timed++
  minute.scores += score
  addTime((minute.shifted ??= newShifted()), densityOf(usual.latency), bucket)
  minute.logs += score * usual.spread + overshoot(usual.latency, bucket)
  if (upstream === undefined) return
  upstream[3]++
  upstream[4] += score
}

/** Sizes of an endpoint before one is ranked, and so many of a minute say enough. */
const KNOWN = 40
const ENOUGH_SIZES = 40

/** Counts the size of an answer of an upstream, among those its endpoint usually has. */
export const countSize = (minute: Minute, usual: Histogram, exchange: Exchange): void => {
  if (minute.sized >= ENOUGH_SIZES || usual.total < KNOWN) return
  const { status, complete, answeredBy, responseBody } = exchange
  if (status < 200 || status >= 300 || !complete || answeredBy !== 'upstream') return
  minute.sized++
  minute.ranks += rankOf(usual, bucketOf(responseBody.length))
}
