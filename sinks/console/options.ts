/** What the console is told. */
import type { Server } from 'node:http'
import type { Registry } from 'prom-client'
import type { Codecs } from '../../schemas/codecs.ts'
import type { Command } from '../../schemas/events.ts'
import type { EventLog } from '../../schemas/log.ts'
import type { Database } from '../kit/database.ts'
import type { Logger } from '../kit/logger.ts'

export interface ConsoleOptions {
  /** Opened for writing `control`. */
  readonly log: EventLog
  readonly codecs: Codecs
  readonly database: Database
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Makes the server listen where somebody holds the address open already; false: nobody does. */
  readonly enter?: (server: Server) => Promise<boolean>
  /** Needed to listen on anything but loopback. Clients send it as `Authorization: Bearer …`. */
  readonly token?: string
  /** Host names (without port) under which it is reached besides its own address. */
  readonly allowedHosts?: readonly string[]
  readonly registry: Registry
  readonly logger: Logger
  /** Metrics of the whole process family; those of `registry` unless given. */
  readonly metricsText?: () => Promise<string>
  /** Shown by GET /api/config: secrets already masked. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Asked by GET /readyz: why it should get no work now. Whether the database answers unless given. */
  readonly unready?: () => Promise<readonly string[]>
  /** Puts a command among a service's events where this process may not append to them; appended here unless given. */
  readonly handOver?: (service: string, command: Command) => Promise<void>
  /** The processors' app: under this name their position is committed. */
  readonly app: string
  /** The mode that services have while nobody set one. */
  readonly defaultMode?: Mode
  /** From this fidelity on a ghost counts as ready; 0.6. */
  readonly minConfidence?: number
  /** Anomalies are told of faults that are ordered, unless their order says otherwise. */
  readonly faultsAlarm?: boolean
}

export const modes = ['off', 'failover', 'mock'] as const
export type Mode = (typeof modes)[number]

export interface Console {
  /** `http://host:port`, as it listens. */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}
