/** `EventLog.process` on Kafka: see README.md for the whole picture, takeover.ts for why nothing is lost or doubled. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster, Consumer, Kafka } from 'kafkajs'
import type { ProcessOptions, Processing } from '../../../../../schemas/log.ts'
import { changelogOf } from '../../kit/changelog.ts'
import type { Logger } from '../client.ts'
import { partitionsOf } from '../cluster.ts'
import { toLogError } from '../errors.ts'
import type { KafkaTopic } from '../topics.ts'
import { copartition } from './assigner.ts'
import type { Context } from './context.ts'
import { type Group, joinGroup } from './group.ts'
import { openLanes } from './lanes.ts'
import type { RunningTask } from './task.ts'

export interface Environment {
  readonly kafka: Kafka
  readonly cluster: Cluster
  readonly logger: Logger
  readonly sessionTimeoutMs: number
  readonly createTopics: (topics: readonly KafkaTopic[]) => Promise<void>
}

/** Closing takes at most about twice this: once for the last commits, once for leaving the group. */
const CLOSE_WITHIN_MS = 5000

const REBALANCE_TIMEOUT_MS = 10_000

/**
 * Commit markers and tombstones of a changelog stay for `delete.retention.ms` after a compaction. A commit leaves one marker
 * per partition, so the default of a day would make restores long; a restore that takes longer than this may read a
 * deleted key's value and miss its tombstone.
 */
const changelogTopic = (name: string, partitions: number): KafkaTopic => ({
  name,
  partitions,
  cleanup: 'compact',
  settings: {
    'delete.retention.ms': 10 * 60_000,
    'segment.ms': 10 * 60_000,
    'segment.bytes': 64 * 1024 * 1024,
    'min.cleanable.dirty.ratio': 0.2,
  },
})

const openConsumer = (environment: Environment, app: string, owned: () => Iterable<number>): Consumer => {
  const { kafka, sessionTimeoutMs } = environment
  return kafka.consumer({
    groupId: app,
    partitionAssigners: [copartition(owned)],
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / 10),
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    // A fetch that finds nothing is held this long, and a seek, a rebalance or a stop waits for it.
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
    readUncommitted: false,
  })
}

const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  await Promise.race([work, delay(ms, undefined, { ref: false })])
}

interface Parts {
  readonly consumer: Consumer
  readonly group: Group
}

const shut = async ({ consumer, group }: Parts): Promise<void> => {
  await within(CLOSE_WITHIN_MS, group.close())
  for (const task of group.tasks.values()) task.drop('closing took too long')
  await within(
    CLOSE_WITHIN_MS,
    consumer.disconnect().catch(() => undefined),
  )
}

const run = async (consumer: Consumer, context: Context, partitions: number): Promise<void> => {
  await consumer.connect()
  await consumer.subscribe({ topics: [context.options.input, context.changelog], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    // Input and changelog of every partition at once: a slow one holds up none.
    partitionsConsumedConcurrently: 2 * partitions,
    eachBatch: async ({ batch }) => context.lanes.offer(batch),
  })
}

/** Ends once, for whatever reason comes first. */
const endOnce = (end: () => Promise<void>) => {
  let settle: { resolve(): void; reject(error: Error): void } | undefined
  const done = new Promise<void>((resolve, reject) => (settle = { resolve, reject }))
  // Whoever does not ask how it ended must not be ended by it.
  done.catch(() => undefined)
  let ending: Promise<void> | undefined
  const close = (error?: Error): Promise<void> => {
    ending ??= end().then(() => (error === undefined ? settle?.resolve() : settle?.reject(error)))
    return ending
  }
  return { done, close }
}

const positionsOf = (tasks: ReadonlyMap<number, RunningTask>): ReadonlyMap<number, number> => {
  const positions = new Map<number, number>()
  for (const [partition, task] of tasks) {
    const position = task.position()
    if (position !== undefined) positions.set(partition, position)
  }
  return positions
}

/** Joins the app's group and processes what it is given, until it is closed or fails. */
export const startProcessing = async (environment: Environment, options: ProcessOptions): Promise<Processing> => {
  const changelog = changelogOf(options.app)
  const partitions = await partitionsOf(environment.cluster, options.input)
  await environment.createTopics([changelogTopic(changelog, partitions)])
  const tasks = new Map<number, RunningTask>()
  const consumer = openConsumer(environment, options.app, () => tasks.keys())
  const lanes = openLanes(consumer, [options.input, changelog])
  const context: Context = { ...environment, options, changelog, lanes }
  const { done, close } = endOnce(() => shut({ consumer, group }))
  const group = joinGroup({ consumer, context, tasks, fail: (error) => void close(error) })
  try {
    await run(consumer, context, partitions)
  } catch (error) {
    await close()
    throw toLogError(error, `joining the group ${options.app}`)
  }
  return { positions: () => positionsOf(tasks), done, close: () => close() }
}
