/** Adds up what ghosts would have said: over all, and by endpoint. Pure. */
import type { Parts } from '../../processors/ghosts/fidelity.ts'

/** From this fidelity on an answer counts as right: the status is, and nearly all of the body. */
export const RIGHT = 0.9

/** What would have become of one request. */
export interface Judged {
  readonly endpoint: string
  readonly method: string
  readonly target: string
  readonly exchange: string
  readonly fate:
    | { readonly kind: 'answered'; readonly status: number; readonly confidence: number }
    /** A ghost may answer it, but cannot. */
    | { readonly kind: 'refused'; readonly reason: string; readonly detail: string }
    /** No ghost may: a write, a health check. */
    | { readonly kind: 'excluded'; readonly reason: string; readonly detail: string }
  /** What the backend said, where it did and could. */
  readonly truth: { readonly status: number; readonly fidelity: number; readonly parts: Parts | undefined } | undefined
}

export interface Sum {
  sum: number
  count: number
}

export interface EndpointTally {
  readonly endpoint: string
  requests: number
  answered: number
  refused: number
  excluded: number
  /** Answers that could be compared with the truth. */
  scored: number
  right: number
  fidelity: Sum
  readonly reasons: Map<string, { count: number; readonly detail: string }>
}

/** A success told where the backend refused. */
export interface FalseSuccess {
  readonly exchange: string
  readonly endpoint: string
  readonly method: string
  readonly target: string
  readonly told: number
  readonly truth: number
  readonly confidence: number
}

const MOST_FALSE = 20
const BINS = 10

export interface Tally {
  readonly endpoints: Map<string, EndpointTally>
  readonly parts: Readonly<Record<keyof Parts, Sum>>
  readonly confidence: Sum
  /** By tenths of confidence: how sure, and how right. */
  readonly bins: readonly { sure: number; right: number; count: number }[]
  readonly falseSuccesses: FalseSuccess[]
  falseCount: number
  /** Requests that a ghost may answer and whose truth is known; of them, those answered rightly. */
  judged: number
  rightly: number
}

const emptySum = (): Sum => ({ sum: 0, count: 0 })

export const openTally = (): Tally => ({
  endpoints: new Map(),
  parts: { status: emptySum(), shape: emptySum(), values: emptySum(), echo: emptySum() },
  confidence: emptySum(),
  bins: Array.from({ length: BINS }, () => ({ sure: 0, right: 0, count: 0 })),
  falseSuccesses: [],
  falseCount: 0,
  judged: 0,
  rightly: 0,
})

const add = (to: Sum, value: number | undefined): void => {
  if (value === undefined) return
  to.sum += value
  to.count++
}

/** The mean, undefined of nothing. */
export const meanOf = ({ sum, count }: Sum): number | undefined => (count === 0 ? undefined : sum / count)

const endpointOf = ({ endpoints }: Tally, endpoint: string): EndpointTally => {
  const known = endpoints.get(endpoint)
  if (known !== undefined) return known
  const fresh = { endpoint, requests: 0, answered: 0, refused: 0, excluded: 0, scored: 0, right: 0 }
  const opened: EndpointTally = { ...fresh, fidelity: emptySum(), reasons: new Map() }
  endpoints.set(endpoint, opened)
  return opened
}

const noteReason = ({ reasons }: EndpointTally, reason: string, detail: string): void => {
  const known = reasons.get(reason)
  if (known === undefined) reasons.set(reason, { count: 1, detail })
  else known.count++
}

const isFalse = (told: number, truth: number): boolean => told < 300 && truth >= 400

const score = (tally: Tally, at: EndpointTally, judged: Judged): void => {
  const { fate, truth } = judged
  if (fate.kind !== 'answered' || truth === undefined) return
  const right = truth.fidelity >= RIGHT ? 1 : 0
  at.scored++
  at.right += right
  tally.rightly += right
  add(at.fidelity, truth.fidelity)
  for (const [name, value] of Object.entries(truth.parts ?? {})) add(tally.parts[name as keyof Parts], value as number)
  add(tally.confidence, fate.confidence)
  const bin = tally.bins[Math.min(BINS - 1, Math.floor(fate.confidence * BINS))]
  if (bin !== undefined) {
    bin.sure += fate.confidence
    bin.right += truth.fidelity
    bin.count++
  }
  if (isFalse(fate.status, truth.status)) noteFalse(tally, judged, fate.status, fate.confidence)
}

const noteFalse = (tally: Tally, judged: Judged, told: number, confidence: number): void => {
  tally.falseCount++
  if (tally.falseSuccesses.length >= MOST_FALSE) return
  const { exchange, endpoint, method, target, truth } = judged
  tally.falseSuccesses.push({ exchange, endpoint, method, target, told, truth: truth?.status ?? 0, confidence })
}

/** Counts one request of the outage. */
export const count = (tally: Tally, judged: Judged): void => {
  const at = endpointOf(tally, judged.endpoint)
  const { fate, truth } = judged
  at.requests++
  at[fate.kind]++
  if (fate.kind !== 'answered') noteReason(at, fate.reason, fate.detail)
  if (fate.kind !== 'excluded' && truth !== undefined) tally.judged++
  score(tally, at, judged)
}

/** Expected calibration error (Naeini et al., 2015) over ten bins: how far confidence is from what came true. */
export const calibrationError = ({ bins }: Tally): number | undefined => {
  const all = bins.reduce((sum, { count: n }) => sum + n, 0)
  if (all === 0) return undefined
  return bins.reduce((sum, { sure, right }) => sum + Math.abs(sure - right), 0) / all
}
