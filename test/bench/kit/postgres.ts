/** A Postgres of its own for a section: migrated, and kept for a week. */
import { keepTables } from '../../../sinks/postgres/retention.ts'
import { migrate, openDatabase, type Database } from '../../../sinks/sinks.ts'
import { startPostgres, withoutPostgres } from '../../kit/postgres.ts'
import { silent } from '../../sinks/kit.ts'
import type { Figure, Section } from './figure.ts'

const WEEK = 7 * 86_400_000

export const overPostgres =
  (measure: (database: Database) => Promise<Figure[]>): Section['run'] =>
  async (skipped) => {
    if (withoutPostgres()) {
      skipped('the server binaries of Postgres are missing')
      return []
    }
    const server = await startPostgres()
    const database = await openDatabase({ url: await server.newDatabase(), logger: silent })
    try {
      await migrate(database)
      await keepTables(database, WEEK)
      return await measure(database)
    } finally {
      await database.close()
      await server.stop()
    }
  }
