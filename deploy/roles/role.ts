/** A role is one part of chaos-proxy in one process: the ingress, the processors, or the sinks with the console. */
import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Registry } from 'prom-client'
import type { Accepting, LimitCount, News, TicketSeed } from '../../ingress/ingress.ts'
import type { Config } from '../../schemas/config.ts'
import type { Command } from '../../schemas/events.ts'
import type { Logger } from '../cli/logger.ts'
import type { MetricsJson } from './metrics.ts'
import type { Readiness } from './readiness.ts'

export type RoleName = 'ingress' | 'processors' | 'sinks' | 'console'

/** What a person wants to hear of, wherever it happened. */
export type Notice =
  | { readonly kind: 'up' | 'down'; readonly service: string; readonly upstream: string; readonly reason: string }
  | { readonly kind: 'mode'; readonly service: string; readonly from: string; readonly to: string; readonly by: string }
  | {
      readonly kind: 'ghost'
      readonly method: string
      readonly target: string
      readonly status: number
      readonly ghost: string
      readonly confidence: number
      readonly why: string
    }
  | {
      readonly kind: 'request'
      readonly method: string
      readonly target: string
      readonly status: number
      readonly answeredBy: string
      readonly ms: number
    }
  | { readonly kind: 'log'; readonly state: string; readonly reason: string }
  | { readonly kind: 'learned'; readonly endpoint: string }
  | { readonly kind: 'drift'; readonly endpoint: string; readonly summary: string; readonly severity: string }
  | { readonly kind: 'anomaly'; readonly endpoint: string; readonly summary: string }

export interface RoleContext {
  readonly config: Config
  readonly logger: Logger
  readonly registry: Registry
  readonly onNotice: (notice: Notice) => void
  /** Somebody reads of every single request. */
  readonly verbose?: boolean
  /** Prometheus text of every process of this installation; the console's `/metrics`. */
  readonly metrics: () => Promise<string>
  /** Hands an operator's command to the ingress beside which this role runs. */
  readonly tellIngress?: (service: string, command: Command) => Promise<void>
  /** Lets a server in by the address that the parent process holds open; false: there is none, listen yourself. */
  readonly enter?: (server: Server) => Promise<boolean>
  /** One of several processes of this role: its number, from 1. */
  readonly worker?: {
    readonly number: number
    /** The pipe to the process that writes the embedded log, which only one may. */
    readonly writer: () => Duplex
    /** Tells the other processes what this one let through. */
    readonly tellCounts: (counts: readonly LimitCount[]) => void
    /** Tells them what it found out about an upstream. */
    readonly tellNews: (news: News) => void
    /** Whose the connections are. */
    readonly accepting: Accepting
    /** The numbers of all that run or soon run again. */
    readonly numbers: () => Promise<readonly number[]>
    /** The same for all of them, so that a client can go on with its TLS session whoever accepts it. */
    readonly ticketSeed: () => Promise<TicketSeed>
  }
  /** True where this role is all that the process runs, and the others run elsewhere. */
  readonly alone: boolean
}

export interface Role {
  /** What to tell about it: addresses, counts. Plain JSON. */
  readonly facts: Readonly<Record<string, string | number>>
  /** Asked by /readyz. Resolves within seconds, and never rejects. */
  ready(): Promise<Readiness>
  /** Rejects when the role cannot go on; its process should then end. */
  readonly failed: Promise<never>
  /** Figures for the summary at the end. */
  figures(): Readonly<Record<string, number>>
  /** Takes over a new configuration of the services while it runs; throws when it is wrong. */
  reload?(config: Config): void | Promise<void>
  /** What the other processes of this role let through. */
  absorb?(counts: readonly LimitCount[]): void
  /** What one of them found out about an upstream. */
  hear?(news: News): void
  /** Of the processes behind it, where it has some. */
  metrics?(): Promise<readonly MetricsJson[]>
  close(): Promise<void>
}

/** For roles that have nothing that can fail later. */
export const never: Promise<never> = new Promise(() => undefined)
