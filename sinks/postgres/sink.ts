/**
 * The Postgres sink: rows and positions of a batch in one transaction. COPY into a staging table of the session, then insert
 * where the key is new: so a record that comes again changes nothing.
 */
import type { Codecs } from '../../schemas/codecs.ts'
import type { TopicValues } from '../../schemas/events.ts'
import type { LogRecord } from '../../schemas/log.ts'
import type { Topic } from '../../schemas/topics.ts'
import { copyText, DatabaseError, type Database, type Row, type Step } from '../kit/database.ts'
import { positionKey, type Batch, type Sink } from '../kit/sink.ts'
import { long, short, time, type AnyTable } from './table.ts'

export interface PostgresSinkOptions {
  readonly database: Database
  readonly codecs: Codecs
  readonly tables: readonly AnyTable[]
  readonly onRows?: (table: string, rows: number) => void
  /** A record that was put aside, with the reason. */
  readonly onDeadLetter?: (record: LogRecord, reason: string) => void
}

interface Writing extends PostgresSinkOptions {
  /** Of each position as it was read at the start. */
  readonly generations: ReadonlyMap<string, number>
}

interface Rows {
  readonly table: Pick<AnyTable, 'table' | 'columns' | 'key' | 'policy' | 'cutBy'>
  readonly rows: readonly (readonly unknown[])[]
  /** Keys of tombstones with their offsets, for `latest` tables. */
  readonly gone: readonly (readonly [string, number])[]
}

/** Its name in `sink_offsets`. */
export const SINK = 'postgres'

const deadLetterTable = {
  table: 'dead_letters',
  columns: [
    'time',
    'source_topic',
    'source_partition',
    'source_offset',
    'stage',
    'processed_by',
    'reason',
    'bytes',
    'log_topic',
    'log_partition',
    'log_offset',
  ],
  key: ['log_topic', 'log_partition', 'log_offset', 'time'],
  policy: 'once',
} as const

const deadLetter = (record: LogRecord, stage: string, reason: string): readonly unknown[] => {
  const { topic, partition, offset, value } = record
  return [
    time(record.timestamp * 1000),
    short(topic),
    partition,
    offset,
    stage,
    'sinks',
    long(reason),
    value?.length ?? 0,
    short(topic),
    partition,
    offset,
  ]
}

/**
 * What Timescale has compressed is made readable where a row of it is written again, and by default that is refused beyond
 * 100,000 rows, which a table that is rebuilt soon reaches. Elsewhere the setting means nothing.
 */
const writeAnywhere: Step = {
  kind: 'script',
  sql: 'set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0',
}

/** The pieces that tombstones are about, as constants: no other is read, and on Timescale none made readable. */
const within = ({ cutBy }: Rows['table'], gone: Rows['gone']): { readonly sql: string; readonly params: string[] } => {
  const times = gone.map(([key]) => cutBy?.of(key))
  if (cutBy === undefined || times.includes(undefined)) return { sql: '', params: [] }
  const known = times as number[]
  const ends = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))]
  const { column } = cutBy
  return { sql: ` and t.${column} between $3::timestamptz and $4::timestamptz`, params: ends.map(time) }
}

const goneStep = ({ table, gone }: Rows): Step => {
  const { sql, params } = within(table, gone)
  return {
    kind: 'query',
    sql: `delete from ${table.table} t using unnest($1::text[], $2::bigint[]) as g(log_key, log_offset) where t.log_key = g.log_key and t.log_offset < g.log_offset${sql}`,
    params: [gone.map(([key]) => key), gone.map(([, offset]) => offset), ...params],
  }
}

const stageSteps = ({ table, rows, gone }: Rows): Step[] => {
  const steps: Step[] = []
  const { table: name, columns, key, policy } = table
  if (rows.length > 0) {
    const list = columns.join(', ')
    const rest = columns.filter((column) => !key.includes(column))
    const update = `do update set ${rest.map((c) => `${c} = excluded.${c}`).join(', ')} where ${name}.log_offset < excluded.log_offset`
    steps.push(
      {
        kind: 'script',
        sql: `create temporary table if not exists stage_${name} (like ${name} including defaults) on commit delete rows`,
      },
      { kind: 'copy', table: `stage_${name}`, columns, text: copyText(rows) },
      {
        kind: 'script',
        sql: `insert into ${name} (${list}) select ${list} from stage_${name} on conflict (${key.join(', ')}) ${policy === 'once' ? 'do nothing' : update}`,
      },
    )
  }
  if (gone.length > 0) steps.push(goneStep({ table, rows, gone }))
  return steps
}

/**
 * Two instances may write at once: positions only ever rise, and rows do not mind coming twice. After a rebuild (rebuild.ts)
 * those that know the generation before move nothing.
 */
const positionStep = (batches: readonly Batch[], generations: ReadonlyMap<string, number>): Step => ({
  kind: 'query',
  sql: `insert into sink_offsets as s (sink, topic, partition, position, generation)
    select $1, * from unnest($2::text[], $3::integer[], $4::bigint[], $5::integer[])
    on conflict (sink, topic, partition) do update set position = greatest(s.position, excluded.position), updated_at = now()
    where s.generation = excluded.generation`,
  params: [
    SINK,
    batches.map((b) => b.topic),
    batches.map((b) => b.partition),
    batches.map((b) => (b.records.at(-1) as LogRecord).offset + 1),
    batches.map((b) => generations.get(positionKey(b.topic, b.partition)) ?? 0),
  ],
})

/** The last row of each key; of the keys that ended in a tombstone, none. */
const newest = (table: AnyTable, entries: readonly (readonly [LogRecord, readonly unknown[] | undefined])[]): Rows => {
  const at = table.key.map((column) => table.columns.indexOf(column))
  const rows = new Map<string, readonly unknown[]>()
  const keysOf = new Map<string, Set<string>>()
  const gone = new Map<string, number>()
  for (const [record, row] of entries) {
    const key = short(record.key)
    if (row === undefined) {
      for (const id of keysOf.get(key) ?? []) rows.delete(id)
      gone.set(key, record.offset)
      continue
    }
    const id = JSON.stringify(at.map((index) => row[index]))
    rows.set(id, row)
    keysOf.set(key, (keysOf.get(key) ?? new Set()).add(id))
  }
  return { table, rows: [...rows.values()], gone: [...gone] }
}

/** Decodes a record once; what cannot be decoded goes to `refuse`. */
const decoded = (
  codecs: Codecs,
  batch: Batch,
  refuse: (record: LogRecord, reason: string) => void,
): (readonly [LogRecord, unknown])[] => {
  const values: (readonly [LogRecord, unknown])[] = []
  for (const record of batch.records) {
    try {
      values.push([
        record,
        record.value === null ? undefined : codecs.decode(batch.topic as keyof TopicValues, record.value),
      ])
    } catch (error) {
      refuse(record, (error as Error).message)
    }
  }
  return values
}

const toRows = (options: PostgresSinkOptions, batches: readonly Batch[]): Rows[] => {
  const letters: (readonly unknown[])[] = []
  const refuse = (record: LogRecord, reason: string): void => {
    letters.push(deadLetter(record, 'decode', reason))
    options.onDeadLetter?.(record, reason)
  }
  const result: Rows[] = []
  for (const batch of batches) {
    const values = decoded(options.codecs, batch, refuse)
    for (const table of options.tables.filter((t) => t.topic === batch.topic)) {
      const entries = values.map(
        ([record, value]) => [record, value === undefined ? undefined : table.row(value, record)] as const,
      )
      // A record that has no row here is no tombstone.
      const told = entries.filter(([record, row]) => row !== undefined || record.value === null)
      if (table.policy === 'latest') result.push(newest(table, told))
      else result.push({ table, rows: entries.flatMap(([, row]) => (row === undefined ? [] : [row])), gone: [] })
    }
  }
  if (letters.length > 0) result.push({ table: deadLetterTable, rows: letters, gone: [] })
  return result.filter(({ rows, gone }) => rows.length > 0 || gone.length > 0)
}

const halves = (batches: readonly Batch[]): readonly (readonly Batch[])[] => {
  if (batches.length > 1) return batches.map((batch) => [batch])
  const batch = batches[0] as Batch
  const middle = batch.records.length >> 1
  return [[{ ...batch, records: batch.records.slice(0, middle) }], [{ ...batch, records: batch.records.slice(middle) }]]
}

/** Rows that the database refuses are found by halving and put aside, so that one of them stops nobody. */
const write = async (options: Writing, batches: readonly Batch[]): Promise<void> => {
  const rows = toRows(options, batches)
  try {
    await options.database.transaction([
      writeAnywhere,
      ...rows.flatMap(stageSteps),
      positionStep(batches, options.generations),
    ])
    for (const { table, rows: written } of rows) options.onRows?.(table.table, written.length)
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== 'data') throw error
    const records = batches.flatMap((batch) => batch.records)
    if (records.length > 1) {
      for (const half of halves(batches)) await write(options, half)
      return
    }
    const record = records[0] as LogRecord
    options.onDeadLetter?.(record, error.message)
    const letter: Rows = { table: deadLetterTable, rows: [deadLetter(record, 'publish', error.message)], gone: [] }
    await options.database.transaction([...stageSteps(letter), positionStep(batches, options.generations)])
  }
}

const storedOffsets = (database: Database): Promise<readonly Row[]> =>
  database.query('select topic, partition, position, generation from sink_offsets where sink = $1', [SINK])

const keyOf = (row: Row): string => positionKey(row['topic'] as Topic, row['partition'] as number)

/** A sink into migrated tables. */
export const postgresSink = (options: PostgresSinkOptions): Sink => {
  const generations = new Map<string, number>()
  return {
    name: SINK,
    topics: [...new Set(options.tables.map((table) => table.topic as Topic))],
    positions: async () => {
      const rows = await storedOffsets(options.database)
      for (const row of rows) generations.set(keyOf(row), row['generation'] as number)
      return new Map(rows.map((row) => [keyOf(row), row['position'] as number]))
    },
    write: (batches) => write({ ...options, generations }, batches),
    reset: () =>
      options.database.transaction([
        {
          kind: 'script',
          sql: `truncate sink_offsets, dead_letters, ${[...new Set(options.tables.map((t) => t.table).filter((t) => t !== 'dead_letters'))].join(', ')}`,
        },
      ]),
  }
}
