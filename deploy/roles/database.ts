/** The database of sinks and console: a Postgres that the configuration names, or the embedded one in the profile. */
import { openDatabase, type Database } from '../../sinks/sinks.ts'
import { placeOf } from './place.ts'
import type { RoleContext } from './role.ts'

export const openTheDatabase = ({ config, logger }: RoleContext): Promise<Database> =>
  openDatabase({ url: config.database.url, dir: placeOf(config).database, logger, owner: `chaos-proxy ${process.pid}` })
