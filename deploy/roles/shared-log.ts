/** One process writes the embedded log; the others hand it their events, in order, and hear when they are durable. */
import { LogError, type EventLog, type LogErrorCode, type NewRecord } from '../../schemas/log.ts'
import type { Channel, Handler, RemoteError } from '../processes/channel.ts'

/** Records side by side, so that a pipe copies a few blocks and not thousands of small things. */
interface Batch {
  readonly topic: string
  readonly keys: readonly string[]
  readonly timestamps: Float64Array
  /** Bytes of each value; -1: it has none. */
  readonly lengths: Int32Array
  readonly partitions: Int32Array
  readonly values: Uint8Array
}

/** No partition was chosen: the key does. */
const BY_KEY = -1

export const pack = (topic: string, records: readonly NewRecord[]): Batch => {
  const lengths = Int32Array.from(records, ({ value }) => value?.length ?? -1)
  const values = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + Math.max(0, length), 0))
  let at = 0
  for (const { value } of records) {
    if (value === null) continue
    values.set(value, at)
    at += value.length
  }
  return {
    topic,
    keys: records.map(({ key }) => key),
    timestamps: Float64Array.from(records, ({ timestamp }) => timestamp),
    lengths,
    partitions: Int32Array.from(records, ({ partition = BY_KEY }) => partition),
    values,
  }
}

export const unpack = ({ keys, timestamps, lengths, partitions, values }: Batch): readonly NewRecord[] => {
  let at = 0
  return keys.map((key, i) => {
    const length = lengths[i] as number
    const value = length < 0 ? null : values.subarray(at, (at += length))
    const partition = partitions[i] as number
    const record = { key, value, timestamp: timestamps[i] as number }
    return partition === BY_KEY ? record : { ...record, partition }
  })
}

const APPEND = 'append'

/** What an append may fail with; a process that went away may come back. */
const CODES: readonly string[] = ['disk-full', 'too-large', 'unknown-topic', 'corrupt'] satisfies LogErrorCode[]

/** At the process that has none. */
export const appendBy =
  (channel: Channel): EventLog['append'] =>
  async (topic, records) => {
    try {
      return await channel.call(APPEND, pack(topic, records))
    } catch (cause) {
      const { code, message } = cause as RemoteError
      throw new LogError(CODES.includes(code) ? (code as LogErrorCode) : 'unavailable', message, { cause })
    }
  }

/** At the process that has the log. */
export const appendFor = (log: Pick<EventLog, 'append'>): Readonly<Record<string, Handler>> => ({
  [APPEND]: (batch: Batch) => log.append(batch.topic, unpack(batch)),
})
