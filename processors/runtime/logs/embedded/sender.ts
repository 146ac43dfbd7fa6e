/**
 * A journal as a process has it that writes it through another one. Frames are built here, with offsets that count from 0;
 * the process that holds the journal (receiver.ts) gives them theirs and says when they are durable. So what costs is done
 * where there are many, and the one writer only moves bytes.
 *
 * There: frames as on disk, but with the header below in the place of theirs. Back: a line of JSON for each append.
 */
import type { Duplex } from 'node:stream'
import { LogError, type LogErrorCode } from '../../../../schemas/log.ts'
import { createBuilder, type Frame } from './builder.ts'
import { headIn, type Heads } from './heads.ts'
import type { Writer } from './topics.ts'
import type { JournalWriter } from './writer.ts'

/** 'CPS1' */
const MAGIC = 0x31_53_50_43

export interface Sent {
  /** Length of the frame, this header included. */
  readonly end: number
  readonly sections: number
  /** How many frames of the same append follow. */
  readonly follow: number
  /** The append it is part of. */
  readonly call: number
}

export const writeSent = (bytes: Buffer, { end, sections, follow, call }: Sent): void => {
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(end, 4)
  bytes.writeUInt32LE(sections, 8)
  bytes.writeUInt32LE(follow, 12)
  bytes.writeDoubleLE(call, 16)
}

/** undefined: it is none of this version. */
export const readSent = (bytes: Buffer): Sent | undefined =>
  bytes.readUInt32LE(0) === MAGIC
    ? {
        end: bytes.readUInt32LE(4),
        sections: bytes.readUInt32LE(8),
        follow: bytes.readUInt32LE(12),
        call: bytes.readDoubleLE(16),
      }
    : undefined

export type Reply =
  | { readonly call: number; readonly firsts: readonly number[] }
  | { readonly call: number; readonly code: LogErrorCode; readonly message: string }

interface Waiter {
  readonly resolve: (firsts: readonly number[]) => void
  readonly reject: (error: LogError) => void
}

/** Calls `each` with every line of JSON that comes. */
const readLines = (stream: Duplex, each: (reply: Reply) => void): void => {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) each(JSON.parse(line) as Reply)
  })
}

/** Sends what `writer` writes over `stream`, whose other end its process has. */
export const openSender = (writer: Writer, stream: Duplex): JournalWriter => {
  const heads: Heads = new Map()
  const builder = createBuilder()
  const waiting = new Map<number, Waiter>()
  let calls = 0
  let closed: LogError | undefined
  let last: Promise<unknown> = Promise.resolve()
  const lose = (error: LogError): void => {
    closed ??= error
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const settle = (reply: Reply): void => {
    const waiter = waiting.get(reply.call)
    waiting.delete(reply.call)
    if ('firsts' in reply) waiter?.resolve(reply.firsts)
    else waiter?.reject(new LogError(reply.code, reply.message))
  }
  const send = (frame: Frame, call: number, follow: number): void => {
    const { buffer, end, sections } = frame
    writeSent(buffer, { end, sections, follow, call })
    stream.write(buffer.subarray(0, end), () => builder.recycle([frame]))
  }
  stream.on('error', () => undefined)
  stream.once('close', () => lose(new LogError('unavailable', 'The process that writes the log went away.')))
  readLines(stream, settle)
  const append: JournalWriter['append'] = (parts, whole) => {
    const call = calls++
    const result = new Promise<readonly number[]>((resolve, reject) => {
      if (closed !== undefined) throw closed
      for (const { head } of parts) head.next = 0
      builder.add(parts, whole)
      const frames = builder.take()
      waiting.set(call, { resolve, reject })
      for (const [n, frame] of frames.entries()) send(frame, call, frames.length - 1 - n)
    })
    last = Promise.allSettled([last, result])
    return result
  }
  const settled = async (): Promise<void> => void (await last)
  return {
    writer,
    head: (topic, partition) => headIn(heads, topic, partition),
    append,
    syncs: 0,
    createTopics: () => Promise.resolve(),
    settled,
    clean: () => Promise.resolve(),
    close: async () => {
      await settled()
      lose(new LogError('closed', 'The log is closed: open it again before writing.'))
      stream.destroy()
    },
  }
}
