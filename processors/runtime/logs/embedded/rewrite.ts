/** Writes what is kept of neighbouring segments into one, in the place of the first. */
import fs from 'node:fs'
import { createBuilder, type Frame, type Head, sealFrame } from './builder.ts'
import { closeFile, openFile, syncDirectory, syncFile, writeAll } from './files.ts'
import { type RecordParts, readRecords, type Section, sectionsOf } from './frame.ts'
import {
  type Chunk,
  closeSegment,
  corrupt,
  firstFrame,
  openSegment,
  readFrames,
  segmentPath,
  sizeOf,
} from './segment.ts'

/** Whether a record of a segment stays. */
export type Keep = (section: Section, offset: number, record: RecordParts) => boolean

export interface Source {
  readonly number: number
  readonly keep: Keep
}

interface Target {
  readonly fd: number
  readonly number: number
  readonly builder: ReturnType<typeof createBuilder>
  readonly heads: Map<string, Head>
  position: number
}

const headOf = (target: Target, { topic, partition }: Section): Head => {
  const key = `${topic}\0${partition}`
  let head = target.heads.get(key)
  if (head === undefined) {
    head = { topic, topicBytes: Buffer.from(topic), partition, next: 0, written: 0 }
    target.heads.set(key, head)
  }
  return head
}

const write = async (target: Target, frames: readonly Frame[], writtenAt: number): Promise<void> => {
  const { number } = target
  for (const frame of frames) {
    const { position } = target
    const bytes = sealFrame(frame, { segment: number, position, durable: position, writtenAt })
    await writeAll(target.fd, [bytes], position)
    target.position += bytes.length
  }
  target.builder.recycle(frames)
}

/** The new file begins at the offsets at which the first old one did; its own time makes its stamp another one. */
const writeHeads = async (target: Target, first: Chunk): Promise<void> => {
  for (const { at, header } of first.frames)
    for (const section of sectionsOf(first.bytes, at, header)) {
      const head = headOf(target, section)
      head.next = section.first
      target.builder.mark(head)
    }
  await write(target, target.builder.takeOrEmpty(), Date.now())
}

const copyChunk = (target: Target, chunk: Chunk, keep: Keep): number => {
  let writtenAt = 0
  for (const { at, header } of chunk.frames) {
    writtenAt = header.writtenAt
    for (const section of sectionsOf(chunk.bytes, at, header))
      readRecords(chunk.bytes, section, (offset, record) => {
        if (!keep(section, offset, record)) return
        const head = headOf(target, section)
        head.next = offset
        target.builder.add([{ head, records: [record] }], false)
      })
  }
  return writtenAt
}

const copySegment = async (target: Target, dir: string, { number, keep }: Source): Promise<void> => {
  const segment = await openSegment(dir, number)
  if (segment === undefined) return
  try {
    const first = await firstFrame(segment)
    if (first === undefined) throw corrupt(segment, 0)
    if (target.position === 0) await writeHeads(target, first)
    const limit = sizeOf(segment)
    for (let from = first.end; from < limit;) {
      const chunk = await readFrames(segment, { from, limit, verify: true })
      if (chunk.bad) throw corrupt(segment, chunk.end)
      const writtenAt = copyChunk(target, chunk, keep)
      await write(target, target.builder.take(), writtenAt)
      from = chunk.end
    }
  } finally {
    await closeSegment(segment)
  }
}

export const rewrite = async (dir: string, sources: readonly Source[]): Promise<void> => {
  const number = sources[0]?.number ?? 0
  const file = segmentPath(dir, number, 'cleaning')
  const fd = await openFile(file, 'w')
  const target: Target = { fd, number, builder: createBuilder(), heads: new Map(), position: 0 }
  try {
    for (const source of sources) await copySegment(target, dir, source)
    await syncFile(fd)
  } catch (error) {
    await fs.promises.rm(file, { force: true })
    throw error
  } finally {
    await closeFile(fd)
  }
  await fs.promises.rename(file, segmentPath(dir, number))
  await syncDirectory(dir)
}
