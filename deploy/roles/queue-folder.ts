/**
 * Where a process of the ingress keeps accepted writes. Each has a folder of its own, the first one that nobody holds, so
 * that what a process leaves behind is found by whoever comes next; the others look for folders of the dead now and then.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Orphan, QueueOptions } from '../../ingress/options.ts'
import { takeLock, type Lock } from '../../processors/runtime/logs/embedded/lock.ts'
import { LogError } from '../../schemas/log.ts'

export interface QueueFolder {
  readonly options: QueueOptions
  release(): void
}

/** undefined: somebody holds it. */
const tryLock = (dir: string): Lock | undefined => {
  try {
    return takeLock(dir, 'queue')
  } catch (error) {
    if (error instanceof LogError && error.code === 'locked') return undefined
    throw error
  }
}

const MOST = 1000

const takeFirst = (root: string): { readonly dir: string; readonly lock: Lock } => {
  for (let n = 1; n <= MOST; n++) {
    const dir = join(root, String(n))
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const lock = tryLock(dir)
    if (lock !== undefined) return { dir, lock }
  }
  throw new Error(`every folder in ${root} is held by a process: stop some, or use another --data-dir`)
}

const isEmpty = (dir: string): boolean => (statSync(join(dir, 'journal'), { throwIfNoEntry: false })?.size ?? 0) === 0

/** Folders beside `own` that hold something. */
const peersIn = (root: string, own: string): readonly string[] =>
  readdirSync(root)
    .map((name) => join(root, name))
    .filter((dir) => dir !== own && !isEmpty(dir))

/** Those that nobody holds; the caller holds them until it says that it is done. */
const orphansIn = (root: string, own: string): readonly Orphan[] =>
  peersIn(root, own).flatMap((dir) => {
    const lock = tryLock(dir)
    const over = (isTaken: boolean): void => {
      if (isTaken) rmSync(join(dir, 'journal'), { force: true })
      lock?.release()
    }
    return lock === undefined ? [] : [{ dir, over }]
  })

export const openQueueFolder = (root: string, maxBytes: number): QueueFolder => {
  const { dir, lock } = takeFirst(root)
  const others = { orphans: () => orphansIn(root, dir), peers: () => peersIn(root, dir), lines: join(root, 'lines') }
  return { options: { dir, maxBytes, ...others }, release: () => lock.release() }
}
