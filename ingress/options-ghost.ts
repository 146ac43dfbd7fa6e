/** What a service wants of ghosts. Durations are milliseconds. */
export type Mode = 'off' | 'failover' | 'mock'

export interface GhostOptions {
  readonly mode: Mode
  /** What ghosts may answer; anything else gets an honest 503. */
  readonly methods: readonly string[]
  /** What happens to writes that no upstream can take: an honest 503, a ghost's answer that only their sender sees, or 202. */
  readonly writes: 'reject' | 'simulate' | 'queue'
  /** How long an accepted write can be replayed. */
  readonly keepFor: number
  /** The backend honours Idempotency-Key: a replay of which nobody knows whether it was carried out is sent again. */
  readonly trustKeys: boolean
  /** Whose `x-ghost-control` is obeyed: nobody's, that of clients on this machine, everybody's. */
  readonly control: 'off' | 'loopback' | 'on'
  /** How long mock mode takes: as long as the backend did, or no longer than it must. */
  readonly latency: 'learned' | 'none'
  /** 0..1 */
  readonly minConfidence: number
  readonly maxAge: number
  /** A request that reads waits at least so long for its upstream, and four times as long as usual; 0: until its timeout. */
  readonly patience: number
  /** A client that a ghost answered stays with ghosts for at most so long while the backend comes and goes. */
  readonly stay: number
  /** A published response model says how sure an answer is; otherwise the learned tables do. */
  readonly model: boolean
  /** 0..1: of the last requests for an endpoint, those that its ghost could have answered. */
  readonly minReadiness: number
}
