/** A log in memory with codecs, and small helpers, for the tests of the sinks. */
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { Codecs } from '../../schemas/codecs.ts'
import type { TopicValues } from '../../schemas/events.ts'
import { topicName, topicSpecs } from '../../schemas/topics.ts'
import { openMemoryLog, type MemoryLog } from '../../processors/runtime/logs/memory.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../sinks/kit/database.ts'
import type { Logger } from '../../sinks/kit/logger.ts'

export interface TestLog {
  readonly log: MemoryLog
  readonly codecs: Codecs
  put<T extends keyof TopicValues>(topic: T, key: string, values: readonly TopicValues[T][]): Promise<readonly number[]>
  raw(topic: keyof TopicValues, key: string, value: Uint8Array | null): Promise<readonly number[]>
}

export const openTestLog = async (partitions = 1): Promise<TestLog> => {
  const log = openMemoryLog()
  await log.createTopics(topicSpecs(partitions))
  const codecs = await openCodecs(memorySchemaStore())
  return {
    log,
    codecs,
    put: (topic, key, values) =>
      log.append(
        topicName(topic),
        values.map((value) => ({ key, value: codecs.encode(topic, value), timestamp: Date.UTC(2026, 0, 31) })),
      ),
    raw: (topic, key, value) => log.append(topicName(topic), [{ key, value, timestamp: Date.UTC(2026, 0, 31) }]),
  }
}

export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Waits for a condition; says what it last saw when it never comes. */
export const until = async <T>(
  what: string,
  look: () => Promise<T> | T,
  good: (seen: T) => boolean,
  limit = 20_000,
): Promise<T> => {
  const deadline = Date.now() + limit
  for (;;) {
    const seen = await look()
    if (good(seen)) return seen
    if (Date.now() > deadline) throw new Error(`${what}: not within ${limit} ms; last seen ${JSON.stringify(seen)}`)
    await sleep(20)
  }
}

export const count = async (database: Database, table: string): Promise<number> =>
  (await database.query(`select count(*) as n from ${table}`))[0]?.['n'] as number

export const offsets = async (database: Database): Promise<readonly number[]> =>
  (await database.query('select log_offset from exchanges order by log_partition, log_offset')).map(
    (row) => row['log_offset'] as number,
  )

/** 0, 1, … n - 1 */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
