/**
 * One request on its way through the phases: what arrived, what was decided, what became of it. One mutable record per
 * request, so that phases are plain functions and the recording phase finds everything in one place.
 */
import type { AnsweredBy, GhostMark } from '../../schemas/events.ts'
import type { Breaker, Permission } from '../balance/breaker.ts'
import type { Budget } from '../balance/budget.ts'
import type { Candidate, Question } from '../balance/candidate.ts'
import type { Health } from '../balance/health.ts'
import type { Watched } from '../balance/outliers.ts'
import type { Sticky } from '../balance/sticky.ts'
import type { Strategy } from '../balance/strategies.ts'
import type { Gate } from '../limits/gate.ts'
import type {
  BreakerOptions,
  GhostOptions,
  HealthOptions,
  Mode,
  PassiveOptions,
  RetryOptions,
  ShieldOptions,
  TimeoutOptions,
} from '../options.ts'
import { NEIGHBOURS, type Neighbours } from './forwarded.ts'
import type { FieldNotes, Marks, Redacted } from './notes.ts'
import type { Why } from './why.ts'
import { openTee, type Tee } from './tee.ts'
export type { Why }

/** Field lines as Node gives them: name, value, name, value… in the order and the case they came in. */
export type FieldLines = readonly string[]

export interface Upstream extends Candidate, Watched {
  readonly url: string
  readonly authority: string
  /** What names it in a sticky cookie. */
  readonly token: string
  weight: number
  readonly breaker: Breaker
  readonly health: Health
  /** An operator took it out. */
  drained: boolean
  inFlight: number
  ramp: number
  /** When it came back and began to start slowly, ms of the monotonic clock; -1: it is warm. */
  since: number
}

/** Everything but the name may change while requests are under way: each reads what it needs when it needs it. */
export interface Service {
  readonly name: string
  match: string
  /** `match` without its star and closing slash. */
  prefix: string
  host: 'keep' | 'upstream'
  /** Never changed in place. */
  upstreams: readonly Upstream[]
  strategy: Strategy
  readonly question: Question
  /** ms */
  slowStart: number
  sticky: Sticky | undefined
  health: HealthOptions | 'off'
  passive: PassiveOptions | 'off'
  retry: RetryOptions
  readonly budget: Budget
  /** Tries after the first one, since the start. */
  retried: number
  readonly breaker: BreakerOptions
  /** Of the service as a whole, by what its clients got. */
  readonly circuit: Breaker
  readonly timeouts: TimeoutOptions
  ghost: GhostOptions
  partitionBy: 'service' | 'resource'
  /** What upstreams speak. */
  protocol: 'http/1.1' | 'h2'
  /** Limits, and TLS to the upstreams. */
  shield: ShieldOptions
  /** The mode in force: the configured one, unless `control` says otherwise. */
  mode: Mode
  /** Names the span in which ghosts answer for this service; '' while the upstreams do. */
  activation: string
}

/** What went wrong with the upstream. `sent`: some of the request may have reached it, so another try may do it twice. */
export interface Failure {
  readonly why: Why
  readonly sent: boolean
  readonly detail: string
}

/** An answer made here. Answers of upstreams are streamed and never become one of these. */
export interface Reply {
  readonly status: number
  readonly headers: FieldLines
  readonly body: Uint8Array
  readonly answeredBy: AnsweredBy
  readonly why: Why
  readonly ghost?: GhostMark
  /** The last of its fields. */
  readonly marks?: Marks
  readonly endpoint?: string
  /** The connection cannot be used after this answer. */
  readonly close?: boolean
  /** The real reply comes once the request's body is there; this one stands for it until then. */
  readonly later?: (send: (reply: Reply) => void) => void
}

/** What is done on purpose to an answer's stream: described here, carried out by edge/distort.ts. */
export type Distortion =
  /** Bytes per second. */
  | { readonly kind: 'slow'; readonly rate: number }
  /** The body ends after so many bytes: `broken`, with the connection; `clean`, as if that were all of it. */
  | { readonly kind: 'truncate'; readonly bytes: number; readonly end: 'broken' | 'clean' }
  /** The connection is reset after so many bytes of the body. */
  | { readonly kind: 'abort'; readonly bytes: number }
  /** A field of a JSON body, by JSON pointer (RFC 6901) or by its name wherever it stands, gets another value. */
  | { readonly kind: 'corrupt'; readonly field: string; readonly how: 'null' | 'type' | 'drop' | 'garbage' }

/** What came in, before any phase. Times: `at` is µs since the epoch, all others µs of a monotonic clock. */
export interface Arrival {
  readonly id: string
  readonly at: number
  readonly started: number
  readonly method: string
  readonly target: string
  readonly protocol: string
  /** Without our own sticky cookie, once it is known whose request it is. */
  rawHeaders: FieldLines
  /** Of these very lines, while they are those in force; undefined where each request has lines of its own. */
  readonly notes?: FieldNotes | undefined
  /** A body follows whose length nobody said. */
  readonly chunked: boolean
  readonly peer: string
  readonly secure: boolean
  /** The protocol that the client wants to go on in, such as websocket; '' for none. */
  readonly upgrade: string
  /** The edge's sockets; no business of a phase. */
  readonly carrier: unknown
}

/** What `accept` read from the request's fields. */
export interface RequestHead {
  /** End-to-end fields without those that the proxy writes itself, in order, with repeats. */
  fields: string[]
  host: string
  mediaType: string
  coding: string
  contentLength: number
  chunked: boolean
  expectsContinue: boolean
  acceptsTrailers: boolean
  /** The client's address: the peer's, or what trusted proxies say. */
  client: string
  /** As trusted proxies said it; '' when there are none: X-Forwarded-For or Forwarded, scheme and host. */
  chain: string
  scheme: string
  publicHost: string
  /** What upstreams are told of who asked. */
  neighbours: Neighbours
  requestId: string
  traceparent: string
  /** The caller's span, '' when there is none. */
  parentSpan: string
}

/** How a request wants to be treated. */
export interface Directions {
  /** No ghost, whatever happens. */
  readonly off: boolean
  /** A ghost, though the backend is well. */
  readonly only: boolean
  /** Where a ghost's answer would come from, instead of it. */
  readonly explain: boolean
  /** What is made up follows from it. */
  readonly seed: number | undefined
}

export interface Context {
  readonly arrival: Arrival
  readonly head: RequestHead
  /** Path and query as they go upstream; `path` is without the query. */
  target: string
  path: string
  service: Service | undefined
  upstream: Upstream | undefined
  permission: Permission
  /** Of the service's breaker. */
  passage: Permission
  /** What the sticky cookie said, '' without one. */
  bound: string
  /** It counts in its upstream's `inFlight`. */
  counted: boolean
  readonly tried: Upstream[]
  readonly requestBody: Tee
  readonly responseBody: Tee
  /** Bytes of the body of an answer that was made here. */
  replied: number
  readonly faults: string[]
  /** What faults do to the answer's stream. */
  distortions: readonly Distortion[]
  /** Fields that the proxy adds to the answer, whoever gives it. */
  own: FieldLines
  /** Where this request counts as under way. */
  gate: Gate | undefined
  attempts: number
  status: number
  responseHeaders: FieldLines
  marks: Marks | undefined
  answeredBy: AnsweredBy
  why: Why
  ghost: GhostMark | null
  endpoint: string
  /** Both messages ran to their end. */
  complete: boolean
  /** What `x-ghost-control` said, where that is allowed. */
  directions: Directions | undefined
  /** No client's: a write that was kept goes to its backend now. `reads`: a query of GraphQL only asks, though by POST. */
  replayed: boolean
  reads: boolean
  chosenAt: number
  handedAt: number
  firstByteAt: number
  redacted: Redacted | undefined
  /** Ends the walk as a phase that throws does: for what goes wrong in a callback, where nobody would catch it. */
  fail: (error: unknown) => void
}

const NONE: readonly never[] = []
const NOWHERE = (): void => undefined

export const openContext = (arrival: Arrival, maxBody: number): Context => ({
  arrival,
  head: {
    fields: [],
    host: '',
    mediaType: '',
    coding: '',
    contentLength: -1,
    chunked: false,
    expectsContinue: false,
    acceptsTrailers: false,
    client: arrival.peer,
    chain: '',
    scheme: arrival.secure ? 'https' : 'http',
    publicHost: '',
    neighbours: NEIGHBOURS,
    requestId: '',
    traceparent: '',
    parentSpan: '',
  },
  target: arrival.target,
  path: '',
  service: undefined,
  upstream: undefined,
  permission: 'no',
  passage: 'no',
  bound: '',
  counted: false,
  tried: [],
  requestBody: openTee(maxBody),
  responseBody: openTee(maxBody),
  replied: 0,
  faults: [],
  distortions: NONE,
  own: NONE,
  gate: undefined,
  attempts: 0,
  status: 0,
  responseHeaders: [],
  marks: undefined,
  answeredBy: 'unknown',
  why: 'live',
  ghost: null,
  endpoint: '',
  complete: false,
  directions: undefined,
  replayed: false,
  reads: false,
  chosenAt: 0,
  handedAt: 0,
  firstByteAt: 0,
  redacted: undefined,
  fail: NOWHERE,
})
