/** One process writes the embedded log; the others hand it their events, in order, and hear when they are durable. */
import { LogError, type EventLog, type LogErrorCode, type NewRecord } from '../../schemas/log.ts'
import type { Channel, Handler, RemoteError } from '../processes/channel.ts'

interface Batch {
  readonly topic: string
  readonly records: readonly NewRecord[]
}

const APPEND = 'append'

/** What an append may fail with; a process that went away may come back. */
const CODES: readonly string[] = ['disk-full', 'too-large', 'unknown-topic', 'corrupt'] satisfies LogErrorCode[]

/** At the process that has none. */
export const appendBy =
  (channel: Channel): EventLog['append'] =>
  async (topic, records) => {
    try {
      return await channel.call(APPEND, { topic, records } satisfies Batch)
    } catch (cause) {
      const { code, message } = cause as RemoteError
      throw new LogError(CODES.includes(code) ? (code as LogErrorCode) : 'unavailable', message, { cause })
    }
  }

/** At the process that has the log. */
export const appendFor = (log: Pick<EventLog, 'append'>): Readonly<Record<string, Handler>> => ({
  [APPEND]: ({ topic, records }: Batch) => log.append(topic, records),
})
