/**
 * One request on its way through the phases: what arrived, what was decided, what became of it. One mutable record per
 * request, so that phases are plain functions and the recording phase finds everything in one place.
 */
import type { AnsweredBy, GhostMark, Header } from '../../schemas/events.ts'
import type { Breaker, Permission } from '../balance/breaker.ts'
import type { Health } from '../balance/health.ts'
import type { BreakerOptions, GhostOptions, HealthOptions, Mode, TimeoutOptions } from '../options.ts'

/** Field lines as Node gives them: name, value, name, value… in the order and the case they came in. */
export type FieldLines = readonly string[]

export interface Upstream {
  readonly url: string
  readonly authority: string
  readonly weight: number
  readonly breaker: Breaker
  readonly health: Health
  /** Smooth weighted round robin's current weight. */
  credit: number
  /** An operator took it out. */
  drained: boolean
}

export interface Service {
  readonly name: string
  readonly match: string
  /** `match` without its star and closing slash. */
  readonly prefix: string
  readonly host: 'keep' | 'upstream'
  readonly upstreams: readonly Upstream[]
  readonly health: HealthOptions | 'off'
  readonly breaker: BreakerOptions
  readonly timeouts: TimeoutOptions
  readonly ghost: GhostOptions
  readonly partitionBy: 'service' | 'resource'
  /** The mode in force: the configured one, unless `control` says otherwise. */
  mode: Mode
  /** Names the span in which ghosts answer for this service; '' while the upstreams do. */
  activation: string
}

/** Why this one answered: the closed list behind `Exchange.why`. */
export type Why =
  | 'live'
  | 'mode-mock'
  | 'unavailable'
  | 'connect-failed'
  | 'timeout'
  | 'reset'
  | 'protocol-error'
  | 'status-502'
  | 'status-503'
  | 'status-504'
  | 'bad-request'
  | 'method-refused'
  | 'no-route'
  | 'client-gone'
  | 'client-stalled'
  | 'internal'

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
  readonly endpoint?: string
  /** The connection cannot be used after this answer. */
  readonly close?: boolean
}

/** A body as it passes: the first `limit` bytes are kept, all are counted. */
export interface Tee {
  readonly limit: number
  readonly chunks: Uint8Array[]
  kept: number
  length: number
}

/** What came in, before any phase. Times: `at` is µs since the epoch, all others µs of a monotonic clock. */
export interface Arrival {
  readonly id: string
  readonly at: number
  readonly started: number
  readonly method: string
  readonly target: string
  readonly protocol: string
  readonly rawHeaders: FieldLines
  readonly peer: string
  readonly secure: boolean
  /** `upgrade`: the client asked for WebSocket. */
  readonly kind: 'plain' | 'upgrade'
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
  requestId: string
  traceparent: string
}

/** The request as the log and the ghosts may see it. */
export interface Redacted {
  readonly target: string
  readonly headers: readonly Header[]
  readonly principal: string
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
  readonly tried: Upstream[]
  readonly requestBody: Tee
  readonly responseBody: Tee
  readonly faults: string[]
  attempts: number
  status: number
  responseHeaders: FieldLines
  answeredBy: AnsweredBy
  why: Why
  ghost: GhostMark | null
  endpoint: string
  /** Both messages ran to their end. */
  complete: boolean
  chosenAt: number
  handedAt: number
  firstByteAt: number
  redacted: Redacted | undefined
}

export const openTee = (limit: number): Tee => ({ limit, chunks: [], kept: 0, length: 0 })

/** Keeps no more than the limit; never copies and never waits. */
export const tee = (into: Tee, chunk: Uint8Array): void => {
  into.length += chunk.length
  const room = into.limit - into.kept
  if (room <= 0) return
  const part = chunk.length <= room ? chunk : chunk.subarray(0, room)
  into.chunks.push(part)
  into.kept += part.length
}

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
    requestId: '',
    traceparent: '',
  },
  target: arrival.target,
  path: '',
  service: undefined,
  upstream: undefined,
  permission: 'no',
  tried: [],
  requestBody: openTee(maxBody),
  responseBody: openTee(maxBody),
  faults: [],
  attempts: 0,
  status: 0,
  responseHeaders: [],
  answeredBy: 'unknown',
  why: 'live',
  ghost: null,
  endpoint: '',
  complete: false,
  chosenAt: 0,
  handedAt: 0,
  firstByteAt: 0,
  redacted: undefined,
})
