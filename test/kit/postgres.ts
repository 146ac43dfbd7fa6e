/** A real Postgres server for tests: Debian's binaries, a directory of its own, a port of its own. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

export interface TestPostgres {
  /** Of a new, empty database on each call. */
  newDatabase(): Promise<string>
  /** Ends the server as a crash does (SIGKILL to all its processes). */
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

const ROOTS = ['/usr/lib/postgresql', '/usr/local/pgsql', '/opt/homebrew/opt/postgresql']

/** The folder with initdb and postgres, undefined when this machine has none. */
export const postgresBinaries = (): string | undefined => {
  const candidates = ROOTS.filter((root) => existsSync(root)).flatMap((root) => [
    join(root, 'bin'),
    ...readdirSync(root)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(root, version, 'bin')),
  ])
  return candidates.find((bin) => existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')))
}

/** Skips loudly where there is no Postgres, unless CHAOS_PROXY_NO_SKIP=1 makes that a failure. */
export const withoutPostgres = (): boolean => {
  if (postgresBinaries() !== undefined) return false
  if (process.env['CHAOS_PROXY_NO_SKIP'] === '1')
    throw new Error('no Postgres server binaries found: apt-get install postgresql')
  console.warn('SKIPPED: the tests over a real Postgres, for want of its server binaries (apt-get install postgresql)')
  return true
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** Postgres refuses to run as root. */
const account = (): { uid: number; gid: number } | Record<string, never> => {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

const untilReady = async (url: string, child: ChildProcess): Promise<void> => {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}`)
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 })
    client.on('error', () => {})
    const ready = await client.connect().then(
      () => true,
      () => false,
    )
    await client.end().catch(() => {})
    if (ready) return
    await sleep(100)
  }
  throw new Error('postgres did not become ready')
}

export const startPostgres = async (): Promise<TestPostgres> => {
  const bin = postgresBinaries()
  if (bin === undefined) throw new Error('no Postgres server binaries')
  const who = account()
  const dir = mkdtempSync(join(tmpdir(), 'chaos-proxy-pg-'))
  if (who.uid !== undefined) chownSync(dir, who.uid, who.gid)
  const data = join(dir, 'data')
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    { ...who, stdio: 'ignore', cwd: dir },
  )
  const port = await freePort()
  const url = (name: string): string => `postgres://postgres@127.0.0.1:${port}/${name}`
  let child: ChildProcess | undefined
  let databases = 0
  const ended = (): Promise<void> =>
    new Promise((resolve) =>
      child === undefined || child.exitCode !== null || child.signalCode !== null
        ? resolve()
        : child.once('exit', () => resolve()),
    )
  const start = async (): Promise<void> => {
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'max_connections=40',
      'shared_buffers=32MB',
    ]
    child = spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((s) => ['-c', s])], {
      ...who,
      stdio: 'ignore',
      cwd: dir,
      detached: true,
    })
    await untilReady(url('postgres'), child)
  }
  await start()
  return {
    newDatabase: async () => {
      const client = new pg.Client({ connectionString: url('postgres') })
      await client.connect()
      const name = `test_${++databases}`
      await client.query(`create database ${name}`)
      await client.end()
      return url(name)
    },
    kill: async () => {
      if (child?.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      await ended()
    },
    start,
    stop: async () => {
      child?.kill('SIGINT')
      await ended()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
