/** A view over any log that can be read: each partition from its start to its end as it is now, then on for ever. */
import { setTimeout as delay } from 'node:timers/promises'
import { type EventLog, LogError, type LogRecord, type View } from '../../../../schemas/log.ts'

type Listener = (key: string, value: Uint8Array | undefined) => void
type Source = Pick<EventLog, 'read' | 'ranges'>

interface Table {
  readonly values: Map<string, Uint8Array>
  readonly listeners: Set<Listener>
  readonly positions: number[]
}

const apply = (table: Table, record: LogRecord): void => {
  // A copy: a record's bytes may be a window on a whole batch, which a long-lived value must not hold.
  const value = record.value === null ? undefined : Uint8Array.from(record.value)
  if (value === undefined) table.values.delete(record.key)
  else table.values.set(record.key, value)
  for (const listener of table.listeners) listener(record.key, value)
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
const FINAL = new Set(['closed', 'unknown-topic'])

/** What came is kept; what fails (a log that is away, a damaged file) is tried again. */
const follow = async (source: Source, topic: string, { table, partition, signal }: Follower): Promise<void> => {
  while (!signal.aborted) {
    try {
      const from = { kind: 'offset', offset: table.positions[partition] ?? 0 } as const
      for await (const batch of source.read(topic, { partition, from, signal })) take(table, batch)
      return
    } catch (error) {
      if (error instanceof LogError && FINAL.has(error.code)) return
      await delay(error instanceof LogError && error.retry ? RETRY_MS : MENDED_MS, undefined, { signal }).catch(
        () => undefined,
      )
    }
  }
}

interface Follower {
  readonly table: Table
  readonly partition: number
  readonly signal: AbortSignal
}

const load = async (source: Source, topic: string, { table, signal }: Omit<Follower, 'partition'>): Promise<void> => {
  for (const { partition, end } of await source.ranges(topic)) {
    const until = { kind: 'offset', offset: end } as const
    table.positions[partition] = 0
    for await (const batch of source.read(topic, { partition, from: { kind: 'start' }, until, signal }))
      take(table, batch)
    table.positions[partition] = Math.max(table.positions[partition] ?? 0, end)
  }
}

/** Loads `topic` and follows it; see `EventLog.view`. */
export const openView = async (source: Source, topic: string): Promise<View> => {
  const table: Table = { values: new Map(), listeners: new Set(), positions: [] }
  const abort = new AbortController()
  const { signal } = abort
  await load(source, topic, { table, signal })
  const following = table.positions.map((_, partition) => follow(source, topic, { table, partition, signal }))
  return {
    get: (key) => table.values.get(key),
    entries: () => table.values.entries(),
    get size() {
      return table.values.size
    },
    subscribe: (listener) => {
      for (const [key, value] of table.values) listener(key, value)
      table.listeners.add(listener)
      return () => void table.listeners.delete(listener)
    },
    positions: () => [...table.positions],
    close: async () => {
      abort.abort()
      await Promise.all(following)
    },
  }
}
