/** Where a profile keeps its things: one folder holds everything that chaos-proxy knows about one backend. */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CliError } from '../cli/failure.ts'
import type { Config } from '../../schemas/config.ts'

export interface Place {
  readonly root: string
  /** Journals of the embedded log. */
  readonly log: string
  readonly spool: string
  /** Accepted writes that wait for their backend: a folder per process of the ingress. */
  readonly queue: string
  /** Snapshots of the ingress's views, for a start without Kafka. */
  readonly views: string
  readonly database: string
  readonly secretFile: string
  /** What runs here now, for the commands that talk to it. */
  readonly runFile: string
}

export const placeOf = (config: Config): Place => {
  const root = resolve(config.log.dir, config.log.profile)
  return {
    root,
    log: join(root, 'log'),
    spool: join(root, 'spool'),
    queue: join(root, 'queue'),
    views: join(root, 'views'),
    database: join(root, 'database'),
    secretFile: join(root, 'secret.key'),
    runFile: join(root, 'run.json'),
  }
}

export const makePlace = (place: Place): void => {
  try {
    mkdirSync(place.root, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new CliError(`the folder ${place.root} cannot be made: ${(error as NodeJS.ErrnoException).code}`, {
      cure: 'choose another with --data-dir (log.dir), or let this user write there',
    })
  }
}

const KEY_BYTES = 32

/**
 * The key of pseudonyms and seals: made at the first start, readable by its owner only, kept for good, since what it
 * sealed only it can open. CHAOS_PROXY_SECRET (base64 or hex) replaces it where several machines must agree.
 */
export const secretOf = (place: Place, env: NodeJS.ProcessEnv = process.env): Uint8Array => {
  const given = env['CHAOS_PROXY_SECRET']
  if (given !== undefined && given !== '') return decodeKey(given, '$CHAOS_PROXY_SECRET')
  try {
    return decodeKey(readFileSync(place.secretFile, 'utf8'), place.secretFile)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
  }
  makePlace(place)
  const key = randomBytes(KEY_BYTES)
  const fresh = `${place.secretFile}.${process.pid}`
  const file = openSync(fresh, 'wx', 0o600)
  writeFileSync(file, `${key.toString('base64')}\n`)
  fsyncSync(file)
  closeSync(file)
  renameSync(fresh, place.secretFile)
  return key
}

const decodeKey = (text: string, where: string): Uint8Array => {
  const trimmed = text.trim()
  const key = /^[0-9a-f]{32,}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : Buffer.from(trimmed, 'base64')
  if (key.length >= 16) return key
  throw new Error(`${where} is no key: it must hold at least 16 bytes, as base64 or hex (openssl rand -base64 32)`)
}

export interface RunFile {
  readonly pid: number
  readonly proxy: string
  readonly admin: string
}

export const writeRunFile = (place: Place, run: RunFile): void => {
  makePlace(place)
  writeFileSync(place.runFile, `${JSON.stringify(run)}\n`)
}
export const removeRunFile = (place: Place): void => rmSync(place.runFile, { force: true })

/** What runs on this profile, when it still does. */
export const readRunFile = (place: Place): RunFile | undefined => {
  try {
    const run = JSON.parse(readFileSync(place.runFile, 'utf8')) as RunFile
    process.kill(run.pid, 0)
    return run
  } catch {
    return undefined
  }
}
