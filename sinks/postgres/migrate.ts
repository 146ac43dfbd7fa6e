/** Applies migrations in order, each in a transaction of its own with its entry; several processes may try at once. */
import { DatabaseError, type Database } from '../kit/database.ts'
import type { Storage } from './migrations/005-storage.ts'
import { migrations, type Migration } from './migrations/migrations.ts'

export interface MigrationState {
  readonly number: number
  readonly name: string
  /** ISO time; undefined while pending. */
  readonly appliedAt: string | undefined
}

/** Any number, the same in all versions: only its being the same matters. */
const LOCK = 7_205_769

const register = `create table if not exists schema_migrations (
  number integer primary key,
  name text not null,
  applied_at timestamptz not null default now()
)`

const applied = async (database: Database): Promise<ReadonlyMap<number, string>> => {
  const known = await database.query(`select to_regclass('schema_migrations')::text as name`)
  if (known[0]?.['name'] === null) return new Map()
  const rows = await database.query('select number, applied_at from schema_migrations')
  return new Map(rows.map((row) => [row['number'] as number, row['applied_at'] as string]))
}

/** What is applied and what is pending. */
export const migrationStatus = async (database: Database): Promise<readonly MigrationState[]> => {
  const done = await applied(database)
  return migrations.map(({ number, name }) => ({ number, name, appliedAt: done.get(number) }))
}

/** Whether the extension is installed in this database; that the server has it on offer is not enough. */
export const storageOf = async (database: Database): Promise<Storage> => {
  const rows = await database.query(`select 1 from pg_extension where extname = 'timescaledb'`)
  return rows.length > 0 ? 'timescale' : 'plain'
}

const apply = async (database: Database, migration: Migration, storage: Storage): Promise<void> => {
  try {
    await database.transaction([
      { kind: 'query', sql: 'select pg_advisory_xact_lock($1)', params: [LOCK] },
      { kind: 'script', sql: register },
      {
        kind: 'query',
        sql: 'insert into schema_migrations (number, name) values ($1, $2)',
        params: [migration.number, migration.name],
      },
      { kind: 'script', sql: migration.sql(storage) },
    ])
  } catch (error) {
    // Another process was faster: its entry made ours a duplicate.
    if (error instanceof DatabaseError && error.state === '23505') return
    throw error
  }
}

/** Brings the database to the newest form; resolves with the numbers that were applied by this call. */
export const migrate = async (database: Database): Promise<readonly number[]> => {
  const done = await applied(database)
  const newest = Math.max(0, ...done.keys())
  if (newest > (migrations.at(-1)?.number ?? 0))
    throw new DatabaseError(
      'failed',
      `${database.where} was migrated to ${newest} by a newer version of Chaos-Proxy. Run that version, or another database.`,
    )
  const pending = migrations.filter((migration) => !done.has(migration.number))
  const storage = await storageOf(database)
  for (const migration of pending) await apply(database, migration, storage)
  return pending.map(({ number }) => number)
}
