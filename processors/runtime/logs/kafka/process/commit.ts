/** One commit: outputs, state changes and input position in one transaction, or none of them. */
import type { Producer, Transaction } from 'kafkajs'
import type { Change, Output } from '../../../../../schemas/log.ts'
import { positionChange } from '../../kit/changelog.ts'
import { partitionOf } from '../../kit/partitioner.ts'
import { toBuffer } from '../client.ts'
import type { Context } from './context.ts'

export interface Commit {
  readonly partition: number
  readonly outputs: readonly Output[]
  readonly changes: readonly Change[]
  readonly position: number
  /** Event time of the last record in it: what the changelog's records carry. */
  readonly timestamp: number
}

interface Message {
  readonly topic: string
  readonly partition: number
  readonly key: string
  readonly value: Buffer | null
  readonly timestamp: string
}

/** A request's batch for one partition must stay below the broker's limit, 1 MiB by default. */
const REQUEST_BYTES = 900 * 1024

const timestampOf = (time: number): string => String(Math.max(0, Math.floor(time)))

/** The last change of a key wins; the position comes last, behind what it vouches for. */
const changeMessages = (context: Context, { changes, partition, position, timestamp }: Commit): Message[] => {
  const last = new Map(changes.map((change) => [change.key, change]))
  return [...last.values(), positionChange(position)].map(({ key, value }) => ({
    topic: context.changelog,
    partition,
    key,
    value: toBuffer(value),
    timestamp: timestampOf(timestamp),
  }))
}

export type CountPartitions = (topic: string) => Promise<number>

const outputMessages = async (outputs: readonly Output[], count: CountPartitions): Promise<Message[]> => {
  const counts = new Map<string, number>()
  for (const { topic } of outputs) if (!counts.has(topic)) counts.set(topic, await count(topic))
  return outputs.map(({ topic, key, value, timestamp, partition }) => ({
    topic,
    partition: partition ?? partitionOf(key, counts.get(topic) as number),
    key,
    value: toBuffer(value),
    timestamp: timestampOf(timestamp),
  }))
}

const chunks = (messages: readonly Message[]): Message[][] => {
  const all: Message[][] = []
  let room = 0
  for (const message of messages) {
    const bytes = message.key.length + (message.value?.length ?? 0) + 32
    if (bytes > room) {
      all.push([])
      room = REQUEST_BYTES
    }
    ;(all.at(-1) as Message[]).push(message)
    room -= bytes
  }
  return all
}

const byTopic = (messages: readonly Message[]) => {
  const topics = new Map<string, Message[]>()
  for (const message of messages) {
    const same = topics.get(message.topic)
    if (same === undefined) topics.set(message.topic, [message])
    else same.push(message)
  }
  return [...topics].map(([topic, same]) => ({ topic, messages: same }))
}

/** For tools that show a group's lag. Our own position is in the changelog. */
const tellGroup = ({ options }: Context, transaction: Transaction, { partition, position }: Commit): Promise<void> =>
  transaction.sendOffsets({
    consumerGroupId: options.app,
    topics: [{ topic: options.input, partitions: [{ partition, offset: String(position) }] }],
  })

export interface Committing {
  readonly producer: Producer
  readonly count: CountPartitions
}

/** Rejects when the outcome is not known to be a commit; the producer is then of no more use. */
export const commit = async (context: Context, { producer, count }: Committing, what: Commit): Promise<void> => {
  const messages = [...(await outputMessages(what.outputs, count)), ...changeMessages(context, what)]
  const transaction = await producer.transaction()
  for (const chunk of chunks(messages)) await transaction.sendBatch({ topicMessages: byTopic(chunk) })
  // Behind a send: unlike a send it does not wait for the broker to finish the transaction before.
  await tellGroup(context, transaction, what)
  await transaction.commit()
}
