/**
 * The tip of a journal: the segment being written and how much of it is durable, in a small file that its writer
 * overwrites after each sync. Readers in other processes go no further, so they never see what a crash may take back.
 */
import fs from 'node:fs'
import path from 'node:path'
import { crc32c } from './crc32c.ts'

export interface Tip {
  readonly segment: number
  readonly length: number
}

export const tipPath = (dir: string): string => path.join(dir, 'tip')

const BYTES = 16

export const encodeTip = ({ segment, length }: Tip): Buffer => {
  const bytes = Buffer.alloc(BYTES)
  bytes.writeUInt32LE(segment, 0)
  bytes.writeDoubleLE(length, 4)
  bytes.writeUInt32LE(crc32c(bytes, 0, 12), 12)
  return bytes
}

export const decodeTip = (bytes: Buffer): Tip | undefined =>
  bytes.length >= BYTES && bytes.readUInt32LE(12) === crc32c(bytes, 0, 12)
    ? { segment: bytes.readUInt32LE(0), length: bytes.readDoubleLE(4) }
    : undefined

/** The tip as its file says; undefined where there is none or it is half written just now. */
export const readTip = (dir: string): Tip | undefined => {
  try {
    return decodeTip(fs.readFileSync(tipPath(dir)))
  } catch {
    return undefined
  }
}

export const isAfter = (a: Tip, b: Tip | undefined): boolean =>
  b === undefined || a.segment > b.segment || (a.segment === b.segment && a.length > b.length)

/** How long a change may stay unseen: where the system tells of changes, and where it does not. */
const SAFETY_MS = 250
const POLL_MS = 10
/** While its writer has never run. */
const ABSENT_MS = 50

/** Calls `changed` soon after each change of the tip, until the returned function is called. */
export const watchTip = (dir: string, changed: () => void): (() => void) => {
  let watcher: fs.FSWatcher | undefined
  let refused = false
  const watch = (): void => {
    if (watcher !== undefined || refused || !fs.existsSync(tipPath(dir))) return
    try {
      watcher = fs.watch(tipPath(dir), { persistent: false }, changed)
      watcher.on('error', () => (refused = true))
    } catch {
      refused = true
    }
  }
  let timer: NodeJS.Timeout
  const tick = (): void => {
    watch()
    if (watcher !== undefined || refused) changed()
    timer = setTimeout(tick, refused ? POLL_MS : watcher === undefined ? ABSENT_MS : SAFETY_MS)
  }
  tick()
  return () => {
    clearTimeout(timer)
    watcher?.close()
  }
}
