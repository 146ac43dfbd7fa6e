/** A view over any log that can be read: each partition from its start to its end as it is now, then on for ever. */
import { setTimeout as delay } from 'node:timers/promises'
import { type EventLog, LogError, type LogRecord, type View } from '../../../../schemas/log.ts'
import { change, newTable, type Table as Shown, viewOf } from './table.ts'

type Source = Pick<EventLog, 'read' | 'ranges'>

interface Table extends Shown {
  readonly positions: number[]
  readonly troubles: Map<number, LogError>
}

const apply = (table: Table, record: LogRecord): void => {
  // A copy: a record's bytes may be a window on a whole batch, which a long-lived value must not hold.
  change(table, record.key, record.value === null ? undefined : Uint8Array.from(record.value))
}

const take = (table: Table, batch: readonly LogRecord[]): void => {
  for (const record of batch) {
    if (record.offset < (table.positions[record.partition] ?? 0)) continue
    apply(table, record)
    table.positions[record.partition] = record.offset + 1
  }
}

const RETRY_MS = 250
/** Damage may be mended by a person: looked at again, but seldom. */
const MENDED_MS = 5_000

interface Follower {
  readonly table: Table
  readonly partition: number
  readonly signal: AbortSignal
  readonly mendedMs: number
}

/** A topic that was made anew begins again: what the view holds of the old one stays until it is written over. */
const rewind = async (source: Source, topic: string, { table, partition }: Follower): Promise<void> => {
  const range = (await source.ranges(topic)).find((r) => r.partition === partition)
  if (range && range.end < (table.positions[partition] ?? 0)) table.positions[partition] = range.start
}

const readOn = async (source: Source, topic: string, follower: Follower): Promise<void> => {
  const { table, partition, signal, mendedMs } = follower
  const settle = (): void => void table.troubles.delete(partition)
  if (table.troubles.has(partition)) await rewind(source, topic, follower)
  const calm = setTimeout(settle, mendedMs)
  calm.unref()
  try {
    const from = { kind: 'offset', offset: table.positions[partition] ?? 0 } as const
    for await (const batch of source.read(topic, { partition, from, signal })) {
      take(table, batch)
      settle()
    }
  } finally {
    clearTimeout(calm)
  }
}

/** What came is kept; what fails (a log that is away, a damaged file, a topic that is gone) is tried again. */
const follow = async (source: Source, topic: string, follower: Follower): Promise<void> => {
  const { table, partition, signal, mendedMs } = follower
  while (!signal.aborted) {
    try {
      return await readOn(source, topic, follower)
    } catch (error) {
      if (error instanceof LogError && error.code === 'closed') return
      const passes = error instanceof LogError && error.retry
      if (!passes) table.troubles.set(partition, asLogError(error, topic))
      await delay(passes ? RETRY_MS : mendedMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

const asLogError = (error: unknown, topic: string): LogError =>
  error instanceof LogError
    ? error
    : new LogError('corrupt', `following ${topic}: ${(error as Error).message}`, { cause: error })

const load = async (
  source: Source,
  topic: string,
  { table, signal }: Pick<Follower, 'table' | 'signal'>,
): Promise<void> => {
  for (const { partition, end } of await source.ranges(topic)) {
    const until = { kind: 'offset', offset: end } as const
    table.positions[partition] = 0
    for await (const batch of source.read(topic, { partition, from: { kind: 'start' }, until, signal }))
      take(table, batch)
    table.positions[partition] = Math.max(table.positions[partition] ?? 0, end)
  }
}

/** Loads `topic` and follows it; see `EventLog.view`. */
export const openView = async (source: Source, topic: string, mendedMs = MENDED_MS): Promise<View> => {
  const table: Table = { ...newTable(), positions: [], troubles: new Map() }
  const abort = new AbortController()
  const { signal } = abort
  await load(source, topic, { table, signal })
  const following = table.positions.map((_, partition) => follow(source, topic, { table, partition, signal, mendedMs }))
  return viewOf(table, {
    positions: () => [...table.positions],
    trouble: () => table.troubles.values().next().value,
    close: async () => {
      abort.abort()
      await Promise.all(following)
    },
  })
}
