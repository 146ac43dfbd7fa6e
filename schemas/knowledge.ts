/** What the processors know, as it stands on the topics that they write. The Avro records say what each field means. */

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
  readonly fade: number
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
