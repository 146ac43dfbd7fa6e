/** A console over a log in memory, with a database that is none. */
import { Registry } from 'prom-client'
import { startConsole, type Console, type ConsoleOptions } from '../../../sinks/console/console.ts'
import { DatabaseError, type Database } from '../../../sinks/kit/database.ts'
import { openTestLog, silent, type TestLog } from '../kit.ts'

export const noDatabase: Database = {
  kind: 'postgres',
  where: 'nowhere',
  query: () => Promise.reject(new DatabaseError('unavailable', 'postgres://secret-host is away')),
  transaction: () => Promise.reject(new DatabaseError('unavailable', 'away')),
  close: async () => {},
}

export interface Started {
  readonly at: TestLog
  readonly url: string
  readonly console: Console
}

export const startTestConsole = async (options: Partial<ConsoleOptions> = {}): Promise<Started> => {
  const at = await openTestLog()
  const console = await startConsole({
    log: at.log,
    codecs: at.codecs,
    database: noDatabase,
    host: '127.0.0.1',
    port: 0,
    registry: new Registry(),
    logger: silent,
    app: 'processors',
    ...options,
  })
  return { at, console, url: `http://127.0.0.1:${console.port}` }
}
