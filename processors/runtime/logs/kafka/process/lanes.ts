/**
 * Fetch bookkeeping. One consumer fetches all partitions of an instance; a lane is one topic's partition of it, with the
 * offset that its task wants next. kafkajs forgets positions at each join and resets them when it thinks it must, so
 * its word is never taken for where we are: a batch counts only when it was fetched from exactly the lane's `next`.
 */
import type { Batch, Consumer, InstrumentationEvent, ConsumerStartBatchProcessEvent } from 'kafkajs'
import type { LogRecord } from '../../../../../schemas/log.ts'

export interface Lane {
  readonly topic: string
  readonly partition: number
  next: number
  flowing: boolean
  /** Batches in a row that did not begin at `next`. */
  strays: number
  readonly receive: (records: readonly LogRecord[]) => void
  /** The consumer does not get to `next`: the task must start anew. */
  readonly astray: () => void
}

export interface Lanes {
  /** Starts fetching from `next`. */
  open(lane: Lane): void
  close(lane: Lane): void
  pause(lane: Lane): void
  resume(lane: Lane): void
  /** Stops fetching a partition that no lane wants. */
  halt(partition: number): void
  /** After a join: tells the consumer again where every lane of the partition is, and whether it flows. */
  reposition(partition: number): void
  /** For eachBatch. */
  offer(batch: Batch): void
  /** For START_BATCH_PROCESS: batches of transaction markers only, which never reach eachBatch. */
  pass(event: InstrumentationEvent<ConsumerStartBatchProcessEvent['payload']>): void
}

/** A seek is honoured by the next fetch; so many wrong batches in a row mean that it cannot be. */
const MAX_STRAYS = 20

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`

const toRecords = ({ topic, partition, messages }: Batch): LogRecord[] =>
  messages.map((message) => ({
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key?.toString() ?? '',
    value: message.value,
  }))

export const openLanes = (consumer: Consumer, topics: readonly string[]): Lanes => {
  const lanes = new Map<string, Lane>()
  const seek = ({ topic, partition, next }: Lane): void => consumer.seek({ topic, partition, offset: String(next) })
  const place = ({ topic, partition }: Pick<Lane, 'topic' | 'partition'>) => [{ topic, partitions: [partition] }]
  const direct = (lane: Lane): void => {
    seek(lane)
    if (lane.flowing) consumer.resume(place(lane))
    else consumer.pause(place(lane))
  }
  const stray = (lane: Lane): void => {
    lane.strays += 1
    if (lane.strays > MAX_STRAYS) lane.astray()
    else seek(lane)
  }
  const flow = (lane: Lane, flowing: boolean): void => {
    if (lane.flowing === flowing) return
    lane.flowing = flowing
    if (flowing) consumer.resume(place(lane))
    else consumer.pause(place(lane))
  }
  const find = (topic: string, partition: number): Lane | undefined => lanes.get(nameOf(topic, partition))
  return {
    open: (lane) => {
      lanes.set(nameOf(lane.topic, lane.partition), lane)
      direct(lane)
    },
    close: (lane) => {
      if (find(lane.topic, lane.partition) !== lane) return
      lanes.delete(nameOf(lane.topic, lane.partition))
      consumer.pause(place(lane))
    },
    pause: (lane) => flow(lane, false),
    resume: (lane) => flow(lane, true),
    halt: (partition) => {
      for (const topic of topics) consumer.pause(place({ topic, partition }))
    },
    reposition: (partition) => {
      for (const topic of topics) {
        const lane = find(topic, partition)
        if (lane === undefined) consumer.pause(place({ topic, partition }))
        else direct(lane)
      }
    },
    offer: (batch) => {
      const lane = find(batch.topic, batch.partition)
      if (lane === undefined) return
      // Not in kafkajs' types, but what it asked the broker for: the first message may come later (compaction, markers).
      const { fetchedOffset } = batch as Batch & { readonly fetchedOffset: string }
      if (Number(fetchedOffset) !== lane.next) return stray(lane)
      lane.strays = 0
      lane.next = Number(batch.lastOffset()) + 1
      lane.receive(toRecords(batch))
    },
    pass: ({ payload }) => {
      const lane = find(payload.topic, payload.partition)
      if (lane === undefined || payload.batchSize > 0) return
      // The event does not say from where it was fetched. What begins before `next` is old; what begins behind it can
      // only follow a hole that compaction has left, since per partition kafkajs has one fetch or one batch in hand.
      if (Number(payload.firstOffset ?? payload.lastOffset) >= lane.next) lane.next = Number(payload.lastOffset) + 1
    },
  }
}
