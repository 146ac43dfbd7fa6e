/**
 * Writes a file past the page cache where the file system lets it (O_DIRECT), in whole blocks: the last one is padded with
 * zeros and written again with what follows. Pages of a log that only grows are never written again, so to have each one
 * allocated, copied and written back later costs several times what the disk's own write does; readers of the tail find it
 * in one read. Where it cannot be had (no such flag, no such file system, larger blocks) writes go through the cache.
 */
import fs from 'node:fs'
import { closeFile, codeOf, openFile, readAt, writeAll } from './files.ts'

/** No disk in use has larger sectors, and no file system wants more. */
const BLOCK = 4096
const ARENA_BYTES = 1 << 20
const WASM_PAGE = 65_536

export interface Output {
  /** Writes all of `buffers` at `position`; the file may then be up to a block longer, with zeros. */
  write(buffers: readonly Buffer[], position: number): Promise<void>
  close(): Promise<void>
}

/** What of it is used here; Node's types leave it out. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
}

const idle: Buffer[] = []

/** Memory that begins where a page does, which O_DIRECT asks for and only WebAssembly's promises; undefined without room. */
const takeArena = (): Buffer | undefined => {
  const kept = idle.pop()
  if (kept !== undefined) return kept
  const pages = ARENA_BYTES / WASM_PAGE
  try {
    return Buffer.from(new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer)
  } catch {
    return undefined
  }
}

interface Direct {
  readonly fd: number
  readonly arena: Buffer
  /** What was written ends here, and the arena begins with the last block of it, unless that is whole. */
  end: number
}

const openDirect = async (file: string): Promise<Direct | undefined> => {
  const flag: number | undefined = fs.constants.O_DIRECT
  const arena = flag === undefined ? undefined : takeArena()
  if (flag === undefined || arena === undefined) return undefined
  try {
    return { fd: await openFile(file, fs.constants.O_RDWR | flag), arena, end: -1 }
  } catch {
    idle.push(arena)
    return undefined
  }
}

const closeDirect = async ({ fd, arena }: Direct): Promise<void> => {
  idle.push(arena)
  await closeFile(fd)
}

/** Copies `buffers` into the arena, which is written each time it is full; returns how much of it was left unwritten. */
const fill = async ({ fd, arena }: Direct, buffers: readonly Buffer[], from: number): Promise<[number, number]> => {
  let filled = from % BLOCK
  let base = from - filled
  for (const buffer of buffers) {
    for (let at = 0; at < buffer.length;) {
      const copied = buffer.copy(arena, filled, at)
      at += copied
      filled += copied
      if (filled < arena.length) continue
      await writeAll(fd, [arena], base)
      base += filled
      filled = 0
    }
  }
  return [base, filled]
}

const writeBlocks = async (direct: Direct, buffered: number, buffers: readonly Buffer[], position: number) => {
  const { arena } = direct
  const before = position % BLOCK
  if (direct.end !== position && before > 0) (await readAt(buffered, position - before, before)).copy(arena)
  direct.end = -1
  const [base, filled] = await fill(direct, buffers, position)
  const padded = Math.ceil(filled / BLOCK) * BLOCK
  arena.fill(0, filled, padded)
  if (padded > 0) await writeAll(direct.fd, [arena.subarray(0, padded)], base)
  arena.copyWithin(0, filled - (filled % BLOCK), filled)
  direct.end = base + filled
}

/** `fd`: the same file, open to read and write; it stays its owner's. `cached`: not past the page cache. */
export const openOutput = async (file: string, fd: number, cached = false): Promise<Output> => {
  let direct = cached ? undefined : await openDirect(file)
  const giveUp = async (): Promise<void> => {
    const given = direct
    direct = undefined
    if (given !== undefined) await closeDirect(given)
  }
  return {
    write: async (buffers, position) => {
      try {
        if (direct !== undefined) return await writeBlocks(direct, fd, buffers, position)
      } catch (error) {
        // What the open did not tell: the file system takes no such writes, or no blocks of this size.
        if (codeOf(error) !== 'EINVAL') throw error
        await giveUp()
      }
      await writeAll(fd, buffers, position)
    },
    close: giveUp,
  }
}
