/**
 * What stands on the topics, as TypeScript sees it. The Avro files in `avro/` are the contract; a test holds these
 * types to them. Times are microseconds since the epoch, durations microseconds, sizes bytes.
 */
import type { Endpoint, Shape, Drift, Alert, Window, Anomaly, Ghost, Sample, Model, Activation } from './knowledge.ts'

export type {
  Parameter,
  Endpoint,
  ShapePart,
  Shape,
  Drift,
  AlertUpstream,
  AlertChange,
  Alert,
  Count,
  Heavy,
  Window,
  Anomaly,
  Ghost,
  Sample,
  ModelMeasure,
  Model,
  Activation,
} from './knowledge.ts'

export interface Header {
  readonly name: string
  readonly value: string
}

export interface Body {
  readonly mediaType: string
  readonly coding: string
  readonly bytes: Uint8Array
  readonly length: number
  readonly cut: boolean
}

export interface Timings {
  readonly queue: number
  readonly connect: number
  readonly firstByte: number
  readonly total: number
}

export type AnsweredBy = 'unknown' | 'upstream' | 'ghost' | 'limiter' | 'fault' | 'self'

export interface GhostMark {
  readonly kind: string
  readonly confidence: number
  readonly activation: string
}

export interface Exchange {
  readonly upstream: string
  readonly client: string
  readonly principal: string
  readonly method: string
  readonly target: string
  readonly protocol: string
  readonly requestHeaders: readonly Header[]
  readonly requestBody: Body
  readonly status: number
  readonly responseHeaders: readonly Header[]
  readonly responseBody: Body
  readonly timings: Timings
  readonly attempts: number
  readonly answeredBy: AnsweredBy
  readonly why: string
  readonly complete: boolean
  readonly replayed: boolean
  readonly faults: readonly string[]
  readonly ghost: GhostMark | null
  readonly traceparent: string
  readonly requestId: string
}

export type SignalKind = 'unknown' | 'heartbeat' | 'health' | 'breaker' | 'mode' | 'gap'

export interface Signal {
  readonly kind: SignalKind
  readonly subject: string
  readonly from: string
  readonly to: string
  readonly reason: string
  readonly count: number
  readonly attributes: readonly Header[]
}

export interface Command {
  readonly kind: string
  readonly subject: string
  readonly by: string
  readonly value: string
}

export interface Event {
  readonly id: string
  readonly at: number
  readonly service: string
  readonly instance: string
  readonly sequence: number
  readonly kind: 'unknown' | 'exchange' | 'signal' | 'command'
  readonly exchange: Exchange | null
  readonly signal: Signal | null
  readonly command: Command | null
}

export interface Control {
  readonly key: string
  readonly kind: 'unknown' | 'mode' | 'upstream' | 'fault'
  readonly service: string
  readonly at: number
  readonly by: string
  readonly value: string
}

export interface DeadLetter {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly at: number
  readonly stage: 'unknown' | 'decode' | 'process' | 'publish'
  readonly by: string
  readonly reason: string
  readonly bytes: Uint8Array
}

/** What each topic carries. */
export interface TopicValues {
  exchanges: Event
  endpoints: Endpoint
  shapes: Shape
  ghosts: Ghost
  samples: Sample
  models: Model
  drift: Drift
  alerts: Alert
  anomalies: Anomaly
  activations: Activation
  windows: Window
  control: Control
  'dead-letters': DeadLetter
}
