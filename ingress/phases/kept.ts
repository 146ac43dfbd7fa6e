/** A write that waits for its backend: what is kept of it, what its sender is told, and what the backend's answer means. */
import { isOver, type Fate, type Move } from '../../schemas/semantics/ghosts/fate.ts'
import { toUtf8 } from '../../schemas/semantics/ghosts/text.ts'
import type { Context, Failure, FieldLines, Reply, Service, Why } from './context.ts'
import { fieldOf, without } from './fields.ts'
import { IDEMPOTENT } from './forward.ts'
import { proxyStatus } from './problem.ts'

/** The request as it came, to be sent as it came. Secrets and all: it never leaves the process unsealed but to the backend. */
export interface KeptWrite {
  /** Event id of the exchange in which it was accepted. */
  readonly id: string
  readonly service: string
  /** µs */
  readonly at: number
  /** After this it is not replayed any more, µs. */
  readonly until: number
  /** Whose it is, as a pseudonym; '' is anybody's. */
  readonly asker: string
  readonly method: string
  readonly target: string
  readonly lines: FieldLines
  readonly peer: string
  readonly secure: boolean
  /** Base64. */
  readonly body: string
  readonly key: string
  /** The client made the key: it reckons with a backend that knows such keys. */
  readonly isOwnKey: boolean
  /** Of method, target and body: what a repeated key must go with. */
  readonly digest: string
  /** Entity tag that the thing had when the write was accepted: it must have it still; '' where nothing is known. */
  readonly base: string
  /** An earlier write of the same sender to the same thing that waited then; '' where there was none. */
  readonly behind: string
}

export interface Kept {
  readonly write: KeptWrite
  readonly fate: Fate
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
const KEY = 'idempotency-key'

/** What is said of a body's framing anew, and what was between neighbours. */
const FRAMING = new Set(['content-length', 'transfer-encoding', 'expect', 'connection'])

export interface KeepFacts {
  readonly asker: string
  readonly base: string
  readonly behind: string
  readonly digest: string
  /** Base64. */
  readonly body: string
  /** Bytes of the body. */
  readonly length: number
}

export const keptOf = (context: Context, facts: KeepFacts): KeptWrite => {
  const { arrival } = context
  const service = context.service as Service
  const { asker, base, behind, digest, body, length } = facts
  const own = fieldOf(arrival.rawHeaders, KEY) ?? ''
  const key = own === '' ? `"${arrival.id}"` : own
  const lines = without(arrival.rawHeaders, FRAMING)
  if (length > 0) lines.push('content-length', String(length))
  if (own === '') lines.push(KEY, key)
  const { id, at, method, target, peer, secure } = arrival
  const until = at + service.ghost.keepFor * 1000
  const request = { method, target, lines, peer, secure, body, key, isOwnKey: own !== '', digest, base, behind }
  return { id, service: service.name, at, until, asker, ...request }
}

/** RFC 8615; behind it stands the id. */
export const MONITOR = '/.well-known/chaos-proxy/writes/'

const encode = (value: object): Uint8Array => toUtf8(JSON.stringify(value))

/** What anybody who may see it is told of a write. */
export const described = ({ write, fate }: Kept): object => ({
  id: write.id,
  state: fate.state,
  method: write.method,
  target: write.target,
  accepted_at: new Date(write.at / 1000).toISOString(),
  changed_at: new Date(fate.at / 1000).toISOString(),
  ...(isOver(fate) ? {} : { kept_until: new Date(write.until / 1000).toISOString() }),
  attempts: fate.attempts,
  idempotency_key: write.key,
  status: fate.status === 0 ? null : fate.status,
  reason: fate.reason === '' ? null : fate.reason,
  monitor: MONITOR + write.id,
})

export interface Receipt {
  readonly why: Why
  readonly activation: string
  /** s */
  readonly retryAfter: number
}

const prefersAsync = ({ arrival }: Context): boolean =>
  /(?:^|,)\s*respond-async\s*(?:[,;]|$)/i.test(fieldOf(arrival.rawHeaders, 'prefer') ?? '')

/** RFC 9110 section 15.3.3: accepted, not done; with where to ask what became of it. */
export const receipt = (context: Context, kept: Kept, { why, activation, retryAfter }: Receipt): Reply => {
  const { id, key } = kept.write
  const headers = ['content-type', 'application/json', 'location', MONITOR + id, KEY, key]
  headers.push('retry-after', String(retryAfter))
  if (prefersAsync(context)) headers.push('preference-applied', 'respond-async', 'vary', 'prefer')
  headers.push('x-ghost', 'queued', 'x-ghost-confidence', '1.00', 'x-ghost-activation', activation)
  headers.push('cache-control', 'no-store')
  const status = proxyStatus(why)
  if (status !== '') headers.push('proxy-status', status)
  const ghost = { kind: 'queued', confidence: 1, activation }
  return { status: 202, headers, body: encode(described(kept)), answeredBy: 'ghost', why, ghost }
}

/** What became of a write, for its sender. */
export const monitored = (kept: Kept, retryAfter: number): Reply => {
  const again = isOver(kept.fate) ? [] : ['retry-after', String(retryAfter)]
  const headers = ['content-type', 'application/json', 'cache-control', 'no-store', ...again]
  return { status: 200, headers, body: encode(described(kept)), answeredBy: 'self', why: 'live' }
}

/** What came of sending it: an answer, or why there is none. */
export type Outcome =
  | { readonly kind: 'answer'; readonly status: number }
  | { readonly kind: 'none'; readonly failure: Pick<Failure, 'sent' | 'detail'> }

/** Answers that say that nothing was done, and that it may be asked again. */
const LATER = new Set([408, 425, 429, 502, 503])
const UNKNOWN =
  'it was sent and nobody knows whether it was carried out, so it is not sent again without a word: replay it if the backend knows Idempotency-Key, otherwise look there first'

/** Whether it does the same twice as once. */
const isRepeatable = ({ method, isOwnKey }: KeptWrite, trustsKeys: boolean): boolean =>
  IDEMPOTENT.has(method) || isOwnKey || trustsKeys

const lost = (write: KeptWrite, trustsKeys: boolean, reason: string, status: number): Move =>
  isRepeatable(write, trustsKeys)
    ? { kind: 'later', reason, status }
    : { kind: 'conflict', reason: `${reason}; ${UNKNOWN}`, status }

/** What holds a write back from being sent at all: it was made on top of one that the backend did not take. */
export const HELD: Move = {
  kind: 'conflict',
  reason: 'an earlier write of the same sender to the same thing is in conflict',
  status: 0,
}

/** `trustsKeys`: the backend is known to honour Idempotency-Key. */
export const moveAfter = (write: KeptWrite, outcome: Outcome, trustsKeys: boolean): Move => {
  if (outcome.kind === 'none') {
    const { sent, detail } = outcome.failure
    return sent ? lost(write, trustsKeys, detail, 0) : { kind: 'later', reason: detail, status: 0 }
  }
  const { status } = outcome
  if (LATER.has(status)) return { kind: 'later', reason: `the backend answered ${status}`, status }
  if (status === 504) return lost(write, trustsKeys, 'the backend answered 504', status)
  if (status < 400) return { kind: 'done', status }
  const reason = status === 412 && write.base !== '' ? 'the thing was changed since' : `the backend answered ${status}`
  return { kind: 'conflict', reason, status }
}

/** What a write was at when the process died in the middle of it. */
export const moveAfterCrash = (write: KeptWrite, trustsKeys: boolean): Move =>
  lost(write, trustsKeys, 'the proxy stopped while it was being sent', 0)
