/**
 * The process that owns PGlite: it takes the directory's lock, answers one request after another, and goes when its parent
 * goes. Started by pglite.ts with fork(); an entry of its own in the bundle.
 */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { PGlite, types } from '@electric-sql/pglite'
import type { Row, Step } from '../kit/database.ts'
import { lockDirectory } from './lock.ts'
import type { FromServer, PgliteSettings, ToServer } from './pglite-protocol.ts'
import { isoTime } from './types.ts'

const parsers = { [types.INT8]: Number, [types.TIMESTAMPTZ]: isoTime }

let database: PGlite | undefined
let release = (): void => {}
let work: Promise<void> = Promise.resolve()

const say = (message: FromServer): void => {
  if (process.connected) process.send?.(message, () => {})
}

const moveAside = (dir: string): string | undefined => {
  if (!existsSync(dir)) return undefined
  const to = `${dir}.damaged-${new Date().toISOString().replaceAll(':', '')}`
  renameSync(dir, to)
  return to
}

const openPglite = async ({ dir, seed }: PgliteSettings): Promise<PGlite> => {
  const fresh = !existsSync(`${dir}/PG_VERSION`)
  // A first start that was killed leaves half a directory: nothing in it was ever acknowledged.
  if (fresh) rmSync(dir, { recursive: true, force: true })
  const loadDataDir = fresh && seed !== undefined && existsSync(seed) ? new Blob([readFileSync(seed)]) : undefined
  const opened = await PGlite.create({ dataDir: dir, parsers, ...(loadDataDir === undefined ? {} : { loadDataDir }) })
  await opened.exec(`set timezone = 'UTC'; set datestyle = 'ISO'`)
  return opened
}

const open = async (settings: PgliteSettings): Promise<void> => {
  const lock = lockDirectory(settings.dir, settings.owner)
  if (lock.kind === 'taken') {
    const { pid, owner, since } = lock.by
    const message = `${settings.dir} is held by ${owner} (process ${pid}, since ${since})`
    return say({ kind: 'refused', code: 'locked', message })
  }
  release = lock.release
  const movedTo = settings.rebuild ? moveAside(settings.dir) : undefined
  database = await openPglite(settings)
  say({ kind: 'ready', movedTo })
}

/** What PGlite's file system throws is no Error: a name and a number. */
const wordsOf = ({ message, name, errno }: NodeJS.ErrnoException): string =>
  message || `${name || 'it cannot be opened'}${errno === undefined ? '' : ` (errno ${errno})`}`

const refuse = ({ dir }: PgliteSettings, error: NodeJS.ErrnoException): void => {
  const { code } = error
  const disk = code === 'ENOSPC' || code === 'EACCES' || code === 'EROFS' || code === 'EDQUOT'
  say({ kind: 'refused', code: disk ? 'unavailable' : 'damaged', message: `${dir}: ${wordsOf(error)}` })
}

interface Session {
  query(sql: string, params?: unknown[], options?: { blob?: Blob }): Promise<{ rows: unknown[] }>
  exec(sql: string): Promise<unknown>
}

const runStep = async (session: Session, step: Step): Promise<void> => {
  if (step.kind === 'query') await session.query(step.sql, [...step.params])
  else if (step.kind === 'script') await session.exec(step.sql)
  else
    await session.query(`copy ${step.table} (${step.columns.join(', ')}) from '/dev/blob'`, [], {
      blob: new Blob([step.text]),
    })
}

const answer = async (message: Extract<ToServer, { id: number }>): Promise<void> => {
  const { id } = message
  try {
    if (database === undefined) throw new Error('the database is not open')
    if (message.kind === 'query') {
      const { rows } = await database.query(message.sql, [...message.params])
      say({ kind: 'done', id, rows: rows as Row[] })
    } else {
      await database.transaction(async (session) => {
        for (const step of message.steps) await runStep(session as Session, step)
      })
      say({ kind: 'done', id, rows: [] })
    }
  } catch (error) {
    const { code, message: text } = error as { code?: string; message: string }
    say({ kind: 'failed', id, state: code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : 'XX000', message: text })
  }
}

const leave = (): void => {
  void work.then(async () => {
    await database?.close().catch(() => {})
    release()
    process.exit(0)
  })
}

process.on('message', (message: ToServer) => {
  if (message.kind === 'open')
    work = work.then(() => open(message.settings)).catch((error: unknown) => refuse(message.settings, error as Error))
  else if (message.kind === 'close') leave()
  else work = work.then(() => answer(message))
})
process.on('disconnect', leave)
// The parent says when to stop: Ctrl-C reaches the whole process group.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
