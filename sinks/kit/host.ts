/**
 * Runs a sink over the log: one reader per partition fills a bounded queue, one writer empties it. While a write is under
 * way the next batch gathers, so batches grow with the load. Whatever fails and may work later is tried again with back-off,
 * and nothing is dropped: the readers wait while the queue is full.
 */
import type { Codecs } from '../../schemas/codecs.ts'
import { LogError, type EventLog, type LogRecord } from '../../schemas/log.ts'
import { topicName, type Topic } from '../../schemas/topics.ts'
import { pause } from './backoff.ts'
import { untilItWorks } from './retry.ts'
import { DatabaseError } from './database.ts'
import type { Logger } from './logger.ts'
import { positionKey, type Batch, type Sink } from './sink.ts'

export interface HostOptions {
  readonly log: EventLog
  readonly codecs: Codecs
  readonly sink: Sink
  readonly logger: Logger
  /** Stored positions beyond the log's end: forget what is stored and rebuild it (embedded), or refuse to go on. */
  readonly rebuild: boolean
  /** How long records gather before a write, ms. */
  readonly lingerMs?: number
  readonly onWrite?: (write: { readonly records: number; readonly seconds: number }) => void
  readonly onRetry?: () => void
}

export interface Running {
  /** The next offset per `topic/partition`, as stored. */
  positions(): ReadonlyMap<string, number>
  /** Resolves after `close`; rejects when the sink cannot go on. */
  readonly done: Promise<void>
  close(): Promise<void>
}

/** More than this many records waiting, and the readers wait too. */
const QUEUE = 10_000
/** One database transaction takes at most about this many. */
const BATCH = 4_000

interface Queue {
  push(batch: Batch): Promise<void>
  /** Waits for records, then for `linger` ms more unless there are many. Empty when aborted. */
  take(): Promise<readonly Batch[]>
}

const createQueue = (linger: number, signal: AbortSignal): Queue => {
  let waiting: Batch[] = []
  let size = 0
  let wake = (): void => {}
  const changed = (): Promise<void> => new Promise((resolve) => (wake = resolve))
  let change = changed()
  const touch = (): void => {
    const waker = wake
    change = changed()
    waker()
  }
  signal.addEventListener('abort', touch, { once: true })
  const takeSome = (): Batch[] => {
    let count = 0
    let upTo = 0
    while (upTo < waiting.length && count < BATCH) count += (waiting[upTo++] as Batch).records.length
    const taken = waiting.slice(0, upTo)
    waiting = waiting.slice(upTo)
    size -= count
    touch()
    return taken
  }
  return {
    push: async (batch) => {
      while (size > QUEUE && !signal.aborted) await change
      waiting.push(batch)
      size += batch.records.length
      touch()
    },
    take: async () => {
      while (waiting.length === 0 && !signal.aborted) await change
      if (size < BATCH / 2) await pause(linger, signal)
      return takeSome()
    },
  }
}

const persist = <T>(what: string, options: HostOptions, signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
  untilItWorks(what, { logger: options.logger, signal, onRetry: options.onRetry }, work)

/** Positions beyond the end mean that the log was replaced under the database. */
const checkedPositions = async (options: HostOptions): Promise<Map<string, number>> => {
  const { sink, log, logger } = options
  const stored = await sink.positions()
  const beyond: string[] = []
  const positions = new Map<string, number>()
  for (const topic of sink.topics)
    for (const range of await log.ranges(topicName(topic))) {
      const key = positionKey(topic, range.partition)
      const position = stored.get(key) ?? 0
      if (position > range.end) beyond.push(`${key}: stored ${position}, the log ends at ${range.end}`)
      positions.set(key, position)
    }
  if (beyond.length === 0) return positions
  if (!options.rebuild)
    throw new DatabaseError(
      'failed',
      `the database of sink ${sink.name} was filled from another log (${beyond.join('; ')}). Point it at an empty database, or at its own log.`,
    )
  logger.warn({ sink: sink.name, beyond }, 'the log was replaced: rebuilding the database from its start')
  await sink.reset()
  return new Map([...positions.keys()].map((key) => [key, 0]))
}

const follow = async (
  options: HostOptions,
  queue: Queue,
  at: { topic: Topic; partition: number; offset: number },
  signal: AbortSignal,
): Promise<void> => {
  const { log, codecs } = options
  let offset = at.offset
  const read = async (): Promise<void> => {
    const reading = log.read(topicName(at.topic), { partition: at.partition, from: { kind: 'offset', offset }, signal })
    for await (const records of reading) {
      const last = records.at(-1)
      if (last === undefined) continue
      await codecs.prepare(records.map((record) => record.value)).catch((cause: unknown) => {
        throw new LogError('unavailable', `the schema store does not answer: ${(cause as Error).message}`, { cause })
      })
      await queue.push({ topic: at.topic, partition: at.partition, records })
      offset = last.offset + 1
    }
  }
  while (!signal.aborted) {
    await persist(`reading ${at.topic}/${at.partition}`, options, signal, read)
    await pause(100, signal)
  }
}

const merged = (batches: readonly Batch[]): readonly Batch[] => {
  const byKey = new Map<string, { topic: Topic; partition: number; records: LogRecord[] }>()
  for (const { topic, partition, records } of batches) {
    const key = positionKey(topic, partition)
    const known = byKey.get(key)
    if (known) known.records.push(...records)
    else byKey.set(key, { topic, partition, records: [...records] })
  }
  return [...byKey.values()]
}

const writeAll = async (
  options: HostOptions,
  queue: Queue,
  positions: Map<string, number>,
  signal: AbortSignal,
): Promise<void> => {
  for (;;) {
    const batches = merged(await queue.take())
    if (batches.length === 0) {
      if (signal.aborted) return
      continue
    }
    const started = performance.now()
    await persist('writing', options, signal, () => options.sink.write(batches))
    for (const { topic, partition, records } of batches)
      positions.set(positionKey(topic, partition), (records.at(-1) as LogRecord).offset + 1)
    const records = batches.reduce((sum, batch) => sum + batch.records.length, 0)
    options.onWrite?.({ records, seconds: (performance.now() - started) / 1000 })
  }
}

/** Starts a sink where it stopped; resolves once its positions are known, which needs log and database once. */
export const runSink = async (options: HostOptions): Promise<Running> => {
  const stop = new AbortController()
  const { signal } = stop
  const positions = await persist('starting', options, signal, () => checkedPositions(options))
  const queue = createQueue(options.lingerMs ?? 50, signal)
  const readers = options.sink.topics.flatMap((topic) =>
    [...positions.keys()]
      .filter((key) => key.startsWith(`${topic}/`))
      .map((key) => ({ topic, partition: Number(key.slice(topic.length + 1)), offset: positions.get(key) ?? 0 })),
  )
  const ignoreWhenStopped = (error: unknown): void => {
    if (!signal.aborted) throw error
  }
  const work = [writeAll(options, queue, positions, signal), ...readers.map((at) => follow(options, queue, at, signal))]
  const done = Promise.all(work.map((w) => w.catch(ignoreWhenStopped))).then(
    () => undefined,
    (error: unknown) => {
      stop.abort()
      throw error
    },
  )
  done.catch(() => {})
  return {
    positions: () => positions,
    done,
    close: async () => {
      stop.abort()
      await done.catch(() => {})
    },
  }
}
