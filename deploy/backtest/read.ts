/** The recorded traffic, as a backtest reads it: partition by partition, in order, without a trace on the log. */
import type { Codecs } from '../../schemas/codecs.ts'
import type { Event } from '../../schemas/events.ts'
import type { EventLog, LogRecord } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import type { Span } from './span.ts'

/** ms by which an event may stand behind later ones: a slow exchange is recorded when it is over. */
const SLACK = 5 * 60_000
const EXCHANGES = topicName('exchanges')

export interface Found {
  /** Records held since then. */
  readonly records: number
  /** Times of the first and the last of them, ms. */
  readonly first: number
  readonly last: number
  /** A time before which a share of them lies. */
  readonly at: (share: number) => number
}

const MOST_SAMPLES = 8192

/** Every so manieth time, evenly: when there are too many, every other one goes. */
const openSamples = (): { readonly times: number[]; readonly add: (time: number) => void } => {
  const times: number[] = []
  let stride = 1
  let passed = 0
  const add = (time: number): void => {
    if (passed++ % stride !== 0) return
    times.push(time)
    if (times.length < MOST_SAMPLES) return
    stride *= 2
    times.splice(0, MOST_SAMPLES, ...times.filter((_, i) => i % 2 === 0))
  }
  return { times, add }
}

/** Looks at times only: what there is to read. */
export const survey = async (log: Reading['log'], since: number): Promise<Found> => {
  const { times, add } = openSamples()
  const found = { records: 0, first: Infinity, last: 0 }
  const note = ({ timestamp }: LogRecord): void => {
    if (timestamp < since) return
    found.records++
    found.first = Math.min(found.first, timestamp)
    found.last = Math.max(found.last, timestamp)
    add(timestamp)
  }
  const from = { kind: 'time', time: since } as const
  for (const partition of await partitionsOf(log))
    for await (const batch of log.read(EXCHANGES, { partition, from, until: { kind: 'end' } })) batch.forEach(note)
  times.sort((a, b) => a - b)
  return { ...found, at: (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0 }
}

export interface ReadRecord {
  readonly record: LogRecord
  /** Undefined where it cannot be read. */
  readonly event: Event | undefined
}

const read = (codecs: Codecs, record: LogRecord): ReadRecord => {
  try {
    return { record, event: record.value === null ? undefined : codecs.decode('exchanges', record.value) }
  } catch {
    return { record, event: undefined }
  }
}

export interface Reading {
  readonly log: Pick<EventLog, 'read' | 'ranges'>
  readonly codecs: Codecs
  readonly partition: number
  /** Of the events. */
  readonly span: Span
}

/** The events of a span, in batches; what cannot be read stands by the time of its record. */
export async function* readSpan({ log, codecs, partition, span }: Reading): AsyncGenerator<readonly ReadRecord[]> {
  const from = { kind: 'time', time: span.from } as const
  for await (const batch of log.read(EXCHANGES, { partition, from, until: { kind: 'end' } })) {
    await codecs.prepare(batch.map(({ value }) => value)).catch(() => undefined)
    const found = batch
      .map((record) => read(codecs, record))
      .filter(({ record, event }) => {
        const at = event === undefined ? record.timestamp : event.at / 1000
        return at >= span.from && at < span.to
      })
    if (found.length > 0) yield found
    if ((batch[batch.length - 1]?.timestamp ?? 0) > span.to + SLACK) return
  }
}

export const partitionsOf = async (log: Reading['log']): Promise<readonly number[]> =>
  (await log.ranges(EXCHANGES)).map(({ partition }) => partition)
