/** What the ingress is told of limits and of TLS. Durations are milliseconds. */
/** A rate for whoever is counted; a request must pass every rule that it falls under. */
export interface RateLimitOptions {
  readonly limit: number
  readonly per: number
  /** So many at once; `limit` unless given. */
  readonly burst?: number | undefined
  /** `ip`: each client; `principal` and `header`: each value, or each client where there is none; `route`: all together. */
  readonly by: 'ip' | 'principal' | 'header' | 'route'
  readonly header?: string
  /** A prefix such as `/api/*`, or a template such as `/users/{id}`. */
  readonly match?: string
  /** Empty: all. */
  readonly methods?: readonly string[]
  readonly name?: string
}

/** Requests that were let through and counted: what processes that share a port tell each other. */
export interface LimitCount {
  readonly service: string
  /** Its name in the RateLimit fields. */
  readonly rule: string
  readonly key: string
  readonly count: number
}

export interface ConcurrencyOptions {
  /** Requests under way at once; 0: no limit. */
  readonly max: number
  /** The limit is found between `min` and `max` by the upstream's latency. */
  readonly adaptive?: boolean
  readonly min?: number
}

export interface OverloadOptions {
  /** Share of the heap or of the process's memory, 0..1, from which on requests are refused; 1: never. */
  readonly maxMemory: number
  /** Requests under way at once, of all services; 0: as many as half of the heap has room for. */
  readonly maxRequests: number
}

/** Names of PEM files; '' and what is absent: none. */
export interface CertificateFiles {
  readonly cert?: string
  readonly key?: string
}

/** Of one period of the wall clock; those of later periods follow from it, those of earlier ones do not. */
export interface TicketSeed {
  readonly seed: Uint8Array
  /** Counted from 1970. */
  readonly period: number
}

export interface ListenTlsOptions extends CertificateFiles {
  readonly enabled: boolean
  readonly sni?: readonly (CertificateFiles & { readonly names: readonly string[] })[]
  readonly clientCa?: string
  readonly clientAuth?: 'none' | 'request' | 'require'
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** From which the keys of session tickets follow, the same for all that share the port; each process has its own unless given. */
  readonly ticketSeed?: TicketSeed
  /** ms for which a key serves, all processes the same; 12 hours unless given. */
  readonly ticketRotation?: number
}

export interface UpstreamTlsOptions extends CertificateFiles {
  readonly ca?: string
  /** Asked for and verified; the URL's host unless given. */
  readonly serverName?: string
  readonly verify?: boolean
}

/** What stands between the clients and one service, and between the proxy and its upstreams. */
export interface ShieldOptions {
  readonly rateLimit?: readonly RateLimitOptions[]
  readonly concurrency?: ConcurrencyOptions
  readonly tls?: UpstreamTlsOptions
}
