/** What becomes of an event that cannot be used: a record on `dead-letters` with the reason and the original bytes. */
import type { Codecs } from '../../schemas/codecs.ts'
import type { DeadLetter } from '../../schemas/events.ts'
import type { LogRecord, Output } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'

export type Stage = Exclude<DeadLetter['stage'], 'unknown'>

export interface Failure {
  readonly stage: Stage
  /** The processor, or `host`. */
  readonly by: string
  readonly reason: string
}

const MAX_REASON = 1000
const NOTHING = new Uint8Array(0)

/** The first line's worth of an error, whatever was thrown. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, MAX_REASON)

/** Same input, same record: nothing of when or where it was met. */
export const deadLetter = (codecs: Codecs, record: LogRecord, failure: Failure): Output => {
  const { topic, partition, offset, timestamp } = record
  const at = Number.isFinite(timestamp) ? Math.trunc(timestamp) * 1000 : 0
  const value = { topic, partition, offset, at, ...failure, bytes: Buffer.from(record.value ?? NOTHING) }
  return { topic: topicName('dead-letters'), key: topic, value: codecs.encode('dead-letters', value), timestamp }
}
