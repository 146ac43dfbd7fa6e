/** Chooses the library that appends, and finds each record's partition. */
import type { Cluster } from 'kafkajs'
import { LogError, type NewRecord } from '../../../../../schemas/log.ts'
import { partitionOf } from '../../kit/partitioner.ts'
import { type KafkaLogOptions, loggerOf, openKafka } from '../client.ts'
import { partitionsOf } from '../cluster.ts'
import { toLogError } from '../errors.ts'
import type { Addressed, Appender } from './appender.ts'
import { kafkajsAppender } from './kafkajs.ts'
import { loadRdkafka, rdkafkaAppender } from './rdkafka.ts'

/**
 * kafkajs gives a broker up for good after so many tries to connect: it must outlast the delivery timeout, and end not long
 * behind it, so that nothing that was rejected is still being tried minutes later. About 3 s until tries are 2 s apart.
 */
const triesFor = (deliveryTimeoutMs: number): number => 8 + Math.ceil(deliveryTimeoutMs / 2000)

const choose = async (options: KafkaLogOptions): Promise<Appender> => {
  const { producer = 'auto', lingerMs = 5, deliveryTimeoutMs = 30_000 } = options
  const library = producer === 'kafkajs' ? undefined : await loadRdkafka(options.rdkafka)
  if (library !== undefined) return await rdkafkaAppender(library, options)
  if (producer === 'rdkafka')
    throw new LogError(
      'unavailable',
      'node-rdkafka is not installed: `npm install node-rdkafka`, or producer: kafkajs',
      {
        retry: false,
      },
    )
  const kafka = openKafka(options, triesFor(deliveryTimeoutMs))
  return kafkajsAppender({ kafka, lingerMs, deliveryTimeoutMs })
}

/** Opens the appender when it is first needed: most handles only read. A failure to open is tried again by the next call. */
export const lazyAppender = (options: KafkaLogOptions) => {
  let appender: Promise<Appender> | undefined
  const open = (): Promise<Appender> => {
    if (appender !== undefined) return appender
    const opening = choose(options)
    opening.then(
      ({ name }) => loggerOf(options).debug({ producer: name }, 'appending to Kafka'),
      () => (appender = undefined),
    )
    return (appender = opening)
  }
  return { open, close: async (limitMs: number) => await (await appender?.catch(() => undefined))?.close(limitMs) }
}

/** Partition counts by topic. Kept as promises: calls that wait for one go on in the order in which they came. */
export const partitionCounts = (cluster: Cluster) => {
  const counts = new Map<string, Promise<number>>()
  return (topic: string): Promise<number> => {
    const known = counts.get(topic)
    if (known !== undefined) return known
    const asked = partitionsOf(cluster, topic).catch((error: unknown) => {
      counts.delete(topic)
      throw toLogError(error, `asking for the partitions of ${topic}`)
    })
    counts.set(topic, asked)
    return asked
  }
}

/** Checked before anything is sent, so that a bad record leaves nothing behind. */
export const address = (topic: string, records: readonly NewRecord[], count: number): Addressed[] =>
  records.map((record) => {
    const partition = record.partition ?? partitionOf(record.key, count)
    if (partition >= 0 && partition < count) return { topic, partition, record }
    throw new LogError('unknown-topic', `${topic} has no partition ${partition}: it has ${count}, counted from 0`)
  })
