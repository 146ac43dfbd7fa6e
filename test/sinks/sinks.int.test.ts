import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Database } from '../../sinks/kit/database.ts'
import { spawnPgliteHere } from '../../sinks/postgres/pglite.ts'
import { makePgliteSeed } from '../../sinks/postgres/seed.ts'
import { openDatabase } from '../../sinks/sinks.ts'
import { startPostgres, withoutPostgres, type TestPostgres } from '../kit/postgres.ts'
import { databaseContract } from './database-contract.ts'
import { silent } from './kit.ts'
import type { Place } from './place.ts'
import { sinkContract } from './sink-contract.ts'

describe('embedded', () => {
  const root = mkdtempSync(join(tmpdir(), 'chaos-proxy-pglite-'))
  const children: ChildProcess[] = []
  let database: Database
  beforeAll(async () => {
    const seed = join(root, 'seed.tar.gz')
    writeFileSync(seed, await makePgliteSeed())
    const spawnPglite = (): ChildProcess => {
      const child = spawnPgliteHere()
      children.push(child)
      return child
    }
    database = await openDatabase({ dir: join(root, 'db'), seed, logger: silent, spawnPglite })
  })
  afterAll(async () => {
    await database.close()
    rmSync(root, { recursive: true, force: true })
  })
  /** One process for all cases, emptied before each: a new one costs seconds. */
  const place = async (): Promise<Place> => ({
    open: async () => {
      await database.transaction([{ kind: 'script', sql: 'drop schema public cascade; create schema public' }])
      return { ...database, close: async () => {} }
    },
    kill: async () => {
      const child = children.at(-1) as ChildProcess
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
    revive: async () => {},
    remove: async () => {},
  })
  databaseContract('PGlite', place)
  sinkContract('PGlite', place)
})

describe.skipIf(withoutPostgres())('a server', () => {
  let server: TestPostgres
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  const place = async (): Promise<Place> => {
    const url = await server.newDatabase()
    const open = (): Promise<Database> => openDatabase({ url, logger: silent })
    return { open, kill: server.kill, revive: server.start, remove: async () => {} }
  }
  databaseContract('Postgres', place)
  sinkContract('Postgres', place)
})
