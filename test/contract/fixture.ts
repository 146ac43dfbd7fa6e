/** What the contract suite needs of an adapter, and the few helpers its cases share. */
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'vitest'
import { type EventLog, LogError, type LogErrorCode, type LogRecord, type NewRecord } from '../../schemas/log.ts'

/** One log to try. What an adapter cannot give is left out, with the reason in `lacks`; cases that need it are skipped. */
export interface LogFixture {
  readonly log: EventLog
  /** Closes the log and opens it anew on the same storage. */
  readonly reopen?: () => Promise<EventLog>
  /** A handle as another process has it, which reads and follows. */
  readonly otherProcess?: () => Promise<EventLog>
  /** A handle of a second process that wants to process too; may itself be refused. */
  readonly secondOwner?: () => Promise<EventLog>
  /** Makes compaction happen now. */
  readonly compact?: (topic: string) => Promise<void>
  readonly lacks?: Partial<Record<'reopen' | 'otherProcess' | 'secondOwner' | 'compact', string>>
  /** Closes everything that was opened. */
  close(): Promise<void>
}

export type OpenLog = () => Promise<LogFixture>

type Optional = 'reopen' | 'otherProcess' | 'secondOwner' | 'compact'

/** The fixture's optional part, or a skipped test with the reason. */
export const need = <K extends Optional>(
  context: TestContext,
  fixture: LogFixture,
  part: K,
): NonNullable<LogFixture[K]> => {
  const found = fixture[part]
  if (found === undefined) context.skip(fixture.lacks?.[part] ?? `this log has no ${part}`)
  return found as NonNullable<LogFixture[K]>
}

/** A name no other test has: adapters may share one broker. */
export const unique = (name: string): string => `contract.${name}.${randomUUID().slice(0, 8)}`

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (value: Uint8Array | null | undefined): string | null =>
  value === null || value === undefined ? null : new TextDecoder().decode(value)

export const record = (key: string, value: string | null, more: Partial<NewRecord> = {}): NewRecord => ({
  key,
  value: value === null ? null : bytes(value),
  timestamp: 1_000,
  ...more,
})

export const numbered = (count: number, from = 0): NewRecord[] =>
  Array.from({ length: count }, (_, n) =>
    record(`k${(from + n) % 7}`, String(from + n), { timestamp: 1_000 + from + n }),
  )

export const newTopic = async (
  log: EventLog,
  cleanup: 'delete' | 'compact' = 'delete',
  partitions = 1,
): Promise<string> => {
  const name = unique(cleanup)
  await log.createTopics([{ name, partitions, cleanup }])
  return name
}

/** Everything in a partition as it is now. */
export const readAll = async (log: EventLog, topic: string, partition = 0): Promise<LogRecord[]> => {
  const all: LogRecord[] = []
  const until = { kind: 'end' } as const
  for await (const batch of log.read(topic, { partition, from: { kind: 'start' }, until })) all.push(...batch)
  return all
}

export const values = (records: readonly LogRecord[]): (string | null)[] => records.map(({ value }) => text(value))

/** Waits for a condition, never for a time. */
export const eventually = async (what: string, holds: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> => {
  const deadline = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The code that a promise rejects with. */
export const codeOf = async (promise: Promise<unknown>): Promise<LogErrorCode | string> => {
  try {
    await promise
    return 'no error'
  } catch (error) {
    return error instanceof LogError ? error.code : String(error)
  }
}
