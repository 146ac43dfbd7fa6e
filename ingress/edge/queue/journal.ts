/**
 * A sealed file that only grows: what was appended and acknowledged is there after a crash at any moment. Each record is
 * framed by its length; the seal is the checksum. Appends that come together share one fdatasync.
 */
import { constants } from 'node:fs'
import { mkdir, open, readFile, rename, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Vault } from './vault.ts'

export interface Journal {
  /** Resolves when it is durable; rejects when it is not on the disk, and then it never will be. */
  append(record: object): Promise<void>
  /** Makes these records all that there is, durably, in one step. */
  rewrite(records: readonly object[]): Promise<void>
  readonly bytes: number
  close(): Promise<void>
}

export interface OpenedJournal {
  readonly journal: Journal
  /** What stood there, in order. */
  readonly records: readonly unknown[]
  /** Bytes that do not open, put aside: the file is damaged, or another key sealed it. */
  readonly aside: { readonly file: string; readonly bytes: number } | undefined
}

const FRAME = 4

interface Waiting {
  readonly bytes: Buffer
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

interface State {
  readonly dir: string
  readonly vault: Vault
  handle: FileHandle
  length: number
  readonly waiting: Waiting[]
  /** The one thing that is done to the file after the other. */
  turn: Promise<void>
  /** The file is in an unknown state: nothing more is taken. */
  broken: unknown
}

const framed = (vault: Vault, record: object): Buffer => {
  const sealed = vault.seal(Buffer.from(JSON.stringify(record)))
  const frame = Buffer.allocUnsafe(FRAME + sealed.length)
  frame.writeUInt32BE(sealed.length)
  sealed.copy(frame, FRAME)
  return frame
}

interface Read {
  readonly records: readonly unknown[]
  /** Where the last good record ends. */
  readonly end: number
  /** What follows is a whole record that does not open: not what a crash leaves. */
  readonly damaged: boolean
}

const readFrames = (bytes: Buffer, vault: Vault): Read => {
  const records: unknown[] = []
  let end = 0
  while (end + FRAME <= bytes.length) {
    const next = end + FRAME + bytes.readUInt32BE(end)
    if (next > bytes.length) break
    const plain = vault.open(bytes.subarray(end + FRAME, next))
    if (plain === undefined) return { records, end, damaged: true }
    records.push(JSON.parse(plain.toString()))
    end = next
  }
  return { records, end, damaged: false }
}

const writeAll = async (handle: FileHandle, bytes: Buffer, at: number): Promise<void> => {
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}

const syncFolder = async (dir: string): Promise<void> => {
  const folder = await open(dir, constants.O_RDONLY)
  await folder.datasync().finally(() => folder.close())
}

const flush = async (state: State): Promise<void> => {
  const batch = state.waiting.splice(0)
  if (batch.length === 0) return
  try {
    if (state.broken !== undefined) throw state.broken
    const bytes = Buffer.concat(batch.map((one) => one.bytes))
    await writeAll(state.handle, bytes, state.length)
    await state.handle.datasync()
    state.length += bytes.length
    for (const { done } of batch) done()
  } catch (error) {
    // Half a batch on the disk would be read again after a crash, though its senders were refused.
    await state.handle.truncate(state.length).catch(() => (state.broken = error))
    for (const { failed } of batch) failed(error)
  }
}

const fileIn = (dir: string): string => join(dir, 'journal')
const FLAGS = constants.O_RDWR | constants.O_CREAT

const rewrite = async (state: State, records: readonly object[]): Promise<void> => {
  const fresh = `${fileIn(state.dir)}.new`
  const bytes = Buffer.concat(records.map((record) => framed(state.vault, record)))
  const handle = await open(fresh, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o600)
  try {
    await writeAll(handle, bytes, 0)
    await handle.datasync()
    await rename(fresh, fileIn(state.dir))
    await syncFolder(state.dir)
  } catch (error) {
    await handle.close()
    throw error
  }
  await state.handle.close()
  Object.assign(state, { handle, length: bytes.length, broken: undefined })
}

const putAside = async (dir: string, tail: Buffer): Promise<OpenedJournal['aside']> => {
  const file = join(dir, `unreadable-${Date.now()}`)
  await writeFile(file, tail, { mode: 0o600 })
  return { file, bytes: tail.length }
}

export interface Peeked {
  readonly records: readonly unknown[]
  /** Why that is not all, and what to do. */
  readonly trouble: string | undefined
}

const unreadable = (dir: string, { code, message }: NodeJS.ErrnoException): string =>
  `${fileIn(dir)} cannot be read (${code ?? message}): see to it that every process of this ingress may read it`
const unopened = (dir: string): string =>
  `${fileIn(dir)} is damaged, or another key sealed it: give every process the same secret (secret.key, CHAOS_PROXY_SECRET)`

/** What stands in a journal that is somebody else's, who may be writing to it. Nothing, if there is none. */
export const peekJournal = async (dir: string, vault: Vault): Promise<Peeked> => {
  try {
    const { records, damaged } = readFrames(await readFile(fileIn(dir)), vault)
    return { records, trouble: damaged ? unopened(dir) : undefined }
  } catch (error) {
    const cause = error as NodeJS.ErrnoException
    return { records: [], trouble: cause.code === 'ENOENT' ? undefined : unreadable(dir, cause) }
  }
}

/** Opens the journal in `dir`, which must be the caller's alone. */
export const openJournal = async (dir: string, vault: Vault): Promise<OpenedJournal> => {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const handle = await open(fileIn(dir), FLAGS, 0o600)
  const bytes = await handle.readFile()
  const { records, end, damaged } = readFrames(bytes, vault)
  const aside = damaged ? await putAside(dir, bytes.subarray(end)) : undefined
  await handle.truncate(end)
  await handle.datasync()
  await syncFolder(dir)
  const state: State = { dir, vault, handle, length: end, waiting: [], turn: Promise.resolve(), broken: undefined }
  const journal: Journal = {
    append: (record) =>
      new Promise((done, failed) => {
        state.waiting.push({ bytes: framed(vault, record), done, failed })
        state.turn = state.turn.then(() => flush(state))
      }),
    rewrite: (all) => {
      const work = state.turn.then(() => rewrite(state, all))
      state.turn = work.catch(() => undefined)
      return work
    },
    get bytes() {
      return state.length
    },
    close: async () => {
      await state.turn
      await state.handle.close()
    },
  }
  return { journal, records, aside }
}
