/**
 * What a sink is: it takes records of some topics to a place outside, and remembers there, in the same atomic write, how far
 * it has come. The host (host.ts) reads, batches, retries; a sink only writes.
 *
 * Promises, held by the sink contract suite:
 * - each (topic, partition, offset) has its effect exactly once, whatever is killed, restarted or replayed;
 * - positions never move without the data, nor the data without positions;
 * - a record that cannot be used is kept as a dead letter, and the next ones go on.
 */
import type { LogRecord } from '../../schemas/log.ts'
import type { Topic } from '../../schemas/topics.ts'

export interface Batch {
  readonly topic: Topic
  readonly partition: number
  /** In offset order, all after the position that the sink reported. */
  readonly records: readonly LogRecord[]
}

export interface Sink {
  readonly name: string
  readonly topics: readonly Topic[]
  /** The next offset wanted per `topic/partition`; what is not named starts at 0. */
  positions(): Promise<ReadonlyMap<string, number>>
  /** Data and positions, all or nothing. May be called again with the same records. */
  write(batches: readonly Batch[]): Promise<void>
  /** The log is shorter than the positions: what is stored comes from another log. Forget all of it, start at 0. */
  reset(): Promise<void>
}

export const positionKey = (topic: Topic, partition: number): string => `${topic}/${partition}`
