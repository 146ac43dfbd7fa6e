/** A view's entries on disk: written now and then, whole and by rename, so that a reader finds an old one or a new one. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'

export interface Snapshot {
  /** What the last run left; empty when there is none or it is damaged. */
  load(): readonly (readonly [key: string, value: Uint8Array])[]
  /** The entries changed: they are written within `everyMs`. */
  changed(): void
  /** Writes what is not written yet. */
  close(): void
}

export interface SnapshotOptions {
  readonly dir: string
  readonly name: string
  readonly everyMs: number
  readonly entries: () => ReadonlyMap<string, Uint8Array>
}

const DIGEST = 32
const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

export const openSnapshot = ({ dir, name, everyMs, entries }: SnapshotOptions): Snapshot => {
  const file = join(dir, `${name}.snapshot`)
  let timer: NodeJS.Timeout | undefined

  const write = (): void => {
    timer = undefined
    const body = serialize([...entries()])
    const fresh = `${file}.${process.pid}`
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      writeFileSync(fresh, Buffer.concat([digestOf(body), body]), { mode: 0o600 })
      renameSync(fresh, file)
    } catch {
      // A snapshot only speeds up a bad start: a disk that takes none is told by the spool, which needs it.
      rmSync(fresh, { force: true })
    }
  }

  return {
    load: () => {
      try {
        const bytes = readFileSync(file)
        const body = bytes.subarray(DIGEST)
        if (!digestOf(body).equals(bytes.subarray(0, DIGEST))) return []
        return deserialize(body) as [string, Uint8Array][]
      } catch {
        return []
      }
    },
    changed: () => {
      timer ??= setTimeout(write, everyMs).unref()
    },
    close: () => {
      if (timer === undefined) return
      clearTimeout(timer)
      write()
    },
  }
}
