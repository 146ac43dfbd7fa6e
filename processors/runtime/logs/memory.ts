/**
 * The log in memory: the reference for the port's promises, and what tests and `learn` run on. Durable means: it outlives
 * the handle. Two handles on one storage are two processes on one log.
 */
import {
  type EventLog,
  LogError,
  type LogRecord,
  type NewRecord,
  type ProcessOptions,
  type Range,
  type ReadOptions,
  type TopicSpec,
} from '../../../schemas/log.ts'
import { changelogOf, positionIn } from './kit/changelog.ts'
import { hostTasks, type CommittedStep, type Hosting } from './kit/hosting.ts'
import { partitionOf } from './kit/partitioner.ts'
import { joinSignals } from './kit/signals.ts'
import { openView } from './kit/view.ts'

interface Partition {
  records: LogRecord[]
  next: number
  readonly waiting: Set<() => void>
}

interface MemoryTopic {
  readonly spec: TopicSpec
  readonly partitions: readonly Partition[]
}

/** What the handles on one log in memory share. */
export interface MemoryStorage {
  readonly topics: Map<string, MemoryTopic>
  readonly owners: Map<string, Hosting>
}

export const memoryStorage = (): MemoryStorage => ({ topics: new Map(), owners: new Map() })

export interface MemoryLog extends EventLog {
  /** Keeps only the last record of each key, and no tombstone. */
  compact(topic: string): void
}

interface Handle {
  readonly storage: MemoryStorage
  readonly hosted: Set<Hosting>
  readonly closing: AbortController
}

const BATCH = 1000

const topicOf = ({ storage, closing }: Handle, name: string): MemoryTopic => {
  if (closing.signal.aborted) throw new LogError('closed', 'The log is closed: open it again before using it.')
  const topic = storage.topics.get(name)
  if (topic === undefined) throw new LogError('unknown-topic', `The log has no topic ${name}: create it first.`)
  return topic
}

const partitionIn = (topic: MemoryTopic, index: number): Partition => {
  const partition = topic.partitions[index]
  if (partition !== undefined) return partition
  const count = topic.partitions.length
  throw new LogError('unknown-topic', `${topic.spec.name} has no partition ${index}: it has ${count}, counted from 0.`)
}

const newTopic = (spec: TopicSpec): MemoryTopic => ({
  spec,
  partitions: Array.from({ length: spec.partitions }, () => ({ records: [], next: 0, waiting: new Set() })),
})

const create = ({ storage }: Handle, spec: TopicSpec): void => {
  const there = storage.topics.get(spec.name)
  if (there === undefined) storage.topics.set(spec.name, newTopic(spec))
  else if (there.spec.partitions < spec.partitions)
    throw new LogError(
      'topic-mismatch',
      `${spec.name} has ${there.spec.partitions} partitions, ${spec.partitions} are wanted: use another log or as many.`,
    )
}

const put = (topic: MemoryTopic, record: NewRecord): number => {
  const index = record.partition ?? partitionOf(record.key, topic.partitions.length)
  const partition = partitionIn(topic, index)
  const offset = partition.next++
  const value = record.value === null ? null : Uint8Array.from(record.value)
  const { key, timestamp } = record
  partition.records.push({ topic: topic.spec.name, partition: index, offset, timestamp, key, value })
  for (const wake of partition.waiting) wake()
  return offset
}

/** Checked before anything is put, so that a bad record leaves nothing behind. */
const check = (topic: MemoryTopic, records: readonly NewRecord[]): void => {
  for (const { partition } of records) if (partition !== undefined) partitionIn(topic, partition)
}

/** Index of the first record at or after `offset`. */
const indexOf = (records: readonly LogRecord[], offset: number): number => {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((records[middle] as LogRecord).offset < offset) low = middle + 1
    else high = middle
  }
  return low
}

const startOf = (partition: Partition): number => partition.records[0]?.offset ?? partition.next

const firstOffset = (partition: Partition, from: ReadOptions['from']): number => {
  if (from.kind === 'offset') return from.offset
  if (from.kind === 'end') return partition.next
  if (from.kind === 'start') return startOf(partition)
  return partition.records.find((record) => record.timestamp >= from.time)?.offset ?? partition.next
}

/** Resolves when the partition has grown or the signal fires. */
const grown = (partition: Partition, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const wake = (): void => {
      partition.waiting.delete(wake)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    partition.waiting.add(wake)
    signal.addEventListener('abort', wake)
  })

const limitOf = (partition: Partition, until: ReadOptions['until']): number => {
  if (until === undefined) return Infinity
  return until.kind === 'end' ? partition.next : until.offset
}

async function* readMemory(handle: Handle, name: string, options: ReadOptions): AsyncGenerator<readonly LogRecord[]> {
  const partition = partitionIn(topicOf(handle, name), options.partition)
  const { signal, release } = joinSignals(handle.closing.signal, options.signal)
  const limit = limitOf(partition, options.until)
  let position = firstOffset(partition, options.from)
  try {
    while (position < limit && options.signal?.aborted !== true) {
      topicOf(handle, name)
      const from = indexOf(partition.records, position)
      const batch = partition.records.slice(from, from + BATCH).filter((record) => record.offset < limit)
      position = batch.length > 0 ? (batch.at(-1) as LogRecord).offset + 1 : Math.max(position, partition.next)
      if (batch.length > 0) yield batch
      else if (position < limit) await grown(partition, signal)
    }
  } finally {
    release()
  }
}

const compactTopic = (topic: MemoryTopic): void => {
  for (const partition of topic.partitions) {
    const last = new Map(partition.records.map((record) => [record.key, record.offset]))
    partition.records = partition.records.filter((r) => r.value !== null && last.get(r.key) === r.offset)
  }
}

const commit = (handle: Handle, { changelog, partition, outputs, changes, timestamp }: CommittedStep): void => {
  for (const output of outputs) check(topicOf(handle, output.topic), [output])
  const log = topicOf(handle, changelog)
  for (const output of outputs) put(topicOf(handle, output.topic), output)
  for (const change of changes) put(log, { ...change, timestamp, partition })
}

const rangesOf = (handle: Handle, name: string): Range[] =>
  topicOf(handle, name).partitions.map((p, partition) => ({ partition, start: startOf(p), end: p.next }))

const startProcess = (handle: Handle, options: ProcessOptions): Hosting => {
  const { partitions } = topicOf(handle, options.input)
  create(handle, { name: changelogOf(options.app), partitions: partitions.length, cleanup: 'compact' })
  const log = {
    read: (topic: string, how: ReadOptions) => readMemory(handle, topic, how),
    ranges: async (topic: string) => rangesOf(handle, topic),
    commit: async (step: CommittedStep) => commit(handle, step),
  }
  handle.storage.owners.get(options.app)?.fence(`Another owner of ${options.app} took over.`)
  const hosting = hostTasks(log, options, partitions.length)
  handle.storage.owners.set(options.app, hosting)
  handle.hosted.add(hosting)
  return hosting
}

const committedIn = (handle: Handle, app: string, input: string): number[] => {
  const changelog = handle.storage.topics.get(changelogOf(app))
  return topicOf(handle, input).partitions.map((_, index) => {
    const records = changelog?.partitions[index]?.records ?? []
    const last = records.findLast((record) => positionIn(record) !== undefined)
    return last === undefined ? 0 : (positionIn(last) ?? 0)
  })
}

/** Opens a log in memory; give the same `storage` to several for several processes on one log. */
export const openMemoryLog = ({ storage = memoryStorage() }: { readonly storage?: MemoryStorage } = {}): MemoryLog => {
  const handle: Handle = { storage, hosted: new Set(), closing: new AbortController() }
  const log: MemoryLog = {
    createTopics: async (specs) => {
      for (const spec of specs) create(handle, spec)
    },
    append: async (name, records) => {
      const topic = topicOf(handle, name)
      check(topic, records)
      return records.map((record) => put(topic, record))
    },
    read: (topic, options) => readMemory(handle, topic, options),
    ranges: async (name) => rangesOf(handle, name),
    view: (topic) => openView(log, topic),
    process: async (options) => startProcess(handle, options),
    committed: async (app, input) => committedIn(handle, app, input),
    compact: (topic) => compactTopic(topicOf(handle, topic)),
    close: async () => {
      await Promise.all([...handle.hosted].map((hosting) => hosting.close()))
      handle.closing.abort()
    },
  }
  return log
}
