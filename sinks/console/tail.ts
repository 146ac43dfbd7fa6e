/** Follows the exchanges from a minute ago on, for the live figures and for the pipeline. */
import type { Codecs } from '../../schemas/codecs.ts'
import type { Event } from '../../schemas/events.ts'
import type { EventLog, LogRecord } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import { pause } from '../kit/backoff.ts'
import { untilItWorks } from '../kit/retry.ts'
import type { Logger } from '../kit/logger.ts'

export interface Tail {
  /** Next offset per partition, as read here. */
  positions(): ReadonlyMap<number, number>
  /**
   * Per partition the position that whoever has "everything" must have reached: after the last exchange, and after the
   * heartbeat that followed it, which makes the processors publish what waited for time to pass.
   */
  targets(): ReadonlyMap<number, number>
  /** An exchange has come of an ingress that still lives, and no heartbeat after it: more may be on its way. */
  restless(): boolean
  /** Why it stands still now, when that does not pass by itself; it tries on, seldom. */
  trouble(): string | undefined
  close(): Promise<void>
}

export interface TailOptions {
  readonly log: EventLog
  readonly codecs: Codecs
  readonly logger: Logger
  readonly onEvent: (event: Event) => void
  /** How long it waits after an error that does not pass by itself, ms. */
  readonly mendedMs?: number
}

const AGAIN = 500
const MENDED = 5_000
const MINUTE = 60_000
/** An ingress without a heartbeat for this long is gone, ms. */
const GONE = 5_000

interface Seen {
  position: number
  target: number
  trouble: string | undefined
  /** Instances whose last event here was an exchange, with its arrival. */
  readonly unsettled: Map<string, number>
}

const note = (seen: Seen, record: LogRecord, event: Event): void => {
  if (event.exchange !== null) {
    seen.target = record.offset + 1
    seen.unsettled.set(event.instance, Date.now())
  } else if (event.signal?.kind === 'heartbeat' && seen.unsettled.delete(event.instance))
    seen.target = record.offset + 1
}

/** After a trouble: a topic that was made anew begins again. */
const mend = async (log: EventLog, partition: number, seen: Seen): Promise<void> => {
  if (seen.trouble === undefined) return
  const range = (await log.ranges(topicName('exchanges'))).find((r) => r.partition === partition)
  if (range && range.end < seen.position) seen.position = 0
  seen.trouble = undefined
}

export const startTail = async (options: TailOptions): Promise<Tail> => {
  const { log, codecs, logger, onEvent } = options
  const stop = new AbortController()
  const { signal } = stop
  const topic = topicName('exchanges')
  const partitions = new Map<number, Seen>()

  const take = (seen: Seen, record: LogRecord): void => {
    seen.position = record.offset + 1
    if (record.value === null) return
    let event: Event
    try {
      event = codecs.decode('exchanges', record.value)
    } catch {
      return // the processors put it aside, with the reason
    }
    note(seen, record, event)
    onEvent(event)
  }
  const follow = async (partition: number, seen: Seen): Promise<void> => {
    await mend(log, partition, seen)
    const from =
      seen.position > 0
        ? ({ kind: 'offset', offset: seen.position } as const)
        : ({ kind: 'time', time: Date.now() - MINUTE } as const)
    for await (const records of log.read(topic, { partition, from, signal })) {
      await codecs.prepare(records.map((record) => record.value)).catch(() => {})
      for (const record of records) take(seen, record)
    }
  }
  const keep = async (partition: number, seen: Seen): Promise<void> => {
    while (!signal.aborted) {
      await untilItWorks('following live traffic', { logger, signal }, () => follow(partition, seen)).catch(
        (err: unknown) => {
          if (signal.aborted) return
          seen.trouble = `live traffic of partition ${partition} cannot be followed: ${(err as Error).message}`
          logger.error({ err }, 'following live traffic failed; trying again')
        },
      )
      await pause(seen.trouble === undefined ? AGAIN : (options.mendedMs ?? MENDED), signal)
    }
  }
  const ranges = await untilItWorks('asking the log', { logger, signal }, () => log.ranges(topic))
  const work = ranges.map(({ partition }) => {
    const seen: Seen = { position: 0, target: 0, unsettled: new Map(), trouble: undefined }
    partitions.set(partition, seen)
    return keep(partition, seen)
  })
  return {
    positions: () => new Map([...partitions].map(([partition, { position }]) => [partition, position])),
    targets: () => new Map([...partitions].map(([partition, { target }]) => [partition, target])),
    restless: () =>
      [...partitions.values()].some(({ unsettled }) => [...unsettled.values()].some((at) => Date.now() - at < GONE)),
    trouble: () => [...partitions.values()].find(({ trouble }) => trouble !== undefined)?.trouble,
    close: async () => {
      stop.abort()
      await Promise.all(work)
    },
  }
}
