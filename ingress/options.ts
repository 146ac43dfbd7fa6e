/** What the ingress is told and what it tells: types only, so that the composition root can code against them. */
import type { Registry } from 'prom-client'
import type { Codecs } from '../schemas/codecs.ts'
import type { Command } from '../schemas/events.ts'
import type { EventLog, Spool } from '../schemas/log.ts'
import type { RedactionSettings } from '../schemas/semantics/redaction.ts'
import type { Strategy } from './balance/strategies.ts'
import type { GhostOptions, Mode } from './options-ghost.ts'
import type { ListenLimits, ListenTimeouts } from './options-listen.ts'
import type { News } from './options-news.ts'
import type { QueueOptions } from './options-queue.ts'
import type { LimitCount, ListenTlsOptions, OverloadOptions, ShieldOptions } from './options-shield.ts'
import type { GhostBook, GhostKind } from '../schemas/semantics/ghost-port.ts'

export type * from './options-ghost.ts'
export type * from './options-listen.ts'
export type * from './options-news.ts'
export type * from './options-queue.ts'
export type * from './options-shield.ts'

export interface UpstreamOptions {
  /** `http://host:port` or `https://host`; a path is not allowed. */
  readonly url: string
  /** Share of the requests, 1 unless given. */
  readonly weight?: number
}

/** Durations are milliseconds everywhere here. */
export interface HealthOptions {
  readonly path: string
  readonly every: number
  readonly timeout: number
  readonly unhealthyAfter: number
  readonly healthyAfter: number
  /** What a good check answers; any status below 500 unless given. */
  readonly expect?: {
    readonly status: readonly (readonly [from: number, to: number])[]
    /** Text that must stand in the first 64 KiB of the body. */
    readonly body: string
  }
  /** 0..1: checks come so much earlier or later, so that several proxies do not ask at once. */
  readonly jitter?: number
}

/** What makes an upstream worse than its pool. */
export interface PassiveOptions {
  /** Errors in a row that eject. */
  readonly consecutiveErrors: number
  /** 0..1 within an interval, while the others do better than half as badly. */
  readonly errorRate: number
  /** So many times the others' latency. */
  readonly slowerThan: number
  /** Fewer requests in an interval than this say nothing. */
  readonly minRequests: number
  readonly interval: number
  /** Of the first ejection; each further one lasts that much longer. */
  readonly ejectFor: number
  /** 0..1 of the pool; one of two may always go, the last one never. */
  readonly maxEjected: number
}

/** Requests that were sent and are sent again. */
export interface RetryOptions {
  /** Upstreams that are asked after the first one, at most. */
  readonly attempts: number
  /** 0..1: retries for each request. */
  readonly budget: number
  /** Retries a second besides, so that little traffic may retry too. */
  readonly perSecond: number
}

export interface BalanceOptions {
  readonly strategy: Strategy
  /** In which an upstream that comes back gets its whole share; 0: at once. */
  readonly slowStart: number
  /** `ttl` in ms. */
  readonly sticky?: { readonly by: 'cookie'; readonly name: string; readonly ttl: number } | undefined
}

export interface BreakerOptions {
  /** Span of the rolling window. */
  readonly window: number
  readonly minRequests: number
  /** 0..1 */
  readonly openAtErrorRate: number
  /** Until its first byte an answer that took longer than this was slow; 0: none is. */
  readonly slowCall: number
  /** 0..1 */
  readonly openAtSlowRate: number
  /** First pause before a probe; doubles up to eight times that while probes fail. */
  readonly openFor: number
  /** Good probes that close it. */
  readonly probes: number
}

export interface TimeoutOptions {
  readonly connect: number
  /** Until the head of the answer, and between two pieces of its body. */
  readonly response: number
  /** From the beginning of a request to the end of its answer, however it goes; 0: no limit. Not of WebSockets. */
  readonly total: number
}

export interface ServiceOptions {
  readonly name: string
  /** A path prefix such as `/*` or `/api/*`; the longest that fits wins. */
  readonly match: string
  readonly upstreams: readonly UpstreamOptions[]
  /** The Host that upstreams see: the client's, or their own. Unless given: `keep` for http, `upstream` for https. */
  readonly host?: 'keep' | 'upstream'
  readonly balance?: Partial<BalanceOptions>
  readonly health?: HealthOptions | 'off'
  readonly passive?: Partial<PassiveOptions> | 'off'
  readonly retry?: Partial<RetryOptions>
  readonly breaker?: Partial<BreakerOptions>
  readonly timeouts?: Partial<TimeoutOptions>
  readonly ghost?: Partial<GhostOptions>
  readonly shield?: ShieldOptions
  readonly partitionBy?: 'service' | 'resource'
  /** What upstreams speak: h2 over TLS by ALPN, in clear text by prior knowledge. */
  readonly protocol?: 'http/1.1' | 'h2'
}

export interface CaptureOptions {
  /** `json`: JSON, text and form bodies; `all`: every media type; `none`: lengths only. */
  readonly bodies: 'json' | 'all' | 'none'
  /** Bytes kept of each body; what is longer is marked as cut. */
  readonly maxBody: number
  /** Bodies of answers marked `no-store`: recorded, for their asker alone (`own`), or not at all (`drop`). */
  readonly noStore?: 'own' | 'drop'
  readonly redact?: RedactionSettings
}

/** The part of pino's interface that is used. */
export interface Logger {
  debug(obj: object, msg: string): void
  info(obj: object, msg: string): void
  warn(obj: object, msg: string): void
  error(obj: object, msg: string): void
}

/** What a person at the terminal wants to see. */
export type IngressEvent =
  | { readonly kind: 'up'; readonly service: string; readonly upstream: string; readonly reason: string }
  | { readonly kind: 'down'; readonly service: string; readonly upstream: string; readonly reason: string }
  | { readonly kind: 'mode'; readonly service: string; readonly from: Mode; readonly to: Mode; readonly by: string }
  | {
      readonly kind: 'ghost'
      readonly service: string
      readonly method: string
      readonly target: string
      readonly status: number
      readonly ghost: GhostKind
      readonly endpoint: string
      readonly confidence: number
      readonly why: string
    }
  | {
      readonly kind: 'request'
      readonly service: string
      readonly method: string
      /** Redacted, as on the log. */
      readonly target: string
      readonly status: number
      readonly answeredBy: string
      readonly why: string
      readonly ms: number
    }
  /** The log went away (events go to the spool), came back, or events are being lost. */
  | { readonly kind: 'log'; readonly state: 'direct' | 'spooling' | 'losing'; readonly reason: string }

export interface IngressOptions {
  readonly listen: {
    readonly host: string
    /** 0: any free port. */
    readonly port: number
    readonly limits?: Partial<ListenLimits>
    readonly timeouts?: Partial<ListenTimeouts>
    /** Ranges of neighbours whose word on the client is believed, and the field in which they say it. */
    readonly trustedProxies?: readonly string[]
    readonly clientFrom?: 'x-forwarded-for' | 'forwarded'
    /** How upstreams are told about the client; X-Forwarded-* unless given. */
    readonly forwarded?: 'x-forwarded' | 'rfc7239' | 'both'
    /** Connections begin with a PROXY protocol header. */
    readonly proxyProtocol?: boolean
    /** Without TLS clients may speak HTTP/2, too. */
    readonly h2c?: boolean
    readonly tls?: ListenTlsOptions
  }
  readonly services: readonly ServiceOptions[]
  readonly capture: CaptureOptions
  readonly overload?: OverloadOptions
  /** A file for one line of JSON per request, `-` for the standard output; none unless given. */
  readonly accessLog?: string
  /** Where traces go (OTLP/HTTP), and the share of requests that begin one; a caller's trace is always continued as it was. */
  readonly traces?: { readonly url: string; readonly share: number }
  /** Tells clients where the time went. */
  readonly serverTiming?: boolean
  /** Called with what was let through by rate limits: for the other processes that share the port, which `absorb` it. */
  readonly onCounted?: ((counts: readonly LimitCount[]) => void) | undefined
  /** Called with what this process found out about upstreams: for the others, which `hear` it. */
  readonly onNews?: ((news: News) => void) | undefined
  /** append and view only. The topics must exist. */
  readonly log: Pick<EventLog, 'append' | 'view'>
  readonly codecs: Codecs
  readonly spool: Spool
  /** Nothing is kept unless given: then writes are refused where they would be queued. */
  readonly queue?: QueueOptions
  /** Key of the pseudonyms and of sealed e-mail addresses: at least 16 bytes, the same at every start. */
  readonly secret: Uint8Array
  /** Names one start of one process in every event. A new UUIDv7 unless given. */
  readonly instance?: string
  /** Where ghosts come from; one that follows the `ghosts` topic unless given. */
  readonly ghosts?: GhostBook
  readonly registry: Registry
  readonly logger: Logger
  readonly onEvent?: (event: IngressEvent) => void
  /** Heartbeats on the log, ms; 1,000 unless given. */
  readonly heartbeat?: number
}

export interface UpstreamStatus {
  readonly url: string
  readonly health: 'unknown' | 'up' | 'down'
  readonly breaker: 'closed' | 'open' | 'half-open'
  /** Round trip of the last good health check, ms; -1 before. */
  readonly latency: number
  /** When the last check came back, ms since the epoch, and what it found; 0 and '' before. */
  readonly checkedAt: number
  /** Time of the last order to check that was carried out, µs. */
  readonly obeyed: number
  readonly checked: string
  readonly weight: number
  /** It gets no new requests: an operator said so. */
  readonly drained: boolean
  /** It did worse than the others and is left alone for a while. */
  readonly ejected: boolean
  readonly inFlight: number
  /** Of what clients' requests take to its first byte, ms; 0 before. */
  readonly ewma: number
}

export interface ServiceStatus {
  readonly name: string
  readonly match: string
  readonly mode: Mode
  readonly strategy: Strategy
  readonly upstreams: readonly UpstreamStatus[]
}

export interface EmitterStatus {
  readonly state: 'direct' | 'spooling' | 'losing'
  readonly emitted: number
  readonly spooled: number
  readonly dropped: number
  /** Held in memory, neither on the log nor in the spool yet. */
  readonly pending: number
  readonly spool: { readonly records: number; readonly bytes: number }
}

export interface IngressStatus {
  readonly instance: string
  readonly inFlight: number
  readonly services: readonly ServiceStatus[]
  readonly events: EmitterStatus
}

export interface Ingress {
  /** `http://host:port`, as it listens. */
  readonly address: string
  readonly port: number
  status(): IngressStatus
  /**
   * Takes over what a new configuration says of services: those that are new, those that are gone, and everything of
   * those that stay; no request fails by it. Throws when an option is wrong, and has changed nothing then.
   */
  reload(services: readonly ServiceOptions[]): void
  /** Puts an operator's command among the service's events: the embedded log takes those from the ingress only. */
  command(service: string, command: Command): void
  /** Counts what other processes on this port let through. */
  absorb(counts: readonly LimitCount[]): void
  /** Takes in what another process found out about an upstream. */
  hear(news: News): void
  /** Resolves when no request is in flight and no event is only in memory, at most 10 s later. The log and the spool stay open: they are the caller's. */
  close(): Promise<void>
}
