/**
 * Appends through librdkafka where node-rdkafka is installed (an optional peer, since it compiles for minutes). It batches
 * and retries on threads of its own; each record's delivery report is counted against its append.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { LogError } from '../../../../../schemas/log.ts'
import { type KafkaLogOptions, toBuffer } from '../client.ts'
import { toLogError } from '../errors.ts'
import { MAX_RECORD_BYTES } from '../topics.ts'
import type { Addressed, Appender } from './appender.ts'

/** The part of node-rdkafka that is used: it is not there to take the types from. */
interface Report {
  readonly offset: number
  readonly opaque: Delivery
}

interface RdProducer {
  connect(metadata: object, done: (error: Error | null) => void): void
  disconnect(timeoutMs: number, done: () => void): void
  produce(...args: readonly unknown[]): unknown
  setPollInterval(ms: number): void
  flush(timeoutMs: number, done: (error: Error | null) => void): void
  on(event: 'delivery-report', listener: (error: Error | null, report: Report) => void): void
  on(event: 'event.error', listener: (error: Error) => void): void
}

export interface Rdkafka {
  readonly Producer: new (config: object, topicConfig?: object) => RdProducer
}

/** One append: done when each of its records is reported, in whatever order. */
interface Append {
  readonly offsets: number[]
  missing: number
  failure: Error | undefined
  readonly resolve: (offsets: readonly number[]) => void
  readonly reject: (error: LogError) => void
}

interface Delivery {
  readonly append: Append
  readonly index: number
}

const QUEUE_FULL = -184

/** Undefined where node-rdkafka is not installed or does not load. */
export const loadRdkafka = async (specifier = 'node-rdkafka'): Promise<Rdkafka | undefined> => {
  try {
    const loaded = (await import(specifier)) as { readonly default: Rdkafka }
    return loaded.default
  } catch {
    return undefined
  }
}

const security = ({ ssl, sasl }: KafkaLogOptions): object => {
  const secure = ssl !== undefined && ssl !== false
  const protocol = `${sasl === undefined ? '' : 'sasl_'}${secure ? 'ssl' : 'plaintext'}`
  const login =
    sasl !== undefined && 'username' in sasl
      ? {
          'sasl.mechanisms': sasl.mechanism.toUpperCase(),
          'sasl.username': sasl.username,
          'sasl.password': sasl.password,
        }
      : {}
  const { ca, cert, key, rejectUnauthorized } = typeof ssl === 'object' ? ssl : {}
  const files = Object.entries({ 'ssl.ca.pem': ca, 'ssl.certificate.pem': cert, 'ssl.key.pem': key })
  return {
    'security.protocol': protocol,
    ...login,
    ...Object.fromEntries(files.filter(([, pem]) => pem !== undefined).map(([name, pem]) => [name, String(pem)])),
    ...(rejectUnauthorized === false ? { 'enable.ssl.certificate.verification': false } : {}),
  }
}

const configOf = (options: KafkaLogOptions): object => ({
  'client.id': options.clientId,
  'metadata.broker.list': options.brokers.join(','),
  ...security(options),
  // Acknowledged by all replicas in sync, in order, once, even when requests are repeated.
  'enable.idempotence': true,
  'linger.ms': options.lingerMs ?? 5,
  'message.timeout.ms': options.deliveryTimeoutMs ?? 30_000,
  'message.max.bytes': MAX_RECORD_BYTES,
  'queue.buffering.max.messages': 200_000,
  'reconnect.backoff.max.ms': 1000,
  'allow.auto.create.topics': false,
  dr_cb: true,
})

const connect = (producer: RdProducer, timeout: number): Promise<void> =>
  new Promise((resolve, reject) =>
    producer.connect({ timeout }, (error) => {
      if (error) reject(toLogError(error, 'connecting to the brokers'))
      else resolve()
    }),
  )

const reported = (error: Error | null, { offset, opaque: { append, index } }: Report): void => {
  append.offsets[index] = offset
  append.failure ??= error ?? undefined
  append.missing -= 1
  if (append.missing > 0) return
  if (append.failure === undefined) append.resolve(append.offsets)
  else append.reject(toLogError(append.failure, `appending ${append.offsets.length} records`))
}

/** An empty buffer without memory of its own would reach librdkafka as no value at all: a tombstone. */
const EMPTY = Buffer.alloc(1).subarray(0, 0)

const valueOf = ({ value }: Addressed['record']): Buffer | null => (value?.length === 0 ? EMPTY : toBuffer(value))

/** Hands one record over; false while librdkafka's queue is full, which is its backpressure. */
const produce = (producer: RdProducer, { topic, partition, record }: Addressed, delivery: Delivery): boolean => {
  // To librdkafka a timestamp of 0 means now.
  const timestamp = Math.max(1, Math.floor(record.timestamp))
  try {
    producer.produce(topic, partition, valueOf(record), record.key, timestamp, delivery)
    return true
  } catch (error) {
    if ((error as { code?: number }).code !== QUEUE_FULL) throw error
    return false
  }
}

/** Calls pass one after the other, so that waiting for room does not change their order. */
const inTurn = () => {
  let last: Promise<void> = Promise.resolve()
  return (work: () => Promise<void>): Promise<void> => {
    last = last.then(work, work)
    return last
  }
}

const hand = async (producer: RdProducer, records: readonly Addressed[], append: Append): Promise<void> => {
  for (const [index, record] of records.entries()) {
    try {
      const delivery = { append, index }
      while (!produce(producer, record, delivery)) await delay(5)
    } catch (error) {
      reported(error as Error, { offset: -1, opaque: { append, index } })
    }
  }
}

/** Rejects when no broker answers within the delivery timeout. */
export const rdkafkaAppender = async (library: Rdkafka, options: KafkaLogOptions): Promise<Appender> => {
  const producer = new library.Producer(configOf(options))
  producer.on('delivery-report', reported)
  // librdkafka reconnects by itself; what it could not deliver is in the delivery reports.
  producer.on('event.error', (error) => options.logger?.debug({ error: error.message }, 'librdkafka'))
  await connect(producer, options.deliveryTimeoutMs ?? 30_000)
  producer.setPollInterval(options.lingerMs ?? 5)
  const turn = inTurn()
  return {
    name: 'rdkafka',
    append: (records) =>
      new Promise((resolve, reject) => {
        const append = { offsets: [], missing: records.length, failure: undefined, resolve, reject }
        void turn(() => hand(producer, records, append))
      }),
    close: async (limitMs) => {
      await turn(async () => undefined)
      await new Promise<void>((resolve) => producer.flush(limitMs, () => resolve()))
      // Its disconnect has been seen to hang: do not wait for ever.
      const gone = new Promise<void>((resolve) => producer.disconnect(limitMs, () => resolve()))
      await Promise.race([gone, delay(limitMs, undefined, { ref: false })])
    },
  }
}
