/** The log on Kafka: kafkajs for everything, librdkafka for appending where it is installed. */
import { setMaxListeners } from 'node:events'
import type { Admin, Cluster, Kafka } from 'kafkajs'
import { type EventLog, LogError, type NewRecord, type Processing } from '../../../../schemas/log.ts'
import { openView } from '../kit/view.ts'
import { address, lazyAppender, partitionCounts } from './append/open.ts'
import { addressOf, type KafkaLogOptions, loggerOf, openKafka } from './client.ts'
import { clusterOf } from './cluster.ts'
import { committedPositions } from './committed.ts'
import { toLogError } from './errors.ts'
import { startProcessing } from './process/process.ts'
import { patiently, rangesOf, readPartition } from './read.ts'
import { createTopics, type KafkaTopic } from './topics.ts'

export type { KafkaLogOptions } from './client.ts'

const CLOSE_WITHIN_MS = 5000

interface Handle {
  readonly options: KafkaLogOptions
  readonly kafka: Kafka
  readonly admin: Admin
  /** For questions: offsets, partitions. */
  readonly cluster: Cluster
  readonly closing: AbortController
  readonly processings: Set<Processing>
}

const connect = async (options: KafkaLogOptions): Promise<Handle> => {
  const kafka = openKafka(options)
  const admin = kafka.admin()
  const cluster = clusterOf(kafka)
  try {
    await admin.connect()
    await cluster.connect()
  } catch (error) {
    await Promise.allSettled([admin.disconnect(), cluster.disconnect()])
    throw toLogError(error, `connecting to Kafka at ${addressOf(options)}`)
  }
  const closing = new AbortController()
  // Everything that waits for the brokers listens to it.
  setMaxListeners(0, closing.signal)
  return { options, kafka, admin, cluster, closing, processings: new Set() }
}

/** Asks the brokers, again while they are away for a moment. */
const ask = <T>({ cluster, closing }: Handle, what: string, work: () => Promise<T>): Promise<T> =>
  patiently(cluster, { what, signal: closing.signal }, work)

const create = ({ admin, options }: Handle, topics: readonly KafkaTopic[]): Promise<void> =>
  createTopics(admin, topics, options.replicationFactor ?? -1)

const process = async (handle: Handle, options: Parameters<EventLog['process']>[0]): Promise<Processing> => {
  const { kafka, cluster, processings } = handle
  const sessionTimeoutMs = handle.options.sessionTimeoutMs ?? 6000
  const logger = loggerOf(handle.options)
  const environment = {
    kafka,
    cluster,
    logger,
    sessionTimeoutMs,
    createTopics: (topics: readonly KafkaTopic[]) => create(handle, topics),
  }
  const processing = await startProcessing(environment, options).catch((error: unknown) => {
    throw toLogError(error, `processing ${options.input}`)
  })
  processings.add(processing)
  const forget = (): void => void processings.delete(processing)
  processing.done.then(forget, forget)
  return processing
}

const refuseClosed = ({ closing }: Handle): void => {
  if (closing.signal.aborted) throw new LogError('closed', 'the log is closed: open it again before using it')
}

/** Connects; rejects with `unavailable` when no broker answers. */
export const openKafkaLog = async (options: KafkaLogOptions): Promise<EventLog> => {
  const handle = await connect(options)
  const { kafka, admin, cluster, closing, processings } = handle
  const appender = lazyAppender(options)
  const count = partitionCounts(cluster)
  const append = async (topic: string, records: readonly NewRecord[]): Promise<readonly number[]> => {
    refuseClosed(handle)
    if (records.length === 0) return []
    const addressed = address(topic, records, await count(topic))
    const open = await appender.open().catch((error: unknown) => {
      throw toLogError(error, 'opening a producer')
    })
    return await open.append(addressed)
  }
  const reading: Pick<EventLog, 'read' | 'ranges'> = {
    read: (topic, wanted) => readPartition(kafka, topic, { ...wanted, closing: closing.signal }),
    ranges: async (topic) => {
      refuseClosed(handle)
      return await ask(handle, `asking for the ranges of ${topic}`, () => rangesOf(cluster, topic))
    },
  }
  return {
    ...reading,
    append,
    createTopics: async (topics) => {
      refuseClosed(handle)
      await create(handle, topics)
    },
    view: async (topic) => {
      refuseClosed(handle)
      return await openView(reading, topic)
    },
    process: async (wanted) => {
      refuseClosed(handle)
      return await process(handle, wanted)
    },
    committed: async (app, input) => {
      refuseClosed(handle)
      return await ask(handle, `asking for the positions of ${app}`, () => committedPositions(cluster, app, input))
    },
    close: async () => {
      if (closing.signal.aborted) return
      await Promise.all([...processings].map((processing) => processing.close()))
      await appender.close(CLOSE_WITHIN_MS)
      closing.abort()
      await Promise.allSettled([admin.disconnect(), cluster.disconnect()])
    },
  }
}
