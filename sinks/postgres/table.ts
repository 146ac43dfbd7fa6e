/** How the records of a topic become rows of a table. Pure. */
import type { LogRecord } from '../../schemas/log.ts'
import type { TopicValues } from '../../schemas/events.ts'

type ValueTopic = keyof TopicValues

export interface Table<T extends ValueTopic> {
  readonly topic: T
  readonly table: string
  readonly columns: readonly string[]
  /** The unique key of a row. */
  readonly key: readonly string[]
  /** `once`: each record is a row; `latest`: the record with the highest offset is the row of its key, a tombstone ends it. */
  readonly policy: 'once' | 'latest'
  /** Of a big `latest` table: the time that cuts it into pieces, µs, as the log's key says it: a tombstone asks one piece only. */
  readonly cutBy?: { readonly column: string; of(key: string): number | undefined }
  /** Values in the order of `columns`; undefined where this record has no row here. */
  row(value: TopicValues[T], record: LogRecord): readonly unknown[] | undefined
}

/** A table with the type of its values forgotten: it is only ever given values of its own topic. */
export interface AnyTable extends Omit<Table<ValueTopic>, 'row'> {
  row(value: unknown, record: LogRecord): readonly unknown[] | undefined
}

/** Column by column: the name and the value side by side. */
export const defineTable = <T extends ValueTopic>(
  head: Pick<Table<T>, 'topic' | 'table' | 'key' | 'policy' | 'cutBy'>,
  fields: Readonly<Record<string, (value: TopicValues[T], record: LogRecord) => unknown>>,
  when: (value: TopicValues[T]) => boolean = () => true,
): AnyTable => {
  const readers = Object.values(fields)
  return {
    ...head,
    columns: Object.keys(fields),
    row: (value, record) => {
      const known = value as TopicValues[T]
      return when(known) ? readers.map((read) => read(known, record)) : undefined
    },
  }
}

/** Years 1 to 9999: what both Postgres and Date can write. */
const FIRST = -62_135_596_800_000
const LAST = 253_402_300_799_999

/** ISO text with microseconds. */
export const time = (micros: number): string => {
  const ms = Math.floor(micros / 1000)
  const bounded = Number.isFinite(ms) ? Math.min(LAST, Math.max(FIRST, ms)) : 0
  const rest = bounded === ms ? micros - ms * 1000 : 0
  return `${new Date(bounded).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}

/** Null where 0 stands for "not yet". */
export const timeOrNull = (micros: number): string | null => (micros === 0 ? null : time(micros))

/** Postgres refuses index entries above 2,704 bytes; keys are cut well below, at no more than 4 bytes a code unit. */
export const short = (text: string): string => (text.length > 500 ? text.slice(0, 500) : text)
export const long = (text: string): string => (text.length > 8_000 ? text.slice(0, 8_000) : text)
export const json = (value: unknown): string => JSON.stringify(value).replaceAll('\\u0000', '\uFFFD')
/** Bytes as Postgres writes them in text. */
export const bytea = (bytes: Uint8Array): string => `\\x${Buffer.from(bytes).toString('hex')}`
