/** The one place where kafkajs clients are configured. */
import { Kafka, logLevel, type LogEntry, type SASLOptions } from 'kafkajs'
import type { ConnectionOptions } from 'node:tls'

/** The part of pino's interface that is used. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface KafkaLogOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl?: boolean | ConnectionOptions
  readonly sasl?: SASLOptions
  /** What appends: node-rdkafka where it is installed (`auto`), or one of the two. */
  readonly producer?: 'auto' | 'rdkafka' | 'kafkajs'
  /** Where node-rdkafka is, when it is not where Node finds it: a path or URL to import. */
  readonly rdkafka?: string
  readonly logger?: Logger
  /** Of topics made here; -1 takes the brokers' default. */
  readonly replicationFactor?: number
  /** How long records wait for others to share a request with (5). */
  readonly lingerMs?: number
  /** After this long (30,000) without an answer an append rejects. */
  readonly deliveryTimeoutMs?: number
  /** A processing instance that is silent for this long loses its partitions (6,000). */
  readonly sessionTimeoutMs?: number
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export const loggerOf = ({ logger }: KafkaLogOptions): Logger => logger ?? silent

/** Broker name and port, for messages to a person. */
export const addressOf = ({ brokers }: KafkaLogOptions): string => brokers.join(', ')

/**
 * kafkajs logs errors that it then retries with success, so its own log is for debugging only; what matters reaches the
 * caller as a LogError.
 */
const quietly = (logger: Logger) => () => (entry: LogEntry) => {
  const { message, timestamp: _, ...fields } = entry.log
  logger.debug({ kafkajs: entry.namespace, ...fields }, message)
}

/** A configured kafkajs, which tries `retries` times (12: about 15 s) before it gives up. Each producer, consumer and admin it makes has connections of its own. */
export const openKafka = (options: KafkaLogOptions, retries = 12): Kafka =>
  new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 50, maxRetryTime: 2000, retries },
    logLevel: logLevel.INFO,
    logCreator: quietly(loggerOf(options)),
  })

/** kafkajs takes Buffers only; any other Uint8Array it would write as something else. No bytes are copied. */
export const toBuffer = (bytes: Uint8Array | null): Buffer | null =>
  bytes === null || Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
