/**
 * A view's entries on disk: written now and then, whole and by rename, so that a reader finds an old one or a new one. In
 * parts, between which the process has its turn: there may be a hundred megabytes of them, and requests do not wait.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'

type Entry = readonly [key: string, value: Uint8Array]

export interface Snapshot {
  /** What the last run left; empty when there is none or it is damaged. */
  load(): readonly Entry[]
  /** The entries changed: they are written within `everyMs`. */
  changed(): void
  /** Writes what is not written yet. */
  close(): Promise<void>
}

export interface SnapshotOptions {
  readonly dir: string
  readonly name: string
  readonly everyMs: number
  readonly entries: () => ReadonlyMap<string, Uint8Array>
}

/** A digest of the rest; then parts, each behind its length (u32). */
const DIGEST = 32
const LENGTH = 4
const PART_BYTES = 1 << 20

const hashed = () => createHash('sha256')

function* partsOf(entries: readonly Entry[]): Generator<Buffer> {
  let from = 0
  let bytes = 0
  for (const [n, [, value]] of entries.entries()) {
    bytes += value.length
    if (bytes < PART_BYTES && n < entries.length - 1) continue
    const body = serialize(entries.slice(from, n + 1))
    const length = Buffer.alloc(LENGTH)
    length.writeUInt32LE(body.length)
    yield Buffer.concat([length, body])
    from = n + 1
    bytes = 0
  }
}

const writeParts = async (file: FileHandle, entries: readonly Entry[]): Promise<void> => {
  const hash = hashed()
  let at = DIGEST
  for (const part of partsOf(entries)) {
    hash.update(part)
    await file.write(part, 0, part.length, at)
    at += part.length
  }
  await file.write(hash.digest(), 0, DIGEST, 0)
}

const readParts = (bytes: Buffer): Entry[] => {
  const entries: Entry[] = []
  for (let at = DIGEST; at < bytes.length;) {
    const end = at + LENGTH + bytes.readUInt32LE(at)
    for (const entry of deserialize(bytes.subarray(at + LENGTH, end)) as Entry[]) entries.push(entry)
    at = end
  }
  return entries
}

const replace = async (dir: string, file: string, entries: readonly Entry[]): Promise<void> => {
  const fresh = `${file}.${process.pid}`
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const handle = await open(fresh, 'w', 0o600)
    await writeParts(handle, entries).finally(() => handle.close())
    await rename(fresh, file)
  } catch {
    // A snapshot only speeds up a bad start: a disk that takes none is told by the spool, which needs it.
    await rm(fresh, { force: true }).catch(() => undefined)
  }
}

export const openSnapshot = ({ dir, name, everyMs, entries }: SnapshotOptions): Snapshot => {
  const file = join(dir, `${name}.snapshot`)
  let timer: NodeJS.Timeout | undefined
  let writing = Promise.resolve()

  const write = (): void => {
    timer = undefined
    writing = writing.then(() => replace(dir, file, [...entries()]))
  }

  return {
    load: () => {
      try {
        const bytes = readFileSync(file)
        const digest = hashed().update(bytes.subarray(DIGEST)).digest()
        return digest.equals(bytes.subarray(0, DIGEST)) ? readParts(bytes) : []
      } catch {
        return []
      }
    },
    changed: () => {
      timer ??= setTimeout(write, everyMs).unref()
    },
    close: async () => {
      if (timer !== undefined) {
        clearTimeout(timer)
        write()
      }
      await writing
    },
  }
}
