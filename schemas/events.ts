/**
 * What stands on the topics, as TypeScript sees it. The Avro files in `avro/` are the contract; a test holds these
 * types to them. Times are microseconds since the epoch, durations microseconds, sizes bytes.
 */
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

export interface Parameter {
  readonly name: string
  readonly kind: string
}

export interface Endpoint {
  readonly id: string
  readonly service: string
  readonly method: string
  readonly template: string
  readonly parameters: readonly Parameter[]
  readonly count: number
  readonly firstSeen: number
  readonly lastSeen: number
  readonly mergedInto: string
  readonly fidelity: number
  readonly fidelityCount: number
}

export interface ShapePart {
  readonly direction: 'unknown' | 'request' | 'response' | 'query' | 'headers'
  readonly status: string
  readonly count: number
  readonly schema: string
}

export interface Shape {
  readonly endpoint: string
  readonly service: string
  readonly at: number
  readonly parts: readonly ShapePart[]
}

export interface Drift {
  readonly id: string
  readonly endpoint: string
  readonly service: string
  readonly at: number
  readonly kind: string
  readonly pointer: string
  readonly severity: 'unknown' | 'breaking' | 'warning' | 'info'
  readonly confidence: number
  readonly before: string
  readonly after: string
  readonly exchange: string
  readonly offset: number
  readonly status: string
  readonly upstreams: readonly string[]
  readonly summary: string
}

export interface AlertUpstream {
  readonly name: string
  readonly old: number
  readonly fresh: number
}

export interface AlertChange {
  readonly signal: string
  readonly endpoint: string
  readonly kind: string
  readonly pointer: string
  readonly renamedTo: string
  readonly severity: Drift['severity']
  readonly confidence: number
  readonly before: string
  readonly after: string
  readonly exchange: string
  readonly offset: number
  readonly at: number
  readonly status: string
  readonly count: number
}

export interface Alert {
  readonly id: string
  readonly service: string
  readonly at: number
  readonly lastAt: number
  readonly status: string
  readonly severity: Drift['severity']
  readonly score: number
  readonly summary: string
  readonly exchange: string
  readonly offset: number
  readonly mixed: boolean
  readonly upstreams: readonly AlertUpstream[]
  readonly changes: readonly AlertChange[]
}

export interface Count {
  readonly name: string
  readonly count: number
}

/** A frequent name; the count is too high by at most the error. */
export interface Heavy {
  readonly name: string
  readonly count: number
  readonly error: number
}

export interface Window {
  readonly endpoint: string
  readonly service: string
  readonly start: number
  readonly span: number
  readonly count: number
  readonly late: number
  readonly statuses: readonly Count[]
  readonly answeredBy: readonly Count[]
  readonly upstreams: readonly Count[]
  readonly requestBytes: number
  readonly responseBytes: number
  readonly latencySum: number
  readonly latency: Uint8Array
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly scope: string
  readonly name: string
  readonly partition: number
  readonly closed: boolean
  readonly clients: number
  readonly clientsSketch: Uint8Array
  readonly principals: number
  readonly principalsSketch: Uint8Array
  readonly topPaths: readonly Heavy[]
  readonly topAgents: readonly Heavy[]
  readonly topErrors: readonly Heavy[]
}

export interface Anomaly {
  readonly id: string
  readonly service: string
  readonly endpoint: string
  readonly at: number
  readonly endedAt: number
  readonly kind: string
  readonly severity: number
  readonly score: number
  readonly sentence: string
  readonly details: string
}

export interface Ghost {
  readonly key: string
  readonly kind: 'unknown' | 'endpoint' | 'answer' | 'resource' | 'service'
  readonly service: string
  readonly endpoint: string
  readonly at: number
  readonly version: number
  readonly fidelity: number
  readonly payload: Uint8Array
}

export interface Sample {
  readonly service: string
  readonly endpoint: string
  readonly at: number
  readonly version: number
  readonly evidence: Uint8Array
  readonly rule: string
  readonly told: number
  readonly truth: number
  readonly fidelity: number
  readonly believed: number
  readonly weight: number
}

export interface ModelMeasure {
  readonly name: string
  readonly tables: number
  readonly model: number
}

export interface Model {
  readonly service: string
  readonly at: number
  readonly state: 'unknown' | 'published' | 'refused'
  readonly reason: string
  readonly origin: string
  readonly version: number
  readonly trainedOn: number
  readonly heldBack: number
  readonly evaluation: readonly ModelMeasure[]
  readonly layers: readonly number[]
  readonly weights: Uint8Array
  readonly slope: number
  readonly offset: number
  readonly hash: string
}

export interface Activation {
  readonly id: string
  readonly service: string
  readonly endpoint: string
  readonly reason: string
  readonly startedAt: number
  readonly lastAt: number
  readonly endedAt: number
  readonly answers: readonly Count[]
  readonly refused: number
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
