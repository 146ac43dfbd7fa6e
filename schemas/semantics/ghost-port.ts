/**
 * What a ghost is asked and what it says: shared by the ingress, which serves it, and by the processors, which score it
 * on live traffic before they learn from it. One code for both, so that fidelity measures what users would have got.
 */
import type { Ghost, Header } from '../events.ts'
import type { Vitals } from './vitals.ts'

export interface GhostRequest {
  readonly service: string
  readonly method: string
  /** Raw path and query, redacted as on the log. */
  readonly target: string
  /** Redacted as on the log. */
  readonly headers: readonly Header[]
  /** The same by lower-case name, where somebody has them so already; repeats joined by a comma. */
  readonly named?: ReadonlyMap<string, string> | undefined
  /** The whole body, redacted as on the log; undefined when there is none or it was cut. */
  readonly body: Uint8Array | undefined
  /** Pseudonym of the credential, '' when anonymous. */
  readonly principal: string
  /** Now, µs: the ingress's clock, or the event's time when scoring. */
  readonly at: number
  /** Whether a write may be answered too. */
  readonly writes?: boolean
}

export type GhostKind = 'exact' | 'template' | 'model' | 'mock'

export interface GhostAnswer {
  readonly kind: 'answer'
  readonly ghost: GhostKind
  readonly endpoint: string
  readonly status: number
  /** End-to-end fields fit to send: no Set-Cookie, Date, Content-Length, hop-by-hop, validators only with an exact body. */
  readonly headers: readonly Header[]
  readonly body: Uint8Array
  /** Probability that the answer is right, 0..1, measured on this endpoint. */
  readonly confidence: number
  /** Which rule made it; for people. */
  readonly rule?: string
  /** When what it says was last seen from the upstream, µs. */
  readonly learnedAt: number
}

export interface GhostRefusal {
  readonly kind: 'refuse'
  /** '' when the path belongs to no known endpoint. */
  readonly endpoint: string
  readonly reason:
    | 'unknown-endpoint'
    | 'nothing-learned'
    | 'other-principal'
    | 'unknown-credential'
    | 'write'
    | 'not-servable'
    | 'low-confidence'
  /** One sentence for the operator: the closest miss. */
  readonly detail: string
}

export type GhostVerdict = GhostAnswer | GhostRefusal

/**
 * Where a value of an answer came from: the request's path, query, header or body; an earlier answer to the very request
 * (`exact`); a known object (`resource`), or what its neighbours have in common (`neighbours`); what everybody (`constant`),
 * this asker (`own`), several proven persons (`shared`) or most answers (`usual`) got; the next number (`counter`); a new id or
 * credential (`fresh`); the time now (`clock`); the answer's other parts (`derived`); the object before the write (`before`).
 */
export type LeafSource =
  | 'path'
  | 'query'
  | 'header'
  | 'body'
  | 'exact'
  | 'resource'
  | 'neighbours'
  | 'constant'
  | 'own'
  | 'shared'
  | 'usual'
  | 'counter'
  | 'fresh'
  | 'clock'
  | 'derived'
  | 'before'
  | 'blank'

export interface ExplainedLeaf {
  /** JSON pointer (RFC 6901) into the body; '' is the whole of it. */
  readonly pointer: string
  readonly source: LeafSource
  /** For people: `path segment 2`, `/books/7 as a list showed it at 2026-…`. */
  readonly detail: string
}

/** Why a ghost says what it says. Holds nothing of anybody but the asker. */
export interface GhostExplanation {
  readonly verdict: GhostVerdict
  /** Which rule made the answer; `none` where it was refused. */
  readonly rule: string
  readonly confidence: number
  /** The evidence, a sentence each. */
  readonly why: readonly string[]
  /** Why nothing is said. */
  readonly refused?: string
  /**
   * What is known that comes closest, where the request itself is not known: another of its endpoint, as `GET /books/7`, or
   * an endpoint, as `GET /books/{id}`.
   */
  readonly closest?: string
  readonly leaves: readonly ExplainedLeaf[]
}

/** What is known of the endpoint that a request belongs to. */
export interface LearnedEndpoint {
  readonly endpoint: string
  readonly vitals: Vitals | undefined
}

/** The ghost snapshot of a log, held in memory and kept current part by part. */
export interface GhostBook {
  /** A part of the compacted `ghosts` topic came (or, undefined, went). */
  apply(key: string, part: Ghost | undefined): void
  answer(request: GhostRequest): GhostVerdict
  /** Undefined where no endpoint is known. `target` is raw path and query. */
  learned?(service: string, method: string, target: string): LearnedEndpoint | undefined
  /** Whether operations of GraphQL are known at a target's path. */
  hasOperations?(service: string, target: string): boolean
  /** Whether a request is a query of GraphQL that is known: it changes nothing, whatever its method. */
  isQuery?(request: GhostRequest): boolean
  /** What `answer` says to the same request, and why. Changes nothing; dearer than an answer. */
  explain(request: GhostRequest): GhostExplanation
  /** A write was answered by a ghost: from now on its asker sees what it did. The body is redacted as on the log. */
  accept(request: GhostRequest, answer: AcceptedAnswer): void
}

/** What a ghost told the sender of a write, and under which event it stands on the log. */
export interface AcceptedAnswer {
  readonly id: string
  readonly status: number
  readonly body: Uint8Array
}
