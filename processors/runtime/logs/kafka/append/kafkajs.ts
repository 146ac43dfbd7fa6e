/**
 * Appends through kafkajs, in batches of its own: one request per record collapses at some thousand records a second.
 *
 * One request is in flight at a time. kafkajs gives a failed request's sequence numbers to the next one; if the failed one
 * had arrived after all, the broker would take the next for its repetition and drop it. For the same reason a producer that
 * has failed for good is thrown away: the next one has an id, and so sequence numbers, of its own.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka, Producer, RecordMetadata } from 'kafkajs'
import { LogError } from '../../../../../schemas/log.ts'
import { toBuffer } from '../client.ts'
import { toLogError } from '../errors.ts'
import { type Addressed, type Appender, sizeOf } from './appender.ts'

/** One request stays below the broker's default limit of 1 MiB a batch, whatever share one partition has in it. */
const REQUEST_BYTES = 900 * 1024

interface Waiting {
  readonly records: readonly Addressed[]
  readonly offsets: number[]
  /** Records that have gone out already. */
  sent: number
  readonly resolve: (offsets: readonly number[]) => void
  readonly reject: (error: LogError) => void
}

interface Slice {
  readonly waiting: Waiting
  /** Of the record in its append. */
  readonly index: number
  readonly record: Addressed
}

/** The next request: records from the head of the queue, in order. */
const nextRequest = (queue: readonly Waiting[]): Slice[] => {
  const slices: Slice[] = []
  let bytes = 0
  for (const waiting of queue) {
    for (const [at, record] of waiting.records.slice(waiting.sent).entries()) {
      bytes += sizeOf(record)
      if (bytes > REQUEST_BYTES && slices.length > 0) return slices
      slices.push({ waiting, index: waiting.sent + at, record })
    }
  }
  return slices
}

type Group = Slice[]

const byPartition = (slices: readonly Slice[]): Map<string, Group> => {
  const groups = new Map<string, Group>()
  for (const slice of slices) {
    const place = `${slice.record.topic}/${slice.record.partition}`
    const group = groups.get(place)
    if (group === undefined) groups.set(place, [slice])
    else group.push(slice)
  }
  return groups
}

const toMessage = ({ partition, record }: Addressed) => ({
  key: record.key,
  value: toBuffer(record.value),
  partition,
  timestamp: String(Math.floor(record.timestamp)),
})

const byTopic = (slices: readonly Slice[]) => {
  const topics = new Map<string, ReturnType<typeof toMessage>[]>()
  for (const { record } of slices) {
    const messages = topics.get(record.topic) ?? []
    if (messages.length === 0) topics.set(record.topic, messages)
    messages.push(toMessage(record))
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }))
}

/** The broker names the first offset of each partition's batch; the rest follow without gaps. */
const settle = (slices: readonly Slice[], answers: readonly RecordMetadata[]): void => {
  const groups = byPartition(slices)
  for (const { topicName, partition, baseOffset } of answers)
    for (const [nth, { waiting, index }] of (groups.get(`${topicName}/${partition}`) ?? []).entries())
      waiting.offsets[index] = Number(baseOffset) + nth
}

const sum = (queue: readonly Waiting[]): number =>
  queue.reduce((total, { records, sent }) => total + records.length - sent, 0)

interface Sending {
  readonly kafka: Kafka
  readonly deliveryTimeoutMs: number
  producer: Promise<Producer> | undefined
}

const open = async ({ kafka }: Sending): Promise<Producer> => {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  })
  try {
    await producer.connect()
    return producer
  } catch (error) {
    await producer.disconnect().catch(() => undefined)
    throw error
  }
}

/** Not awaited where records wait: a disconnect waits for answers that may never come. */
const discard = async (sending: Sending): Promise<void> => {
  const opened = sending.producer
  sending.producer = undefined
  const producer = await opened?.catch(() => undefined)
  await producer?.disconnect().catch(() => undefined)
}

/**
 * Rejects after `ms`; the work that is given up is ended by throwing its producer away. A plain timer: a signal that aborts
 * makes an error, with its stack, for every request.
 */
const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = (): LogError =>
      new LogError('unavailable', `no broker has acknowledged within ${ms} ms; is it up and reachable?`)
    timer = setTimeout(() => reject(error()), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const send = async (sending: Sending, slices: readonly Slice[]): Promise<void> => {
  const topicMessages = byTopic(slices)
  const work = async (): Promise<RecordMetadata[]> => {
    sending.producer ??= open(sending)
    return await (await sending.producer).sendBatch({ topicMessages })
  }
  settle(slices, await within(sending.deliveryTimeoutMs, work()))
}

const advance = (queue: Waiting[], slices: readonly Slice[]): void => {
  for (const { waiting } of slices) waiting.sent += 1
  while (queue[0] !== undefined && queue[0].sent === queue[0].records.length) {
    const done = queue.shift() as Waiting
    done.resolve(done.offsets)
  }
}

/** One loop at a time empties the queue. What fails takes everything queued behind it along, so that order holds. */
const drain = async (sending: Sending, queue: Waiting[]): Promise<void> => {
  while (queue.length > 0) {
    const slices = nextRequest(queue)
    try {
      await send(sending, slices)
      advance(queue, slices)
    } catch (error) {
      const failed = toLogError(error, `appending ${sum(queue)} records`)
      const lost = queue.splice(0)
      void discard(sending)
      for (const { reject } of lost) reject(failed)
    }
  }
}

export interface KafkajsAppenderOptions {
  readonly kafka: Kafka
  readonly lingerMs: number
  readonly deliveryTimeoutMs: number
}

export const kafkajsAppender = ({ kafka, lingerMs, deliveryTimeoutMs }: KafkajsAppenderOptions): Appender => {
  const sending: Sending = { kafka, deliveryTimeoutMs, producer: undefined }
  const queue: Waiting[] = []
  let draining: Promise<void> | undefined
  const start = (afterMs: number): void => {
    draining ??= delay(afterMs)
      .then(() => drain(sending, queue))
      .finally(() => (draining = undefined))
  }
  return {
    name: 'kafkajs',
    append: (records) =>
      new Promise((resolve, reject) => {
        queue.push({ records, offsets: [], sent: 0, resolve, reject })
        start(lingerMs)
      }),
    close: async (limitMs) => {
      await Promise.race([draining, delay(limitMs, undefined, { ref: false })])
      await Promise.race([discard(sending), delay(limitMs, undefined, { ref: false })])
    },
  }
}
