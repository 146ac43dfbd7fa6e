/** The database of sinks and console: a Postgres that the configuration names, or the embedded one in the profile. */
import { DatabaseError } from '../../sinks/kit/database.ts'
import { openDatabase, type Database } from '../../sinks/sinks.ts'
import { masked } from '../config/masked.ts'
import { placeOf } from './place.ts'
import type { RoleContext } from './role.ts'

export const openTheDatabase = ({ config, logger }: RoleContext): Promise<Database> =>
  openDatabase({ url: config.database.url, dir: placeOf(config).database, logger, owner: `chaos-proxy ${process.pid}` })

export interface ComingDatabase {
  /** Usable at once; until it is open, questions are refused as they are while it is away. */
  readonly database: Database
  readonly opened: Promise<Database>
}

/** The embedded database takes seconds to open: what needs it only for some answers goes ahead. */
export const openDatabaseSoon = (context: RoleContext): ComingDatabase => {
  const { url } = context.config.database
  const opened = openTheDatabase(context)
  let there: Database | undefined
  opened.then(
    (database) => (there = database),
    () => undefined,
  )
  const ask = <T>(question: (database: Database) => Promise<T>): Promise<T> =>
    there ? question(there) : Promise.reject(new DatabaseError('unavailable', 'it is being opened'))
  return {
    opened,
    database: {
      kind: url === '' ? 'pglite' : 'postgres',
      where: String(masked(['database', 'url'], url === '' ? placeOf(context.config).database : url)),
      query: (sql, params) => ask((database) => database.query(sql, params)),
      transaction: (steps) => ask((database) => database.transaction(steps)),
      close: async () => {
        const database = await opened.catch(() => undefined)
        await database?.close()
      },
    },
  }
}
