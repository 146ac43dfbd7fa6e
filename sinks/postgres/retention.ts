/** How long rows stay, and who sees to it: Timescale's own jobs, or partitions that are made ahead and dropped. */
import type { Database, Step } from '../kit/database.ts'
import type { Storage } from './migrations/005-storage.ts'

const DAY = 86_400_000

/** Spans of a piece as the migration made them. Days stay: they are few. */
const cut = { exchanges: '1 day', signals: '7 days', windows: '7 days', windows_hour: '28 days' } as const
type Cut = keyof typeof cut

/** Minutes and hours are kept while somebody may want a report of them; exchanges as long as the log has their bodies. */
const keptFor = (exchangesMs: number): Readonly<Record<Cut, number>> => ({
  exchanges: exchangesMs,
  signals: Math.max(exchangesMs, 90 * DAY),
  windows: Math.max(exchangesMs, 31 * DAY),
  windows_hour: 400 * DAY,
})

/** Pieces made ahead: two at least, so that a sink that stands still for a day finds its place when it goes on. */
const AHEAD = 2 * DAY

const query = (sql: string, ...params: readonly unknown[]): Step => ({ kind: 'query', sql, params })

const policySteps = (table: string, ms: number): Step[] => [
  query('select remove_retention_policy($1::regclass, if_exists => true)', table),
  query('select add_retention_policy($1::regclass, drop_after => make_interval(secs => $2))', table, ms / 1000),
]

/**
 * An aggregate is refreshed as far back as there is something to add up: what comes late, after a rebuild or from an old log,
 * would be in none of its hours else, since what is newer is ready already. Two buckets at least, as Timescale asks.
 */
const aggregates = {
  answers_hour: { least: DAY, end: '1 hour' },
  answers_day: { least: 3 * DAY, end: '1 day' },
} as const

const refreshSteps = (exchangesMs: number): Step[] =>
  Object.entries(aggregates).flatMap(([view, { least, end }]) => [
    query('select remove_continuous_aggregate_policy($1::regclass, if_exists => true)', view),
    query(
      `select add_continuous_aggregate_policy($1::regclass, start_offset => make_interval(secs => $2), end_offset => $3::interval, schedule_interval => interval '30 minutes')`,
      view,
      (exchangesMs + least) / 1000,
      end,
    ),
  ])

const partitionStep = (table: Cut, drop: boolean, ms: number): Step =>
  query(
    `select keep_partitions($1, $2::interval, case when $3 then now() - make_interval(secs => $4) else '-infinity' end, now() + make_interval(secs => $5))`,
    table,
    cut[table],
    drop,
    ms / 1000,
    AHEAD / 1000,
  )

/** The statements; on Timescale policies, elsewhere the work itself. */
export const retentionSteps = (storage: Storage, exchangesMs: number, drop: boolean): readonly Step[] => {
  const kept = Object.entries(keptFor(exchangesMs)) as [Cut, number][]
  if (storage === 'plain') return kept.map(([table, ms]) => partitionStep(table, drop, ms))
  return [...kept.flatMap(([table, ms]) => policySteps(table, ms)), ...refreshSteps(exchangesMs)]
}

/** As it was migrated: an extension that came later changes nothing. */
export const storedAs = async (database: Database): Promise<Storage> => {
  const rows = await database.query(`select to_regproc('keep_partitions') is not null as plain`)
  return rows[0]?.['plain'] === true ? 'plain' : 'timescale'
}

/**
 * Brings policies or partitions to what is asked; `drop: false` makes room and takes nothing away, for the start: whoever
 * has just filled the tables from an old log wants to see them.
 */
export const keepTables = async (database: Database, exchangesMs: number, drop = true): Promise<void> =>
  database.transaction(retentionSteps(await storedAs(database), exchangesMs, drop))
