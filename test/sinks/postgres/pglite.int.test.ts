import { spawn, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../../sinks/kit/database.ts'
import { makePgliteSeed } from '../../../sinks/postgres/seed.ts'
import { lockDirectory } from '../../../sinks/postgres/lock.ts'
import { openDatabase, startSinks } from '../../../sinks/sinks.ts'
import { anEvent } from '../events.ts'
import { count, offsets, openTestLog, silent, until, upTo } from '../kit.ts'

const shared = mkdtempSync(join(tmpdir(), 'chaos-proxy-seed-'))
const seed = join(shared, 'seed.tar.gz')
beforeAll(async () => writeFileSync(seed, await makePgliteSeed()))
afterAll(() => rmSync(shared, { recursive: true, force: true }))

let root: string
let dir: string
const open: Database[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chaos-proxy-pglite-'))
  dir = join(root, 'db')
})
afterEach(async () => {
  for (const database of open.splice(0)) await database.close()
  rmSync(root, { recursive: true, force: true })
})
const opened = async (owner = 'a test'): Promise<Database> => {
  const database = await openDatabase({ dir, seed, owner, logger: silent })
  open.push(database)
  return database
}

test('a second one is refused by the name of the first; a clean end frees the directory', async () => {
  const first = await opened('chaos-proxy dev')
  await expect(opened()).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringMatching(/held by chaos-proxy dev \(process \d+, since .*DATABASE_URL/),
  })
  await first.close()
  expect(await (await opened()).query('select 1 as one')).toEqual([{ one: 1 }])
})

/** A process that says nothing, so often; then it is ready. Tells what it was asked to do. */
const slowly = (silent: number): { readonly asked: boolean[]; readonly spawnPglite: () => ChildProcess } => {
  const asked: boolean[] = []
  const spawnPglite = (): ChildProcess => {
    const child = Object.assign(new EventEmitter(), {
      exitCode: null,
      signalCode: null,
      connected: true,
      kill: () => {
        Object.assign(child, { signalCode: 'SIGKILL', connected: false })
        return child.emit('exit', null, 'SIGKILL')
      },
      send: (message: { kind: string; settings?: { rebuild: boolean } }) => {
        if (message.kind === 'close') child.kill()
        if (message.kind !== 'open') return
        asked.push(message.settings?.rebuild === true)
        if (asked.length > silent) queueMicrotask(() => child.emit('message', { kind: 'ready' }))
      },
    })
    return child as unknown as ChildProcess
  }
  return { asked, spawnPglite }
}

test('one that is slow to open is tried again, and not taken for damaged at once', async () => {
  const { asked, spawnPglite } = slowly(1)
  open.push(await openDatabase({ dir, logger: silent, spawnPglite, openLimitMs: 5 }))
  expect(asked).toEqual([false, false])
})

test('when a new one does not open in time either, that is the machine, and passes', async () => {
  const { asked, spawnPglite } = slowly(9)
  await expect(openDatabase({ dir, logger: silent, spawnPglite, openLimitMs: 5 })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('this machine is too busy'),
  })
  expect(asked).toEqual([false, false, true])
})

test('the lock of a dead process is taken over, that of a living one is not', () => {
  const held = lockDirectory(dir, 'first')
  expect(lockDirectory(dir, 'second')).toMatchObject({ kind: 'taken', by: { owner: 'first', pid: process.pid } })
  if (held.kind === 'held') held.release()
  writeFileSync(`${dir}.lock`, JSON.stringify({ pid: 2 ** 22 + 1, owner: 'gone', since: '', started: '' }))
  expect(lockDirectory(dir, 'third').kind).toBe('held')
  writeFileSync(
    `${dir}.lock`,
    JSON.stringify({ pid: process.pid, owner: 'another with my number', since: '', started: '1' }),
  )
  expect(lockDirectory(dir, 'fourth').kind).toBe('held')
  expect(readdirSync(root)).toEqual(['db.lock'])
})

test('a damaged directory is moved aside and filled again from the log', async () => {
  const from = await openTestLog()
  const fill = async (): Promise<readonly number[]> => {
    const database = await opened()
    const sinks = await startSinks({ ...from, database, registry: new Registry(), logger: silent, lingerMs: 5 })
    await until(
      'all',
      () => count(database, 'exchanges'),
      (n) => n === 30,
    )
    const seen = await offsets(database)
    await sinks.close()
    await database.close()
    return seen
  }
  await from.put(
    'exchanges',
    'shop',
    upTo(30).map((n) => anEvent(n)),
  )
  expect(await fill()).toEqual(upTo(30))
  truncateSync(join(dir, 'global', 'pg_control'), 100)
  expect(await fill()).toEqual(upTo(30))
  expect(readdirSync(root).filter((name) => name.startsWith('db.damaged-'))).toHaveLength(1)
})

test('a database of another log is emptied and filled again', async () => {
  const database = await opened()
  for (const n of [40, 10]) {
    const from = await openTestLog()
    await from.put(
      'exchanges',
      'shop',
      upTo(n).map((i) => anEvent(i, { id: `of-${n}-${i}` })),
    )
    const sinks = await startSinks({ ...from, database, registry: new Registry(), logger: silent, lingerMs: 5 })
    await until(
      'all',
      () => count(database, 'exchanges'),
      (seen) => seen === n,
    )
    await sinks.close()
  }
})

test('its process goes when the parent is killed, and leaves everything that was acknowledged', async () => {
  const script = `
    const { openDatabase } = await import(${JSON.stringify(new URL('../../../sinks/sinks.ts', import.meta.url).href)})
    const logger = { debug() {}, info() {}, warn() {}, error() {} }
    const database = await openDatabase({ dir: process.argv[1], seed: process.argv[2], logger })
    await database.transaction([{ kind: 'script', sql: 'create table t (a int); insert into t values (7)' }])
    console.log('written')
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, dir, seed], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(parent.stdout, 'data')
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  expect(await (await opened()).query('select a from t')).toEqual([{ a: 7 }])
  expect(existsSync(`${dir}.lock`)).toBe(true)
})

test('bad settings are refused with a cure', async () => {
  await expect(openDatabase({ url: 'mysql://x', logger: silent })).rejects.toThrow(/postgres:\/\//)
  await expect(openDatabase({ logger: silent })).rejects.toThrow(/DATABASE_URL/)
})
