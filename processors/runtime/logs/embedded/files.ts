/** The few file operations the log is made of, off the thread, with errors that a person can act on. */
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { LogError } from '../../../../schemas/log.ts'

const writev = promisify(fs.writev)
const read = promisify(fs.read)

export const openFile = promisify(fs.open)
export const closeFile = promisify(fs.close)
export const syncFile = promisify(fs.fdatasync)
export const truncateFile = promisify(fs.ftruncate)

export const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code ?? '')

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** What the port promises for a failed operation on `where`. */
export const toLogError = (error: unknown, where: string): LogError => {
  if (error instanceof LogError) return error
  const code = codeOf(error)
  if (FULL.has(code))
    return new LogError('disk-full', `No room for ${where} (${code}): make room, then it goes on.`, { cause: error })
  const message = error instanceof Error ? error.message : String(error)
  return new LogError('unavailable', `${where} cannot be used: ${message}. See to the disk and the rights on it.`, {
    cause: error,
  })
}

/** Writes all of `buffers` at `position`: a short write is gone on with. */
export const writeAll = async (fd: number, buffers: readonly Buffer[], position: number): Promise<void> => {
  let rest = buffers.filter(({ length }) => length > 0)
  let at = position
  while (rest.length > 0) {
    let { bytesWritten } = await writev(fd, rest, at)
    if (bytesWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' })
    at += bytesWritten
    while (rest[0] !== undefined && bytesWritten >= rest[0].length) {
      bytesWritten -= rest[0].length
      rest = rest.slice(1)
    }
    if (bytesWritten > 0) rest = [(rest[0] as Buffer).subarray(bytesWritten), ...rest.slice(1)]
  }
}

/** Up to `length` bytes at `position`: fewer only where the file ends. */
export const readAt = async (fd: number, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await read(fd, buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

/** Makes names in a directory (created, renamed, removed files) last. */
export const syncDirectory = async (dir: string): Promise<void> => {
  const fd = await openFile(dir, 'r')
  try {
    await promisify(fs.fsync)(fd)
  } finally {
    await closeFile(fd)
  }
}

/** Replaces a file as one step: whoever reads it sees the old or the new. */
export const replaceFile = async (file: string, content: string): Promise<void> => {
  const next = `${file}.next`
  const fd = await openFile(next, 'w')
  try {
    await writeAll(fd, [Buffer.from(content)], 0)
    await syncFile(fd)
  } finally {
    await closeFile(fd)
  }
  await fs.promises.rename(next, file)
  await syncDirectory(path.dirname(file))
}

/** The content, or undefined where there is no such file. */
export const readIfThere = async (file: string): Promise<Buffer | undefined> => {
  try {
    return await fs.promises.readFile(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
