/**
 * Hosts tasks over a log whose commits are local and atomic (memory, embedded): restore from the changelog, read from the
 * committed position, step, commit. Kafka has its own, since there the broker moves partitions and fences owners.
 */
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Change,
  type EventLog,
  LogError,
  type LogRecord,
  type Output,
  type ProcessOptions,
  type Processing,
  type Task,
} from '../../../../schemas/log.ts'
import { changelogOf, positionChange, positionIn, POSITION_KEY } from './changelog.ts'
import { gather } from './gather.ts'
import { newestOutputs } from './newest.ts'
import { joinSignals } from './signals.ts'

/** What the hosting needs of a log. */
export interface TaskLog extends Pick<EventLog, 'read' | 'ranges'> {
  /** Outputs and changes (to the app's changelog) of one partition, all or nothing. Rejects once `owner` is fenced. */
  commit(step: CommittedStep): Promise<void>
}

export interface CommittedStep {
  readonly changelog: string
  readonly partition: number
  readonly outputs: readonly Output[]
  readonly changes: readonly Change[]
  /** Event time of the last record of the step: the changelog's records carry it. */
  readonly timestamp: number
}

export interface Hosting extends Processing {
  /** Another owner took over: nothing more is committed, `done` rejects. */
  fence(reason: string): void
}

interface Shared {
  readonly log: TaskLog
  readonly options: ProcessOptions
  readonly positions: Map<number, number>
  readonly signal: AbortSignal
  readonly fenced: () => LogError | undefined
}

const RETRY_MS = 250
const SELDOM_MS = 5_000

const restore = async ({ log, options }: Shared, partition: number, task: Task): Promise<Restored> => {
  let position = 0
  let restored = 0
  const until = { kind: 'end' } as const
  for await (const batch of log.read(changelogOf(options.app), { partition, from: { kind: 'start' }, until })) {
    for (const record of batch) position = positionIn(record) ?? position
    const changes = batch.filter((record) => record.key !== POSITION_KEY)
    if (changes.length > 0) task.restore(changes)
    restored += changes.length
  }
  return { position, restored }
}

interface Restored {
  readonly position: number
  readonly restored: number
}

const step = async (shared: Shared, partition: number, { task, records }: Work): Promise<void> => {
  await task.prepare?.(records)
  const { outputs, changes } = await task.step(records)
  const last = records.at(-1) as LogRecord
  const refused = shared.fenced()
  if (refused !== undefined) throw refused
  await shared.log.commit({
    changelog: changelogOf(shared.options.app),
    partition,
    outputs: newestOutputs(outputs, shared.options.compacted),
    changes: [...changes, positionChange(last.offset + 1)],
    timestamp: last.timestamp,
  })
  shared.positions.set(partition, last.offset + 1)
  shared.options.onEvent?.({ kind: 'committed', partition, position: last.offset + 1, records: records.length })
}

interface Work {
  readonly task: Task
  readonly records: readonly LogRecord[]
}

/** Records that were read are there no more: what comes would be taken for them, and be learned from no more than they. */
const tellMissing = async ({ log, options }: Shared, partition: number, position: number): Promise<void> => {
  const { app, input } = options
  const end = (await log.ranges(input)).find((range) => range.partition === partition)?.end ?? position
  if (position <= end) return
  const reason =
    `${app} has read ${input}/${partition} up to ${position}, but it ends at ${end}: was a file of the log moved away? ` +
    `Nothing is learned before it is that long again. Put the file back, or begin with another --profile`
  options.onEvent?.({ kind: 'lost', partition, reason })
}

const runTask = async (shared: Shared, partition: number, task: Task): Promise<void> => {
  const { position, restored } = await restore(shared, partition, task)
  shared.positions.set(partition, position)
  shared.options.onEvent?.({ kind: 'assigned', partition, position, restored })
  await tellMissing(shared, partition, position)
  const { input, commitIntervalMs = 200, commitRecords = 4000 } = shared.options
  const from = { kind: 'offset', offset: position } as const
  const reading = new AbortController()
  const { signal, release } = joinSignals(shared.signal, reading.signal)
  const source = shared.log.read(input, { partition, from, signal })
  try {
    for await (const records of gather(source, { intervalMs: commitIntervalMs, limit: commitRecords }))
      await step(shared, partition, { task, records })
  } finally {
    reading.abort()
    release()
  }
}

/**
 * Runs one partition until the signal; a commit that failed for now costs the task, not the processing. What fails again before
 * anything was committed (a full disk) is tried ever less often.
 */
const runPartition = async (shared: Shared, partition: number): Promise<void> => {
  let pause = RETRY_MS
  let reached: number | undefined
  while (!shared.signal.aborted) {
    const task = shared.options.createTask(partition)
    try {
      await runTask(shared, partition, task)
    } catch (error) {
      shared.options.onEvent?.({ kind: 'lost', partition, reason: (error as Error).message })
      if (!(error instanceof LogError && error.retry)) throw error
      const now = shared.positions.get(partition)
      pause = now === reached ? Math.min(2 * pause, SELDOM_MS) : RETRY_MS
      reached = now
      await delay(pause, undefined, { signal: shared.signal }).catch(() => undefined)
    } finally {
      task.close?.()
    }
  }
}

/** Starts a task for each of `partitions` partitions; see `EventLog.process`. */
export const hostTasks = (log: TaskLog, options: ProcessOptions, partitions: number): Hosting => {
  const abort = new AbortController()
  const positions = new Map<number, number>()
  let refusal: LogError | undefined
  const shared: Shared = { log, options, positions, signal: abort.signal, fenced: () => refusal }
  const running = Array.from({ length: partitions }, (_, partition) =>
    runPartition(shared, partition).catch((error: unknown) => {
      abort.abort()
      throw error
    }),
  )
  const ended = Promise.allSettled(running)
  const done = ended.then((results) => {
    const failed = results.find((result) => result.status === 'rejected')
    const error: unknown = failed?.reason ?? refusal
    if (error !== undefined) throw error
  })
  done.catch(() => undefined)
  return {
    positions: () => positions,
    done,
    close: async () => {
      abort.abort()
      await ended
    },
    fence: (reason) => {
      refusal ??= new LogError('fenced', reason)
      abort.abort()
    },
  }
}
