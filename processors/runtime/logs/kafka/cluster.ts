/**
 * Reading partitions by offset, as the Java client's `assign` does. kafkajs has consumer groups only, and a group per
 * reader would cost a rebalance (3 s by a broker's default), leave a group behind and need another ACL. But it hands its
 * Cluster, of public type, to a consumer's assigner: that is all a reader without a group needs.
 */
import { type Broker, type Cluster, type Kafka, PartitionAssigners } from 'kafkajs'
import { LogError } from '../../../../schemas/log.ts'

/** What kafkajs' types leave out of its Broker. */
export interface FetchedMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly isControlRecord: boolean
  readonly batchContext: {
    readonly firstOffset: string
    readonly lastOffsetDelta: number
    readonly producerId: string
    readonly inTransaction: boolean
  }
}

export interface FetchedPartition {
  readonly partition: number
  readonly lastStableOffset: string
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[] | null
  readonly messages: readonly FetchedMessage[]
}

interface ListOffsets {
  listOffsets(request: {
    replicaId: number
    isolationLevel: number
    topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[]
  }): Promise<{ responses: { partitions: { offset: string }[] }[] }>
}

export const READ_COMMITTED = 1

/** A cluster with connections of its own, not yet connected. */
export const clusterOf = (kafka: Kafka): Cluster => {
  let found: Cluster | undefined
  kafka.consumer({
    groupId: 'reads-without-a-group',
    partitionAssigners: [
      (config) => {
        found = config.cluster
        return PartitionAssigners.roundRobin(config)
      },
    ],
  })
  if (found === undefined) throw new LogError('unavailable', 'kafkajs did not hand out its cluster: use version 2.2.4')
  return found
}

/** Number of partitions, asked of the brokers. Connects when necessary. */
export const partitionsOf = async (cluster: Cluster, topic: string): Promise<number> => {
  if (!cluster.isConnected()) await cluster.connect()
  await cluster.addTargetTopic(topic)
  await cluster.refreshMetadataIfNecessary()
  const count = cluster.findTopicPartitionMetadata(topic).length
  if (count === 0) throw new LogError('unknown-topic', `the brokers have no topic ${topic}: create it first`)
  return count
}

/** The leader of a partition. */
export const leaderOf = async (cluster: Cluster, topic: string, partition: number): Promise<Broker> => {
  const count = await partitionsOf(cluster, topic)
  if (partition >= count)
    throw new LogError('unknown-topic', `${topic} has no partition ${partition}: it has ${count}, counted from 0`)
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
  if (nodeId === undefined) throw new LogError('unavailable', `${topic}/${partition} has no leader now`)
  return await cluster.findBroker({ nodeId })
}

export const EARLIEST = -2
/** Under read_committed: the last stable offset, before which no transaction is open. */
export const LATEST = -1

/** The offset that stands at `timestamp` (ms, EARLIEST or LATEST); -1 when no record is that late. */
export const offsetAt = async (cluster: Cluster, topic: string, at: OffsetAt): Promise<number> => {
  const broker = (await leaderOf(cluster, topic, at.partition)) as Broker & ListOffsets
  const { responses } = await broker.listOffsets({
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    topics: [{ topic, partitions: [{ partition: at.partition, timestamp: at.timestamp }] }],
  })
  return Number(responses[0]?.partitions[0]?.offset ?? -1)
}

export interface OffsetAt {
  readonly partition: number
  readonly timestamp: number
}
