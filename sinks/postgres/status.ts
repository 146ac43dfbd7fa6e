/** What stands in the database, for people: migrations, and how each big table is cut and kept. */
import type { Database, Row } from '../kit/database.ts'
import { migrationStatus, type MigrationState } from './migrate.ts'
import type { Storage } from './migrations/005-storage.ts'
import { storedAs } from './retention.ts'

export interface TableState {
  readonly table: string
  /** Chunks of a hypertable, partitions, or 1. */
  readonly pieces: number
  /** Of them compressed; 0 where nothing compresses. */
  readonly compressed: number
  readonly bytes: number
}

export interface StoreState {
  readonly where: string
  readonly storage: Storage
  /** Of the extension in this database; '' where it is not. */
  readonly timescale: string
  readonly migrations: readonly MigrationState[]
  readonly tables: readonly TableState[]
  /** Timescale's background jobs whose last run failed: they say so nowhere else. */
  readonly failing: readonly string[]
}

const partitions = `
select c.relname as table, greatest(count(i.inhrelid), 1) as pieces, 0 as compressed,
  (pg_total_relation_size(c.oid) + coalesce(sum(pg_total_relation_size(i.inhrelid)), 0))::bigint as bytes
from pg_class c left join pg_inherits i on i.inhparent = c.oid
where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
group by c.oid, c.relname order by bytes desc, c.relname`

const hypertables = `
select c.relname as table, coalesce(h.num_chunks, 1) as pieces,
  (select count(*) from timescaledb_information.chunks k where k.hypertable_name = c.relname and k.is_compressed) as compressed,
  case when h.num_chunks is null then pg_total_relation_size(c.oid) else hypertable_size(c.oid::regclass) end as bytes
from pg_class c left join timescaledb_information.hypertables h on h.hypertable_name = c.relname
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
order by bytes desc, c.relname`

const failingJobs = `
select j.proc_name || coalesce(' of ' || j.hypertable_name, '') as job
from timescaledb_information.job_stats s join timescaledb_information.jobs j using (job_id)
where s.last_run_status = 'Failed' order by 1`

const tableOf = (row: Row): TableState => ({
  table: String(row['table']),
  pieces: Number(row['pieces']),
  compressed: Number(row['compressed']),
  bytes: Number(row['bytes']),
})

const extension = async (database: Database): Promise<string> => {
  const rows = await database.query(`select extversion from pg_extension where extname = 'timescaledb'`)
  return String(rows[0]?.['extversion'] ?? '')
}

export const storeState = async (database: Database): Promise<StoreState> => {
  const migrations = await migrationStatus(database)
  const timescale = await extension(database)
  const isMigrated = migrations.every(({ appliedAt }) => appliedAt !== undefined)
  const storage = isMigrated ? await storedAs(database) : timescale === '' ? 'plain' : 'timescale'
  const cut = isMigrated && storage === 'timescale'
  const tables = await database.query(cut ? hypertables : partitions)
  const failing = cut ? await database.query(failingJobs) : []
  return {
    where: database.where,
    storage,
    timescale,
    migrations,
    tables: tables.map(tableOf),
    failing: failing.map((row) => String(row['job'])),
  }
}
