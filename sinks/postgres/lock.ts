/**
 * A directory lock: a file with the holder's name in it, created by link(2), which is atomic with its content. A holder that
 * died leaves the file behind; whoever finds that its process is gone (or another one wears its number) takes over.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Holder {
  readonly pid: number
  readonly owner: string
  readonly since: string
  /** Start time of the process in clock ticks, where /proc tells it; '' elsewhere. */
  readonly started: string
}

export type LockResult = { readonly kind: 'held'; release(): void } | { readonly kind: 'taken'; readonly by: Holder }

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)); the name in field 2 may hold spaces and parentheses. */
const startOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const lives = ({ pid, started }: Holder): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return started === '' || startOf(pid) === started
}

const read = (path: string): { readonly text: string; readonly holder: Holder } | undefined => {
  try {
    const text = readFileSync(path, 'utf8')
    return { text, holder: JSON.parse(text) as Holder }
  } catch {
    return undefined
  }
}

/** Moves a dead holder's file away; puts it back when somebody took the lock between our look and our move. */
const removeStale = (path: string, seen: string): void => {
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
    if (readFileSync(aside, 'utf8') !== seen) linkSync(aside, path)
  } catch {
    // Another process was faster; the next try sees what it did.
  }
  rmSync(aside, { force: true })
}

/** Link fails when the name is there already: the one atomic step of it all. */
const tryLink = (from: string, to: string): boolean => {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Takes `<dir>.lock`, beside the directory, so that the directory itself can be moved away under the lock. */
export const lockDirectory = (dir: string, owner: string): LockResult => {
  const path = `${dir}.lock`
  const mine = `${path}.${process.pid}`
  const holder: Holder = { pid: process.pid, owner, since: new Date().toISOString(), started: startOf(process.pid) }
  mkdirSync(join(dir, '..'), { recursive: true })
  writeFileSync(mine, JSON.stringify(holder))
  try {
    for (let attempt = 0; attempt < 20; attempt++) {
      if (tryLink(mine, path)) return { kind: 'held', release: () => rmSync(path, { force: true }) }
      const found = read(path)
      if (found && lives(found.holder)) return { kind: 'taken', by: found.holder }
      if (found) removeStale(path, found.text)
    }
    throw new Error(`${path}: cannot be taken nor read. Remove it if no Chaos-Proxy runs on ${dir}.`)
  } finally {
    rmSync(mine, { force: true })
  }
}
