/** Where a contract case runs: one database, opened, killed and cleaned up around each case. */
import { Registry } from 'prom-client'
import { afterEach } from 'vitest'
import type { Database } from '../../sinks/kit/database.ts'
import { startSinks, type Sinks, type SinksOptions } from '../../sinks/sinks.ts'
import { silent, type TestLog } from './kit.ts'

export interface Place {
  open(): Promise<Database>
  /** Ends the database's process as a crash does, in the middle of whatever it does. */
  kill(): Promise<void>
  /** Makes it possible to open it again after `kill`. */
  revive(): Promise<void>
  remove(): Promise<void>
}

export interface Bench {
  place(): Promise<Place>
  opened(at: Place): Promise<Database>
  start(from: TestLog, database: Database, more?: Partial<SinksOptions>): Promise<Sinks>
}

/** Call it inside `describe`: what a case opened is closed after it. */
export const bench = (make: () => Promise<Place>): Bench => {
  const cleanups: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup().catch(() => {})
  })
  const place = async (): Promise<Place> => {
    const made = await make()
    cleanups.push(() => made.remove())
    return made
  }
  const opened = async (at: Place): Promise<Database> => {
    const database = await at.open()
    cleanups.push(() => database.close())
    return database
  }
  const start: Bench['start'] = async (from, database, more) => {
    const sinks = await startSinks({
      log: from.log,
      codecs: from.codecs,
      database,
      registry: new Registry(),
      logger: silent,
      lingerMs: 5,
      ...more,
    })
    cleanups.push(() => sinks.close())
    return sinks
  }

  return { place, opened, start }
}
