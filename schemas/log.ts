/**
 * The log: the one port on which the rooms meet. Types only; adapters live in processors/runtime/logs and are chosen in deploy.
 *
 * Words are Kafka's: a topic has partitions, a partition is a sequence of records, each at one offset; the position of a
 * reader is the offset of the next record it wants. Values are bytes: `codec.ts` frames and reads them.
 *
 * One contract suite (test/contract/log.ts) holds every promise below over every adapter.
 */

/** A record as it is handed to the log. `value: null` is a tombstone: on a compacted topic it deletes its key. */
export interface NewRecord {
  readonly key: string
  readonly value: Uint8Array | null
  /** Event time in milliseconds since the epoch. */
  readonly timestamp: number
  /** Without it the key chooses (murmur2, as Kafka's default partitioner does). */
  readonly partition?: number
}

/** A record as it is read back. Offsets rise within a partition but need not be dense (compaction, transaction markers). */
export interface LogRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string
  readonly value: Uint8Array | null
}

export type From =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** The first record whose timestamp is at or after `time` (ms). */
  | { readonly kind: 'time'; readonly time: number }

export interface ReadOptions {
  readonly partition: number
  readonly from: From
  /** Where to stop: the end as it is now, or before an offset. Absent: follow for ever, until `signal` aborts. */
  readonly until?: { readonly kind: 'end' } | { readonly kind: 'offset'; readonly offset: number }
  readonly signal?: AbortSignal
}

/** `start`: the first offset still held; `end`: the offset the next committed record will have or pass. */
export interface Range {
  readonly partition: number
  readonly start: number
  readonly end: number
}

/** A compacted topic, followed into a map: what Kafka Streams calls a global table. */
export interface View {
  get(key: string): Uint8Array | undefined
  entries(): IterableIterator<[string, Uint8Array]>
  readonly size: number
  /** Called after each change is visible in `get`; first, in one burst, for what is already there. Returns its removal. */
  subscribe(listener: (key: string, value: Uint8Array | undefined) => void): () => void
  /** Next offset per partition: everything before it is visible. */
  positions(): readonly number[]
  /** Why it stands still: an error that does not pass by itself (it tries on, seldom). Undefined while it follows. */
  readonly trouble?: LogError | undefined
  close(): Promise<void>
}

/**
 * What the log hosts for one input partition. Deterministic: everything that it does follows from the changes it was
 * restored with and the records of the input up to those it is given, in their order.
 */
export interface Task {
  /** Called before any `step`, with what survives of the changelog, in order; a tombstone deletes. May be called many times. */
  restore(changes: readonly Change[]): void
  /** Awaited before `step` with the same records: fetches what reading them needs (a writer's schema), changes nothing else. */
  prepare?(records: readonly LogRecord[]): Promise<void>
  /**
   * Apply input records in order. What it returns is committed atomically with the input position, or not at all. It may
   * have to look at what stands on the input before these records, and then returns later; there is no other step meanwhile.
   */
  step(records: readonly LogRecord[]): StepResult | Promise<StepResult>
  /** The task was lost or its commit failed: the state in memory is void. A later owner starts from a new Task. */
  close?(): void
}

export interface Change {
  readonly key: string
  readonly value: Uint8Array | null
}

export interface Output extends NewRecord {
  readonly topic: string
}

export interface StepResult {
  readonly outputs: readonly Output[]
  /** State changes for the changelog; the last one of a key wins. */
  readonly changes: readonly Change[]
}

export interface ProcessOptions {
  /** Names the consumer group, the transactional ids (`<app>-<partition>`) and the changelog (`<app>.changelog`). */
  readonly app: string
  readonly input: string
  readonly createTask: (partition: number) => Task
  /** Topics of which a commit holds only the newest record of each key: what it overwrites itself, nobody needs. */
  readonly compacted?: ReadonlySet<string>
  /** At most this long (ms; 200) and this many records (4,000) go into one commit. */
  readonly commitIntervalMs?: number
  readonly commitRecords?: number
  readonly onEvent?: (event: ProcessingEvent) => void
}

export type ProcessingEvent =
  | { readonly kind: 'assigned'; readonly partition: number; readonly position: number; readonly restored: number }
  | { readonly kind: 'committed'; readonly partition: number; readonly position: number; readonly records: number }
  | { readonly kind: 'lost'; readonly partition: number; readonly reason: string }

export interface Processing {
  /** Committed position per partition owned here. */
  positions(): ReadonlyMap<number, number>
  /** Resolves after `close`; rejects with a LogError when processing cannot go on (the process should then exit). */
  readonly done: Promise<void>
  /** Commits what is in hand, gives the partitions back, resolves when both is done. */
  close(): Promise<void>
}

export interface EventLog {
  /** Creates what is missing, leaves what is there. Throws `topic-mismatch` when a topic exists with fewer partitions. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>

  /**
   * Resolves with the offsets when every record is durable (fdatasync here, acks=all there). Records of one partition get
   * rising offsets in the order of the calls and of the array. Rejects when any is not known to be durable: it may then
   * still be there (once or, after a retry by the caller, twice: consumers know an event by its id). Safe to call concurrently.
   * Once it has resolved, the memory of keys and values is the caller's again.
   */
  append(topic: string, records: readonly NewRecord[]): Promise<readonly number[]>

  /** Batches of committed records in offset order, gaps skipped; never a record of an aborted or torn commit. */
  read(topic: string, options: ReadOptions): AsyncIterable<readonly LogRecord[]>

  ranges(topic: string): Promise<readonly Range[]>

  /** Resolves once the view has reached the end as it was at the call; it then follows. Works on while the log is away. */
  view(topic: string): Promise<View>

  /**
   * Hosts one Task per input partition. Outputs, changes and input position of a step are committed atomically: after any
   * crash, a new owner continues from exactly the last commit, nothing lost and nothing doubled. A new owner fences the
   * old one before it restores; a fenced owner's step is never committed.
   */
  process(options: ProcessOptions): Promise<Processing>

  /**
   * The position committed for `app` on each input partition, 0 where none is. For lag; safe from any process. Kafka marks
   * the end of a transaction partition by partition: outputs may become readable a moment after.
   */
  committed(app: string, input: string): Promise<readonly number[]>

  close(): Promise<void>
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  readonly cleanup: 'delete' | 'compact' | 'compact,delete'
  /** How long records of a `delete` topic stay, in ms. */
  readonly retentionMs?: number
}

/** A bounded FIFO on disk, in which the ingress keeps its events while the log is away. One process owns its directory. */
export interface Spool {
  /** Resolves when durable; rejects with `spool-full` (bound reached) or `disk-full`. */
  push(records: readonly SpooledRecord[]): Promise<void>
  /** The oldest records, at most `limit`, without removing them; empty when drained. */
  peek(limit: number): Promise<readonly SpooledRecord[]>
  /** Removes the `count` oldest; after a crash some of them may come again, none is lost. */
  drop(count: number): Promise<void>
  readonly size: { readonly records: number; readonly bytes: number }
  close(): Promise<void>
}

export interface SpooledRecord extends NewRecord {
  readonly topic: string
}

/** A closed list: each has one cause and one cure, and says whether trying again can help. */
export type LogErrorCode =
  | 'unavailable' // broker or disk does not answer: retry
  | 'disk-full' // ENOSPC, EDQUOT: make room, retry
  | 'spool-full' // the spool's bound is reached
  | 'locked' // another process holds the directory; the message names it
  | 'fenced' // another owner took over: throw this one away
  | 'unknown-topic'
  | 'topic-mismatch'
  | 'corrupt' // a checksum fails where it is not a torn tail
  | 'too-large' // one record exceeds what the log takes: make it smaller, or raise the limit
  | 'closed'

export class LogError extends Error {
  override readonly name = 'LogError'
  readonly code: LogErrorCode
  readonly retry: boolean
  constructor(
    code: LogErrorCode,
    message: string,
    options: { readonly retry?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.retry = options.retry ?? (code === 'unavailable' || code === 'disk-full')
  }
}

declare global {
  /** Known by name to pure code, which is compiled without Node's types and never aborts anything. */
  interface AbortSignal {
    readonly aborted: boolean
  }
}
