/** The embedded log: Kafka's promises for one machine, on segment files. See the README beside this folder. */
import type { Duplex } from 'node:stream'
import {
  type EventLog,
  LogError,
  type NewRecord,
  type ProcessOptions,
  type Range,
  type ReadOptions,
  type TopicSpec,
} from '../../../../schemas/log.ts'
import { changelogOf } from '../kit/changelog.ts'
import { type CommittedStep, type Hosting, hostTasks } from '../kit/hosting.ts'
import { joinSignals } from '../kit/signals.ts'
import { openView } from '../kit/view.ts'
import type { Head, Part } from './builder.ts'
import { readPartition } from './cursor.ts'
import { toLogError } from './files.ts'
import { type Journal, openJournal, type PartitionName, rangeOf } from './journal.ts'
import { committedAt } from './position.ts'
import { receive } from './receiver.ts'
import { openSender } from './sender.ts'
import { byTopic, split } from './split.ts'
import { checkTopic, defaultOwnership, journalDir, type Ownership, readTopics, type Writer, writers } from './topics.ts'
import { openWriter, type JournalWriter, type WriterOptions } from './writer.ts'

export interface EmbeddedLogOptions extends Omit<WriterOptions, 'dir' | 'writer' | 'journal'> {
  /** One profile's directory. */
  readonly dir: string
  /** Whose topics this process writes; none: it only reads. */
  readonly writer?: Writer | readonly Writer[] | undefined
  /** Whose topics it writes through the process that does: what is at the other end of `stream` is given to its `receive`. */
  readonly sender?: { readonly writer: Writer; readonly stream: Duplex } | undefined
  readonly ownership?: Ownership
}

export interface EmbeddedLog extends EventLog {
  /** Applies retention and compaction now, to every closed segment of the own journals. */
  clean(): Promise<void>
  /**
   * Appends what another process sends, which opened the log with `sender`. Resolves when the stream is closed; rejects when
   * what comes cannot be taken.
   */
  receive(writer: Writer, stream: Duplex): Promise<void>
  /** fdatasyncs so far. */
  readonly syncs: number
}

interface Log {
  readonly options: EmbeddedLogOptions
  readonly owns: readonly Writer[]
  readonly ownership: Ownership
  readonly journals: ReadonlyMap<Writer, Journal>
  readonly appenders: Map<Writer, JournalWriter>
  /** Topics known: ours, those read from others' journals, those only declared here until their owner creates them. */
  readonly topics: Map<string, TopicSpec>
  readonly hosted: Map<string, Hosting>
  readonly closing: AbortController
}

const ensureOpen = (log: Log): void => {
  if (log.closing.signal.aborted)
    throw new LogError('closed', `The log in ${log.options.dir} is closed: open it again before using it.`)
}

const findTopic = async (log: Log, name: string): Promise<TopicSpec> => {
  ensureOpen(log)
  const known = log.topics.get(name) ?? (await refreshTopics(log)).get(name)
  if (known !== undefined) return known
  throw new LogError('unknown-topic', `The log in ${log.options.dir} has no topic ${name}: create it first.`)
}

const refreshTopics = async (log: Log): Promise<Map<string, TopicSpec>> => {
  for (const journal of log.journals.values())
    for (const spec of await readTopics(journal.dir)) log.topics.set(spec.name, spec)
  return log.topics
}

const partitionsOf = (log: Log, spec: TopicSpec): number =>
  log.ownership(spec.name) === 'each' ? writers.length : spec.partitions

const checkPartition = (log: Log, spec: TopicSpec, partition: number): void => {
  const count = partitionsOf(log, spec)
  if (partition >= 0 && partition < count) return
  throw new LogError('unknown-topic', `${spec.name} has no partition ${partition}: it has ${count}, counted from 0.`)
}

const journalOf = (log: Log, { topic, partition }: PartitionName): Journal => {
  const owner = log.ownership(topic)
  return log.journals.get(owner === 'each' ? (writers[partition] ?? 'processors') : owner) as Journal
}

const appenderFor = (log: Log, topic: string): JournalWriter => {
  const owner = log.ownership(topic)
  const writer = log.appenders.get(owner === 'each' ? (log.owns[0] as Writer) : owner)
  if (writer !== undefined) return writer
  const mine = log.owns.length === 0 ? 'only reads' : `writes for ${log.owns.join(', ')}`
  throw new LogError(
    'locked',
    `${topic} is written by ${owner === 'each' ? 'writers' : owner}; this process ${mine}: send it there.`,
  )
}

const checkRecord = (log: Log, spec: TopicSpec, record: NewRecord): void => {
  if (record.partition !== undefined) checkPartition(log, spec, record.partition)
  const { key, value, timestamp } = record
  if (typeof key !== 'string' || typeof timestamp !== 'number' || !(value === null || value instanceof Uint8Array))
    throw new TypeError(`A record of ${spec.name} needs a key (text), a timestamp (number) and bytes or null.`)
}

const headsOf = (log: Log, spec: TopicSpec, writer: JournalWriter): Head[] => {
  const each = log.ownership(spec.name) === 'each'
  if (each) return [writer.head(spec.name, writers.indexOf(writer.writer))]
  return Array.from({ length: spec.partitions }, (_, partition) => writer.head(spec.name, partition))
}

const append = async (log: Log, topic: string, records: readonly NewRecord[]): Promise<readonly number[]> => {
  // No await before the records are handed over when the topic is known: calls keep their order.
  const spec = log.topics.get(topic) ?? (await findTopic(log, topic))
  ensureOpen(log)
  const writer = appenderFor(log, topic)
  for (const record of records) checkRecord(log, spec, record)
  if (records.length === 0) return []
  const { parts, places } = split(headsOf(log, spec, writer), records)
  const next = [...(await writer.append(parts, false))]
  return places.map((place) => (next[place] as number)++)
}

async function* read(log: Log, topic: string, options: ReadOptions): ReturnType<typeof readPartition> {
  const spec = await findTopic(log, topic)
  const { partition, from, until } = options
  checkPartition(log, spec, partition)
  const { signal, release } = joinSignals(log.closing.signal, options.signal)
  const how = { from, signal, ...(until === undefined ? {} : { until }) }
  try {
    yield* readPartition(journalOf(log, { topic, partition }), { topic, partition }, how)
  } catch (error) {
    throw toLogError(error, journalOf(log, { topic, partition }).dir)
  } finally {
    release()
  }
  if (options.signal?.aborted !== true) ensureOpen(log)
}

const rangesOf = async (log: Log, topic: string): Promise<Range[]> => {
  const spec = await findTopic(log, topic)
  const partitions = Array.from({ length: partitionsOf(log, spec) }, (_, partition) => partition)
  return Promise.all(
    partitions.map(async (partition) => {
      const name = { topic, partition }
      return { partition, ...(await rangeOf(journalOf(log, name), name)) }
    }),
  )
}

const createTopics = async (log: Log, specs: readonly TopicSpec[]): Promise<void> => {
  ensureOpen(log)
  await refreshTopics(log)
  const missing: TopicSpec[] = []
  for (const spec of specs) {
    const there = log.topics.get(spec.name)
    if (there !== undefined) checkTopic(there, spec)
    else log.topics.set(spec.name, spec)
    missing.push(there ?? spec)
  }
  for (const [name, writer] of log.appenders) {
    const own = missing.filter((spec) => [name, 'each'].includes(log.ownership(spec.name)))
    await writer.createTopics(own)
  }
}

/** One frame for the whole step: the journal holds all of it or nothing. */
const commit = async (
  log: Log,
  { changelog, partition, outputs, changes, timestamp }: CommittedStep,
): Promise<void> => {
  ensureOpen(log)
  const writer = appenderFor(log, changelog)
  const parts: Part[] = []
  for (const [topic, records] of byTopic(outputs)) {
    const spec = await findTopic(log, topic)
    if (appenderFor(log, topic) !== writer)
      throw new LogError('locked', `${topic} belongs to another writer: it can be no output of a step.`)
    for (const record of records) checkRecord(log, spec, record)
    parts.push(...split(headsOf(log, spec, writer), records).parts)
  }
  parts.push({ head: writer.head(changelog, partition), records: changes.map((change) => ({ ...change, timestamp })) })
  await writer.append(parts, true)
}

const startProcess = async (log: Log, options: ProcessOptions): Promise<Hosting> => {
  const input = await findTopic(log, options.input)
  const changelog = changelogOf(options.app)
  const writer = appenderFor(log, changelog)
  await createTopics(log, [{ name: changelog, partitions: partitionsOf(log, input), cleanup: 'compact' }])
  log.hosted.get(options.app)?.fence(`Another owner of ${options.app} took over.`)
  await writer.settled()
  const port = {
    read: (topic: string, how: ReadOptions) => read(log, topic, how),
    ranges: (topic: string) => rangesOf(log, topic),
    commit: (step: CommittedStep) => commit(log, step),
  }
  const hosting = hostTasks(port, options, partitionsOf(log, input))
  log.hosted.set(options.app, hosting)
  return hosting
}

const committedIn = async (log: Log, app: string, input: string): Promise<number[]> => {
  const spec = await findTopic(log, input)
  const partitions = Array.from({ length: partitionsOf(log, spec) }, (_, partition) => partition)
  return Promise.all(
    partitions.map((partition) => {
      const name = { topic: changelogOf(app), partition }
      return committedAt(journalOf(log, name), name, log.closing.signal)
    }),
  )
}

const close = async (log: Log): Promise<void> => {
  await Promise.all([...log.hosted.values()].map((hosting) => hosting.close()))
  log.closing.abort()
  for (const writer of log.appenders.values()) await writer.close()
  for (const journal of log.journals.values()) journal.close()
}

const openAll = async (options: EmbeddedLogOptions): Promise<Log> => {
  const { dir, writer, ownership = defaultOwnership } = options
  const owns = writer === undefined ? [] : typeof writer === 'string' ? [writer] : writer
  const journals = new Map(writers.map((name) => [name, openJournal(journalDir(dir, name))]))
  const log: Log = {
    options,
    owns,
    ownership,
    journals,
    appenders: new Map(),
    topics: new Map(),
    hosted: new Map(),
    closing: new AbortController(),
  }
  try {
    for (const name of owns) log.appenders.set(name, await openWriter(name, journals.get(name) as Journal, options))
    const { sender } = options
    if (sender !== undefined) log.appenders.set(sender.writer, openSender(sender.writer, sender.stream))
    await refreshTopics(log)
  } catch (error) {
    await close(log)
    throw error
  }
  return log
}

const receiveFor = (log: Log, name: Writer, stream: Duplex): Promise<void> => {
  const writer = log.appenders.get(name)
  if (writer?.adopt === undefined) throw new LogError('locked', `This process does not write for ${name}.`)
  const headOf = ({ topic, partition }: PartitionName): Head => {
    const spec = log.topics.get(topic)
    if (spec === undefined || log.ownership(topic) !== name)
      throw new LogError('unknown-topic', `The log in ${log.options.dir} has no topic ${topic} of ${name}.`)
    checkPartition(log, spec, partition)
    return writer.head(topic, partition)
  }
  return receive(stream, { headOf, adopt: writer.adopt })
}

/** An error of the file system is the port's `unavailable` or `disk-full`. */
const guarded = <T>(log: Log, result: Promise<T>): Promise<T> =>
  result.catch((error: unknown) => {
    throw toLogError(error, log.options.dir)
  })

/** Opens one profile's log: locks the journals this process writes, recovers them, and reads the others'. */
export const openEmbeddedLog = async (options: EmbeddedLogOptions): Promise<EmbeddedLog> => {
  const log = await openAll(options)
  const port: EmbeddedLog = {
    createTopics: (specs) => createTopics(log, specs),
    append: (topic, records) => append(log, topic, records),
    read: (topic, how) => read(log, topic, how),
    ranges: (topic) => guarded(log, rangesOf(log, topic)),
    view: (topic) => openView(port, topic),
    process: (how) => startProcess(log, how),
    committed: (app, input) => guarded(log, committedIn(log, app, input)),
    clean: async () => {
      for (const writer of log.appenders.values()) await writer.clean()
    },
    receive: (writer, stream) => receiveFor(log, writer, stream),
    get syncs() {
      return [...log.appenders.values()].reduce((sum, writer) => sum + writer.syncs, 0)
    },
    close: () => close(log),
  }
  return port
}
