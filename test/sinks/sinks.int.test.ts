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
import { anomalyContract } from './anomaly-contract.ts'
import { databaseContract } from './database-contract.ts'
import { silent } from './kit.ts'
import type { Place } from './place.ts'
import { outageContract } from './outage-contract.ts'
import { reportContract } from './report-contract.ts'
import { sinkContract } from './sink-contract.ts'
import { storageContract } from './storage-contract.ts'

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
  storageContract('PGlite', place, 'plain')
  reportContract('PGlite', place)
  anomalyContract('PGlite', place)
  outageContract('PGlite', place)
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
  storageContract('Postgres', place, 'plain')
  reportContract('Postgres', place)
  anomalyContract('Postgres', place)
  outageContract('Postgres', place)
})

/** `postgres://…` of a server with the extension and the right to make databases: no package registry has one, so no machine is asked for it. */
const TIMESCALE = process.env['CHAOS_PROXY_TEST_TIMESCALE'] ?? ''

const onTimescale = (): void => {
  const killed = 'the server is not ours to kill: cases that do are held by the other two'
  const place = async (): Promise<Place> => {
    const name = `cp_test_${process.pid}_${Date.now()}`
    const tell = async (sql: string): Promise<void> => {
      const admin = await openDatabase({ url: TIMESCALE, logger: silent })
      await admin.query(sql)
      await admin.close()
    }
    await tell(`create database ${name}`)
    const url = Object.assign(new URL(TIMESCALE), { pathname: `/${name}` }).href
    const open = async (): Promise<Database> => {
      const database = await openDatabase({ url, logger: silent })
      await database.query('create extension if not exists timescaledb')
      return database
    }
    const never = (): Promise<void> => Promise.reject(new Error(killed))
    return { open, kill: never, revive: never, remove: () => tell(`drop database ${name} with (force)`) }
  }
  storageContract('Timescale', place, 'timescale')
  reportContract('Timescale', place)
}
if (TIMESCALE === '')
  console.warn('LEFT OUT: the sinks over Timescale, for want of CHAOS_PROXY_TEST_TIMESCALE=postgres://…')
else describe('Timescale', onTimescale)
