/**
 * One writer per directory. The lock is a file that names its holder; a holder that died is told from one that lives by
 * its process id together with the process's start time and the machine's boot, so that a reused id deceives nobody.
 * Across hosts (containers on one volume) ids say nothing: there a lock that was not touched for a while is stale.
 */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { LogError } from '../../../../schemas/log.ts'
import { codeOf } from './files.ts'

const TOUCH_MS = 5_000
const FOREIGN_STALE_MS = 30_000
const TRIES = 20

interface Holder {
  readonly pid: number
  /** Start of the process in clock ticks since boot, where the system tells. */
  readonly started: string
  readonly boot: string
  readonly host: string
  readonly since: string
  readonly name: string
  readonly token: string
}

const readOr = (file: string, fallback: string): string => {
  try {
    return fs.readFileSync(file, 'utf8').trim()
  } catch {
    return fallback
  }
}

/** Field 22 of /proc/<pid>/stat; the command before it may hold spaces and brackets. */
const startOf = (pid: number): string => {
  const stat = readOr(`/proc/${pid}/stat`, '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

const bootId = (): string => readOr('/proc/sys/kernel/random/boot_id', '')

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

const isAlive = (holder: Holder, file: string): boolean => {
  if (holder.host !== os.hostname())
    return Date.now() - (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < FOREIGN_STALE_MS
  if (holder.boot !== bootId()) return false
  return isRunning(holder.pid) && startOf(holder.pid) === holder.started
}

const parse = (text: string): Holder | undefined => {
  try {
    const holder = JSON.parse(text) as Holder
    return typeof holder.pid === 'number' ? holder : undefined
  } catch {
    return undefined
  }
}

const refusal = (dir: string, holder: Holder): LogError =>
  new LogError(
    'locked',
    `${dir} is being written by ${holder.name} (process ${holder.pid} on ${holder.host}, since ${holder.since}). ` +
      'Stop that process, or use another directory.',
  )

/** Moves a dead holder's lock away; puts it back when another one took over in between. */
const clear = (file: string, judged: string): void => {
  const aside = `${file}.${randomUUID()}`
  try {
    fs.renameSync(file, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if (fs.readFileSync(aside, 'utf8') !== judged) {
    try {
      fs.linkSync(aside, file)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
  }
  fs.unlinkSync(aside)
}

const tryOnce = (dir: string, file: string, mine: string): boolean => {
  const own = `${file}.${randomUUID()}`
  fs.writeFileSync(own, mine)
  try {
    // A link appears with its content: nobody ever reads half a lock.
    fs.linkSync(own, file)
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    fs.unlinkSync(own)
  }
  const text = readOr(file, '')
  const holder = parse(text)
  if (holder !== undefined && isAlive(holder, file)) throw refusal(dir, holder)
  clear(file, text)
  return false
}

export interface Lock {
  /** Throws `fenced` when the lock is no longer ours. */
  check(): void
  release(): void
}

/** Takes the directory for `name`, or throws `locked` with the holder's name. */
export const takeLock = (dir: string, name: string): Lock => {
  const file = path.join(dir, 'lock')
  const token = randomUUID()
  const { pid } = process
  const since = new Date().toISOString()
  const mine = JSON.stringify({ pid, started: startOf(pid), boot: bootId(), host: os.hostname(), since, name, token })
  let taken = false
  for (let n = 0; n < TRIES && !taken; n++) taken = tryOnce(dir, file, mine)
  const isMine = (): boolean => readOr(file, '') === mine
  if (!isMine())
    throw new LogError('locked', `${dir} is being taken by several processes at once: start them one by one.`)
  const touch = setInterval(() => fs.utimes(file, new Date(), new Date(), () => undefined), TOUCH_MS).unref()
  return {
    check: () => {
      if (!isMine()) throw new LogError('fenced', `The lock of ${dir} is held by another process now: stop this one.`)
    },
    release: () => {
      clearInterval(touch)
      if (isMine()) fs.unlinkSync(file)
    },
  }
}
