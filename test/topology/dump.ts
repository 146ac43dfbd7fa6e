/** What a run left on the log, in a form that two runs can be compared by: every derived record, and the last state of each key. */
import type { EventLog, LogRecord } from '../../schemas/log.ts'
import { topicName, topics, type Topic } from '../../schemas/topics.ts'

const line = ({ partition, key, timestamp, value }: LogRecord): string =>
  `${partition} ${key} ${timestamp} ${value === null ? 'null' : Buffer.from(value).toString('base64')}`

const readAll = async (log: EventLog, name: string): Promise<LogRecord[]> => {
  const records: LogRecord[] = []
  for (const { partition } of await log.ranges(name))
    for await (const batch of log.read(name, { partition, from: { kind: 'start' }, until: { kind: 'end' } }))
      records.push(...batch)
  return records
}

const derived = (Object.keys(topics) as Topic[]).filter((t) => !['exchanges', 'schemas', 'control'].includes(t))

/**
 * Derived topics: every record, in order per key, of a compacted one the last (a commit writes no others); between keys the order is nobody's promise once there are several input
 * partitions (dead letters share one key, so they are sorted). Changelog: the last value per key; how often a key was
 * written, when, and whether a tombstone was needed depend on where steps were cut, which is nobody's promise either.
 */
export const everything = async (log: EventLog, app: string): Promise<Record<string, string[]>> => {
  const out: Record<string, string[]> = {}
  for (const topic of derived) {
    const byKey = new Map<string, string[]>()
    const isCompacted = topics[topic].cleanup !== 'delete'
    for (const record of await readAll(log, topicName(topic)))
      byKey.set(record.key, [...((!isCompacted && byKey.get(record.key)) || []), line(record)])
    if (topic === 'dead-letters') for (const lines of byKey.values()) lines.sort()
    out[topic] = [...byKey.keys()].sort().flatMap((key) => byKey.get(key) ?? [])
  }
  const last = new Map<string, LogRecord>()
  for (const record of await readAll(log, `${app}.changelog`)) last.set(`${record.partition} ${record.key}`, record)
  out['changelog'] = [...last.values()]
    .filter(({ value }) => value !== null)
    .map((record) => line({ ...record, timestamp: 0 }))
    .sort()
  return out
}
