/** Creating topics: what is missing is made, what is there stays. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { LogError, type TopicSpec } from '../../../../schemas/log.ts'
import { rootOf, toLogError } from './errors.ts'

/** One exchange holds two bodies and one state value a snapshot, so a record may be larger than Kafka's default of 1 MiB. */
export const MAX_RECORD_BYTES = 8 * 1024 * 1024

const config = (spec: KafkaTopic): { name: string; value: string }[] => {
  const settings = {
    'cleanup.policy': spec.cleanup,
    'max.message.bytes': MAX_RECORD_BYTES,
    // Event time comes from another clock, which may be ahead; the default refuses what is an hour ahead.
    'message.timestamp.after.max.ms': '9223372036854775807',
    // Said even where it is not limited, since the broker's default is a week.
    'retention.ms': spec.retentionMs ?? -1,
  }
  return Object.entries({ ...settings, ...spec.settings }).map(([name, value]) => ({ name, value: String(value) }))
}

/** A spec with settings beyond the port's: for topics that only this adapter makes. */
export interface KafkaTopic extends TopicSpec {
  readonly settings?: Readonly<Record<string, string | number>>
}

const partitionsByName = async (admin: Admin, names: ReadonlySet<string>): Promise<Map<string, number>> => {
  const there = (await admin.listTopics()).filter((name) => names.has(name))
  if (there.length === 0) return new Map()
  const { topics } = await admin.fetchTopicMetadata({ topics: there })
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
}

const createMissing = async (admin: Admin, topics: readonly KafkaTopic[], replicationFactor: number): Promise<void> => {
  const there = await partitionsByName(admin, new Set(topics.map(({ name }) => name)))
  for (const { name, partitions } of topics) {
    const count = there.get(name)
    if (count !== undefined && count < partitions)
      throw new LogError(
        'topic-mismatch',
        `${name} has ${count} partitions, ${partitions} are wanted: configure ${count}, or create it anew under another name`,
      )
  }
  const missing = topics.filter(({ name }) => !there.has(name))
  if (missing.length === 0) return
  await admin.createTopics({
    waitForLeaders: true,
    topics: missing.map((spec) => ({
      topic: spec.name,
      numPartitions: spec.partitions,
      replicationFactor,
      configEntries: config(spec),
    })),
  })
}

/**
 * Others may create the same topics at the same moment, and right after creation a broker may not know a topic yet: both
 * pass when tried again, since what is there is left alone.
 */
const PASSING = new Set([
  'TOPIC_ALREADY_EXISTS',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_CONTROLLER',
])

const passes = (error: unknown): boolean => {
  const { type = '', name } = rootOf(error)
  return PASSING.has(type) || name === 'KafkaJSAggregateError' || name === 'KafkaJSCreateTopicError'
}

/** Creates what is missing. Throws `topic-mismatch` where a topic has fewer partitions than wanted. */
export const createTopics = async (
  admin: Admin,
  topics: readonly KafkaTopic[],
  replicationFactor: number,
): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      return await createMissing(admin, topics, replicationFactor)
    } catch (error) {
      if (tries >= 10 || !passes(error))
        throw toLogError(error, `creating topics ${topics.map((t) => t.name).join(', ')}`)
      await delay(100 * tries)
    }
  }
}
