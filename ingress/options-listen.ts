/** What clients may ask of the listening side: sizes and patience. */

/** Of one request, in bytes and lines; 0: no limit. */
export interface ListenLimits {
  readonly head: number
  readonly target: number
  readonly fields: number
  readonly body: number
  /** Of one address at a time. */
  readonly connectionsPerClient: number
}

/** ms */
export interface ListenTimeouts {
  /** For the head of a request, from its first byte or from the connection's beginning. */
  readonly head: number
  /** Between two pieces of a body. */
  readonly stall: number
  /** Between two requests. */
  readonly idle: number
  /** Until the client takes some of what waits for it. */
  readonly send: number
  /** Of a WebSocket on which neither side says anything; 0: no limit. */
  readonly tunnel: number
}
