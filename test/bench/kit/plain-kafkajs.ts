/** The peer of the log on Kafka: the same work with kafkajs as its documentation shows it, on topics of the same settings. */
import { type Consumer, type EachBatchPayload, Kafka, logLevel, type Message, type Producer } from 'kafkajs'
import type { NewRecord } from '../../../schemas/log.ts'

const open = (brokers: readonly string[]): Kafka =>
  new Kafka({ clientId: 'peer', brokers: [...brokers], logLevel: logLevel.NOTHING })

const toMessage = ({ key, value, timestamp }: NewRecord): Message => ({
  key,
  value: value as Buffer,
  timestamp: String(timestamp),
})

/** One request a call; the caller disconnects it. */
export const plainProducer = async (brokers: readonly string[]) => {
  const producer = open(brokers).producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
  await producer.connect()
  return {
    append: (topic: string, records: readonly NewRecord[]) =>
      producer.send({ topic, messages: records.map(toMessage) }),
    close: () => producer.disconnect(),
  }
}

type Take = (payload: EachBatchPayload) => Promise<void>

/** Takes `count` records of a topic from its start, batch after batch. */
const consume = async (consumer: Consumer, { topic, count }: Part, take: Take): Promise<void> => {
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  let seen = 0
  await new Promise<void>((resolve, reject) => {
    const eachBatch: Take = async (payload) => {
      await take(payload)
      seen += payload.batch.messages.length
      if (seen >= count) resolve()
    }
    consumer.run({ autoCommit: false, eachBatch }).catch(reject)
  })
  await consumer.disconnect()
}

export interface Part {
  readonly topic: string
  readonly count: number
}

const groups = { made: 0 }
const nextGroup = (): string => `peer-${process.pid}-${groups.made++}`

export const plainRead = async (brokers: readonly string[], part: Part): Promise<void> => {
  const consumer = open(brokers).consumer({ groupId: nextGroup(), maxWaitTimeInMs: 100 })
  await consume(consumer, part, async ({ batch: { messages } }) => {
    for (const { key, value } of messages) if (key === null || value === null) throw new Error('an empty record')
  })
}

const forward = async (producer: Producer, to: { output: string; group: string }, { batch }: EachBatchPayload) => {
  const { partition, messages, topic } = batch
  const offset = String(Number(batch.lastOffset()) + 1)
  const transaction = await producer.transaction()
  const copies = messages.map(({ key, value, timestamp }) => ({ key, value, timestamp, partition }))
  await transaction.send({ topic: to.output, messages: copies })
  await transaction.sendOffsets({
    consumerGroupId: to.group,
    topics: [{ topic, partitions: [{ partition, offset }] }],
  })
  await transaction.commit()
}

/** Consume, produce, commit: each batch as it was fetched, in one transaction with its offset. */
export const plainProcess = async (brokers: readonly string[], part: Part, output: string): Promise<void> => {
  const group = nextGroup()
  const kafka = open(brokers)
  const producer = kafka.producer({ transactionalId: group, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 100 })
  await consume(consumer, part, (payload) => forward(producer, { output, group }, payload))
  await producer.disconnect()
}
