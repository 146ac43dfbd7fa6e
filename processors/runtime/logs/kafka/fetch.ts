/** One fetch of one partition under read_committed, and where the next one begins. */
import type { Broker, Cluster } from 'kafkajs'
import { LogError, type LogRecord } from '../../../../schemas/log.ts'
import { type FetchedMessage, type FetchedPartition, leaderOf, READ_COMMITTED } from './cluster.ts'

export interface Fetched {
  readonly records: readonly LogRecord[]
  readonly next: number
}

export interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

const MAX_BYTES = 4 * 1024 * 1024
/** How long the broker holds a fetch that finds nothing; bounds how long a closing reader lingers. */
const MAX_WAIT_MS = 250

/** A control record's key is a version and a type, both int16: 0 aborts, 1 commits. */
const isAbort = (message: FetchedMessage): boolean => message.isControlRecord && message.key?.readInt16BE(2) === 0

/**
 * Leaves out what was aborted, as Kafka's own consumer does: the broker lists each aborted transaction with its producer
 * and first offset; from there on that producer's transactional records do not count, until its abort marker.
 */
export const committedOnly = ({ messages, abortedTransactions }: FetchedPartition): readonly FetchedMessage[] => {
  const aborted = [...(abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const open = new Set<string>()
  return messages.filter((message) => {
    while (aborted[0] !== undefined && Number(aborted[0].firstOffset) <= Number(message.offset))
      open.add((aborted.shift() as { producerId: string }).producerId)
    const { producerId, inTransaction } = message.batchContext
    if (isAbort(message)) open.delete(producerId)
    return !message.isControlRecord && !(inTransaction && open.has(producerId))
  })
}

/** Empty values are empty, not absent: kafkajs reads a length of -1 as null. */
const toRecord = ({ topic, partition }: Place, message: FetchedMessage): LogRecord => ({
  topic,
  partition,
  offset: Number(message.offset),
  timestamp: Number(message.timestamp),
  key: message.key?.toString() ?? '',
  value: message.value,
})

/**
 * A batch that compaction has thinned out still spans its old offsets; so the next fetch begins behind the span, not
 * behind the last record left. A span without any record left is crossed by single steps: kafkajs does not tell its length.
 */
const nextAfter = (place: Place, { messages, lastStableOffset }: FetchedPartition): number => {
  const last = messages.at(-1)
  const spanned = last === undefined ? 0 : Number(last.batchContext.firstOffset) + last.batchContext.lastOffsetDelta + 1
  if (spanned > place.offset) return spanned
  return Number(lastStableOffset) > place.offset ? place.offset + 1 : place.offset
}

/** Fetches once; `waitMs` 0 answers at once. Throws what kafkajs throws, an offset out of range included. */
export const fetchOnce = async (cluster: Cluster, place: Place, waitMs = MAX_WAIT_MS): Promise<Fetched> => {
  const broker: Broker = await leaderOf(cluster, place.topic, place.partition)
  const { partition, offset } = place
  const answer = (await broker.fetch({
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    maxWaitTime: waitMs,
    minBytes: 1,
    maxBytes: MAX_BYTES,
    topics: [{ topic: place.topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: MAX_BYTES }] }],
  })) as { responses: { partitions: FetchedPartition[] }[] }
  const fetched = answer.responses[0]?.partitions[0]
  if (fetched === undefined) throw new LogError('unavailable', `the broker left ${place.topic}/${partition} out`)
  const records = committedOnly(fetched)
    .filter((message) => Number(message.offset) >= offset)
    .map((message) => toRecord(place, message))
  return { records, next: nextAfter(place, fetched) }
}
