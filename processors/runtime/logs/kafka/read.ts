/** `EventLog.read` and `ranges`: by offset or time, to an end or for ever, over broker restarts. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster, Kafka } from 'kafkajs'
import { LogError, type LogRecord, type Range, type ReadOptions } from '../../../../schemas/log.ts'
import { EARLIEST, LATEST, clusterOf, offsetAt, partitionsOf } from './cluster.ts'
import { joinSignals } from '../kit/signals.ts'
import { rootOf, toLogError } from './errors.ts'
import { fetchOnce } from './fetch.ts'

/** After this long without any answer a read that is not to follow for ever gives up. */
const PATIENCE_MS = 15_000
const RETRY_MS = 200

const STALE = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
])

/** Makes the next try ask the brokers anew: who leads, and which connection is still one. */
const forget = async (cluster: Cluster, error: unknown): Promise<void> => {
  const root = rootOf(error) as { type?: string; name: string; host?: string; port?: number }
  if (root.host !== undefined && root.port !== undefined) cluster.removeBroker({ host: root.host, port: root.port })
  const stale = STALE.has(root.type ?? '') || root.name !== 'KafkaJSProtocolError'
  if (stale && cluster.isConnected()) await cluster.refreshMetadata().catch(() => undefined)
}

/** Tries again while the log is away; `patience` bounds it. */
export const patiently = async <T>(cluster: Cluster, tries: Tries, work: () => Promise<T>): Promise<T> => {
  const since = performance.now()
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const failed = toLogError(error, tries.what)
      if (!failed.retry || tries.signal.aborted || performance.now() - since > (tries.patience ?? PATIENCE_MS))
        throw failed
      await delay(RETRY_MS, undefined, { signal: tries.signal }).catch(() => undefined)
      await forget(cluster, error)
    }
  }
}

export interface Tries {
  readonly what: string
  readonly signal: AbortSignal
  readonly patience?: number
}

const firstOffset = async (cluster: Cluster, topic: string, { partition, from }: ReadOptions): Promise<number> => {
  if (from.kind === 'offset') return from.offset
  if (from.kind === 'start') return await offsetAt(cluster, topic, { partition, timestamp: EARLIEST })
  const end = (): Promise<number> => offsetAt(cluster, topic, { partition, timestamp: LATEST })
  if (from.kind === 'end') return await end()
  const found = await offsetAt(cluster, topic, { partition, timestamp: Math.max(0, Math.ceil(from.time)) })
  return found >= 0 ? found : await end()
}

const limitOf = async (cluster: Cluster, topic: string, { partition, until }: ReadOptions): Promise<number> => {
  if (until === undefined) return Infinity
  if (until.kind === 'offset') return until.offset
  return await offsetAt(cluster, topic, { partition, timestamp: LATEST })
}

/** An offset that retention has taken moves on to the first one held; one beyond the end waits for the log to get there. */
const inRange = async (cluster: Cluster, topic: string, place: Reading): Promise<number> => {
  const start = await offsetAt(cluster, topic, { partition: place.partition, timestamp: EARLIEST })
  if (place.offset < start) return start
  await delay(RETRY_MS)
  return place.offset
}

interface Reading {
  readonly partition: number
  readonly offset: number
}

const fetchFrom = async (cluster: Cluster, topic: string, place: Reading) => {
  try {
    return await fetchOnce(cluster, { topic, ...place })
  } catch (error) {
    if (rootOf(error).type !== 'OFFSET_OUT_OF_RANGE') throw error
    return { records: [], next: await inRange(cluster, topic, place) }
  }
}

const bounds = async (cluster: Cluster, topic: string, options: ReadOptions): Promise<[number, number]> => [
  await firstOffset(cluster, topic, options),
  await limitOf(cluster, topic, options),
]

interface Reader {
  readonly cluster: Cluster
  readonly topic: string
  readonly options: ReadOptions
  readonly tries: Tries
}

/** Until the limit or a signal; a reader that follows for ever waits for ever for a log that is away. */
async function* follow({ cluster, topic, options, tries }: Reader): AsyncGenerator<readonly LogRecord[]> {
  const { partition, until } = options
  const patience = until === undefined ? Infinity : PATIENCE_MS
  const [start, limit] = await patiently(cluster, tries, () => bounds(cluster, topic, options))
  for (let offset = start; offset < limit && !tries.signal.aborted;) {
    const place = { partition, offset }
    const fetched = await patiently(cluster, { ...tries, patience }, () => fetchFrom(cluster, topic, place))
    offset = fetched.next
    const records = fetched.records.filter((record) => record.offset < limit)
    if (records.length > 0 && !tries.signal.aborted) yield records
  }
}

/** Reads one partition. The caller's signal ends it silently, `closing` (the log's own) with `closed`. */
export async function* readPartition(
  kafka: Kafka,
  topic: string,
  { closing, ...options }: ReadOptions & { readonly closing: AbortSignal },
): AsyncGenerator<readonly LogRecord[]> {
  const { signal, release } = joinSignals(closing, options.signal)
  const cluster = clusterOf(kafka)
  try {
    yield* follow({ cluster, topic, options, tries: { what: `reading ${topic}/${options.partition}`, signal } })
  } catch (error) {
    // Whatever it was busy with when it was told to end.
    if (!signal.aborted) throw error
  } finally {
    release()
    await cluster.disconnect()
  }
  if (closing.aborted && options.signal?.aborted !== true) throw new LogError('closed', 'the log was closed')
}

/** Start and end of every partition of a topic. */
export const rangesOf = async (cluster: Cluster, topic: string): Promise<Range[]> => {
  const ranges: Range[] = []
  const count = await partitionsOf(cluster, topic)
  for (let partition = 0; partition < count; partition++) {
    const start = await offsetAt(cluster, topic, { partition, timestamp: EARLIEST })
    ranges.push({ partition, start, end: await offsetAt(cluster, topic, { partition, timestamp: LATEST }) })
  }
  return ranges
}
