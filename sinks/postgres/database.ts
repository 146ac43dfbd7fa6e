/** Opens the database: Postgres behind a URL, else PGlite in a directory. */
import { resolve } from 'node:path'
import { DatabaseError, type Database } from '../kit/database.ts'
import { openPglite, type PgliteOptions } from './pglite.ts'
import { openServer } from './server.ts'

export interface DatabaseOptions extends Omit<PgliteOptions, 'dir'> {
  /** `postgres://…`; empty or absent: embedded. */
  readonly url?: string
  /** Of the embedded database. */
  readonly dir?: string
}

/** Rejects with DatabaseError; a server that is away is no error here, calls to it are. */
export const openDatabase = async (options: DatabaseOptions): Promise<Database> => {
  const { url = '', dir = '' } = options
  if (url !== '' && !/^postgres(ql)?:\/\//.test(url))
    throw new DatabaseError(
      'failed',
      'the database URL must begin with postgres:// or postgresql://; leave it empty for the embedded database',
    )
  if (url !== '') return openServer(url)
  if (dir === '')
    throw new DatabaseError(
      'failed',
      'no database: give a URL (database.url, DATABASE_URL) or a directory for the embedded one',
    )
  return openPglite({ ...options, dir: resolve(dir) })
}
