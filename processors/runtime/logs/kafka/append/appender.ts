/** What `EventLog.append` needs of a producer. */
import type { NewRecord } from '../../../../../schemas/log.ts'

/** A record with the partition it belongs to. */
export interface Addressed {
  readonly topic: string
  readonly partition: number
  readonly record: NewRecord
}

export interface Appender {
  /** Which library sends. */
  readonly name: 'kafkajs' | 'rdkafka'
  /** Resolves with the offsets, in the order of `records`; calls keep their order within a partition. */
  append(records: readonly Addressed[]): Promise<readonly number[]>
  /** Sends what is in hand, within `limitMs`. */
  close(limitMs: number): Promise<void>
}

/** The bytes that a record takes on the wire, roughly: key and value, and what frames them. */
export const sizeOf = ({ record }: Addressed): number => record.key.length + (record.value?.length ?? 0) + 32
