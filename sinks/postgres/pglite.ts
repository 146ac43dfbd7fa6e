/**
 * Database over PGlite in a process of its own: it computes on the thread that calls it, a day's aggregate for most of a
 * second, and takes hundreds of megabytes. Should that process die, the next call starts another.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { codeOfState, DatabaseError, type Database, type Row } from '../kit/database.ts'
import { pause } from '../kit/backoff.ts'
import type { Logger } from '../kit/logger.ts'
import type { FromServer, ToServer } from './pglite-protocol.ts'

export interface PgliteOptions {
  readonly dir: string
  readonly logger: Logger
  readonly seed?: string
  /** Starts the process of pglite-server.ts with an IPC channel and `serialization: 'advanced'`. */
  readonly spawnPglite?: () => ChildProcess
  /** So long it may take to open, and three times as long when it is tried again, ms; a minute unless given. */
  readonly openLimitMs?: number
  /** Shown to another process that wants the same directory. */
  readonly owner?: string
}

type Request =
  | { readonly kind: 'query'; readonly sql: string; readonly params: readonly unknown[] }
  | Omit<Extract<ToServer, { kind: 'transaction' }>, 'id'>

interface Server {
  ask(request: Request): Promise<readonly Row[]>
  close(): Promise<void>
  readonly gone: Promise<void>
}

/** A directory whose last owner is just leaving gets this long, ms. */
const LOCK_PATIENCE = 5_000
const OPEN_LIMIT = 60_000

/** From source the entry is TypeScript, which Node 20 reads through tsx; in the bundle it lies beside this chunk. */
export const spawnPgliteHere = (): ChildProcess => {
  const source = import.meta.url.endsWith('.ts')
  const entry = fileURLToPath(new URL(source ? './pglite-server.ts' : './pglite-server.js', import.meta.url))
  const loader = source ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : []
  return fork(entry, [], { serialization: 'advanced', execArgv: loader, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}

/** The seed that the build lays beside the bundle. */
const bundledSeed = (): string => fileURLToPath(new URL('./pglite-seed.tar.gz', import.meta.url))

/** `slow`: nothing was said in time. That is no damage: the machine may be busy, and the same directory opens a moment later. */
type Refused = Omit<Extract<FromServer, { kind: 'refused' }>, 'code'> & {
  readonly code: 'locked' | 'unavailable' | 'damaged' | 'slow'
}
type First = Exclude<FromServer, { kind: 'refused' }> | Refused

const opened = (child: ChildProcess, dir: string, limit: number): Promise<First> =>
  new Promise((resolve) => {
    const refuse = (message: string, code: Refused['code'] = 'damaged'): void =>
      resolve({ kind: 'refused', code, message: `${dir}: ${message}` })
    const timer = setTimeout(() => {
      refuse(`did not open within ${limit / 1000} s`, 'slow')
      child.kill('SIGKILL')
    }, limit)
    child.once('message', resolve)
    child.once('error', (error) => refuse(error.message))
    // Killed from outside, as by the kernel when memory runs out, says nothing about the files.
    child.once('exit', (code, signal) =>
      refuse(
        `the database process ended (${signal ?? code}) while opening`,
        signal === 'SIGKILL' ? 'unavailable' : 'damaged',
      ),
    )
    void Promise.resolve().then(() =>
      child.once('message', () => clearTimeout(timer)).once('exit', () => clearTimeout(timer)),
    )
  })

const serve = (child: ChildProcess, where: string): Server => {
  const pending = new Map<number, { resolve(rows: readonly Row[]): void; reject(error: DatabaseError): void }>()
  let next = 0
  child.on('message', (message: FromServer) => {
    if (message.kind !== 'done' && message.kind !== 'failed') return
    const request = pending.get(message.id)
    pending.delete(message.id)
    if (message.kind === 'done') request?.resolve(message.rows)
    else
      request?.reject(
        new DatabaseError(codeOfState(message.state), `${where}: ${message.message}`, { state: message.state }),
      )
  })
  const gone = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      for (const { reject } of pending.values())
        reject(new DatabaseError('unavailable', `${where}: the database process ended (${signal ?? code})`))
      pending.clear()
      resolve()
    })
  })
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        const id = next++
        pending.set(id, { resolve, reject })
        child.send({ ...request, id }, (error) => {
          if (!error) return
          pending.delete(id)
          reject(new DatabaseError('unavailable', `${where}: ${error.message}`, { cause: error }))
        })
      }),
    close: async () => {
      if (child.connected) child.send({ kind: 'close' } satisfies ToServer, () => {})
      await gone
    },
    gone,
  }
}

interface Try {
  readonly rebuild: boolean
  readonly limit: number
}

const tryOpen = async (options: PgliteOptions, { rebuild, limit }: Try): Promise<Server | Refused> => {
  const { dir, logger, seed = bundledSeed(), owner = `chaos-proxy (process ${process.pid})` } = options
  const child = (options.spawnPglite ?? spawnPgliteHere)()
  child.on('error', () => {})
  const answer = opened(child, dir, limit)
  child.send({ kind: 'open', settings: { dir, seed, rebuild, owner } } satisfies ToServer, () => {})
  const first = await answer
  if (first.kind === 'ready') {
    if (first.movedTo !== undefined)
      logger.warn(
        { dir, movedTo: first.movedTo },
        'the embedded database was damaged: moved aside, rebuilding from the log',
      )
    return serve(child, dir)
  }
  const gone =
    child.exitCode === null && child.signalCode === null
      ? new Promise((resolve) => child.once('exit', resolve))
      : undefined
  if (child.connected) child.send({ kind: 'close' } satisfies ToServer, () => {})
  await gone
  return first as Refused
}

/** What a database takes that is made anew, with room to work. */
const ROOM = 64 * 1024 * 1024

/** On a full disk nothing opens, and what does not open looks damaged: that must not cost a good directory its place. */
const hasRoom = (dir: string): boolean => {
  const { bavail, bsize } = statfsSync(dirname(dir))
  return bavail * bsize >= ROOM
}

/** What no other try would change. */
const final = ({ code, message }: Refused, { rebuild, dir, late }: Try & { dir: string; late: boolean }) => {
  const failed = (kind: 'failed' | 'locked' | 'unavailable', why: string): DatabaseError =>
    new DatabaseError(kind, message + why)
  const elsewhere = 'choose another directory, or set DATABASE_URL to a Postgres that several processes can share.'
  if (code === 'unavailable') return failed('unavailable', '')
  if (code === 'locked') return late ? failed('locked', `. Stop it, ${elsewhere}`) : undefined
  if (code === 'damaged' && !hasRoom(dir))
    return failed('unavailable', '. Its disk is full: make room, then it goes on.')
  if (!rebuild) return undefined
  // A new directory that does not open in time either: it is the machine.
  if (code === 'slow') return failed('unavailable', ', nor did a new one: this machine is too busy')
  return failed('failed', '. It could not be made anew either.')
}

const start = async (options: PgliteOptions): Promise<Server> => {
  const deadline = Date.now() + LOCK_PATIENCE
  const { dir, openLimitMs = OPEN_LIMIT } = options
  let next: Try = { rebuild: false, limit: openLimitMs }
  for (;;) {
    const result = await tryOpen(options, next)
    if ('ask' in result) return result
    const error = final(result, { ...next, dir, late: Date.now() > deadline })
    if (error !== undefined) throw error
    if (result.code === 'locked') await pause(200)
    else next = { rebuild: result.code === 'damaged' || next.limit > openLimitMs, limit: 3 * openLimitMs }
  }
}

/** Opens the directory now: refuses it at once when another process holds it. */
export const openPglite = async (options: PgliteOptions): Promise<Database> => {
  let closed = false
  let server: Promise<Server>
  const startServer = (): Promise<Server> => {
    const starting = start(options)
    starting.then(
      ({ gone }) => void gone.then(() => (broken = !closed)),
      () => (broken = !closed),
    )
    return starting
  }
  let broken = false
  const ask = async (request: Request): Promise<readonly Row[]> => {
    if (closed) throw new DatabaseError('closed', `${options.dir} was closed`)
    if (broken) {
      broken = false
      options.logger.warn({ dir: options.dir }, 'the embedded database’s process ended: starting another')
      server = startServer()
    }
    return (await server).ask(request)
  }
  server = startServer()
  await server
  return {
    kind: 'pglite',
    where: options.dir,
    query: (sql, params = []) => ask({ kind: 'query', sql, params }),
    transaction: async (steps) => void (await ask({ kind: 'transaction', steps })),
    close: async () => {
      if (closed) return
      closed = true
      await server.then((s) => s.close()).catch(() => {})
    },
  }
}
