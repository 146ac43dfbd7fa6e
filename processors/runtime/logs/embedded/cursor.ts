/** Reads one partition out of a journal, in offset order, from segment to segment, while files are written, replaced, removed. */
import type { LogRecord, ReadOptions } from '../../../../schemas/log.ts'
import { readRecords, type Section, sectionsOf } from './frame.ts'
import { partitionIndex, positionOfOffset } from './index.ts'
import { type Journal, limitOf, locate, type PartitionName, visibleSegments } from './journal.ts'
import { type Chunk, closeSegment, corrupt, isSameFile, openSegment, readFrames, type SegmentFile } from './segment.ts'
import { isAfter, type Tip } from './tip.ts'

/** At most this many records in one batch, so that small records do not come by the ten thousand. */
const BATCH_RECORDS = 5_000

interface Cursor {
  readonly journal: Journal
  readonly name: PartitionName
  readonly signal: AbortSignal
  /** The offset before which to stop. */
  readonly limit: number
  /** The tip at which to stop. */
  readonly stopAt: Tip | undefined
  segment: number
  position: number
  /** Records before it were given, or are not wanted. */
  next: number
  time: number
  file: SegmentFile | undefined
  /** What the index of the file at hand says: up to `bytes` there is nothing of the partition at or after offset `next`. */
  indexed: { readonly bytes: number; readonly next: number }
  done: boolean
}

const NOTHING_INDEXED = { bytes: 0, next: 0 }

const takeSection = (cursor: Cursor, bytes: Buffer, section: Section, into: LogRecord[]): void => {
  const { topic, partition } = cursor.name
  if (section.last >= cursor.next && section.count > 0 && section.maxTimestamp >= cursor.time)
    readRecords(bytes, section, (offset, { key, value, timestamp }) => {
      if (offset < cursor.next || offset >= cursor.limit || timestamp < cursor.time) return
      cursor.time = -Infinity
      into.push({ topic, partition, offset, timestamp, key, value })
    })
  cursor.next = Math.max(cursor.next, section.last + 1)
}

const takeChunk = (cursor: Cursor, chunk: Chunk): LogRecord[] => {
  const records: LogRecord[] = []
  for (const { at, header } of chunk.frames)
    for (const section of sectionsOf(chunk.bytes, at, header))
      if (section.partition === cursor.name.partition && section.topic === cursor.name.topic)
        takeSection(cursor, chunk.bytes, section, records)
  return records
}

const isOver = (cursor: Cursor): boolean => {
  const { stopAt, segment, position } = cursor
  if (cursor.done || cursor.signal.aborted || cursor.next >= cursor.limit) return true
  return stopAt !== undefined && !isAfter(stopAt, { segment, length: position })
}

const leave = async (cursor: Cursor): Promise<void> => {
  const { file } = cursor
  cursor.file = undefined
  cursor.indexed = NOTHING_INDEXED
  if (file !== undefined) await closeSegment(file)
}

/** Jumps to where the partition's records begin: a journal holds many, and most of a segment may be others'. */
const jump = async (cursor: Cursor, file: SegmentFile): Promise<void> => {
  // Without a good index the segment is read from its beginning, up to the damage if there is one.
  const index = await cursor.journal.index(file).catch(() => undefined)
  if (index === undefined) return
  const entry = partitionIndex(index, cursor.name.topic, cursor.name.partition)
  const holds = entry !== undefined && entry.first >= 0
  cursor.indexed = { bytes: index.bytes, next: holds ? entry.next : 0 }
  if (!holds) cursor.next = Math.max(cursor.next, entry?.next ?? 0)
  else if (cursor.next < entry.next)
    cursor.position = Math.max(cursor.position, positionOfOffset(index, entry, cursor.next))
}

/**
 * Opens the segment at hand. When it is gone, its records are in the one before (merged) or nowhere (expired): the
 * greatest that is not after it is read anew, and offsets say what was given already.
 */
const enter = async (cursor: Cursor): Promise<SegmentFile | undefined> => {
  if (cursor.file !== undefined) return cursor.file
  const { dir } = cursor.journal
  let file = await openSegment(dir, cursor.segment)
  if (file === undefined) {
    const numbers = await visibleSegments(cursor.journal)
    const number = numbers.findLast((n) => n <= cursor.segment) ?? numbers[0]
    if (number === undefined) return undefined
    cursor.segment = number
    cursor.position = 0
    file = await openSegment(dir, number)
  }
  cursor.file = file
  if (file !== undefined) await jump(cursor, file)
  return file
}

/** How far there is nothing for this reader: as the index says, or a writer in this process, in whose journal most is others'. */
const emptyUpTo = ({ journal, name, next, indexed }: Cursor): number => {
  if (next >= (journal.written(name) ?? Infinity)) return Infinity
  return next >= indexed.next ? indexed.bytes : 0
}

/** The next of this segment's frames, or on to the next segment, or waits for more. */
const advance = async (cursor: Cursor): Promise<readonly LogRecord[]> => {
  const tip = await cursor.journal.tip()
  if (tip === undefined) return wait(cursor, tip)
  const file = await enter(cursor)
  if (file === undefined) return wait(cursor, tip)
  const limit = limitOf(file, tip)
  const empty = Math.min(emptyUpTo(cursor), limit)
  if (cursor.position < empty) {
    cursor.position = empty
    return []
  }
  if (cursor.position < limit) {
    const from = cursor.position
    const chunk = await readFrames(file, { from, limit, verify: true })
    cursor.position = chunk.end
    if (chunk.bad && chunk.frames.length === 0) throw corrupt(file, chunk.end)
    return takeChunk(cursor, chunk)
  }
  if (file.number >= tip.segment) return wait(cursor, tip)
  await moveOn(cursor, file)
  return []
}

/**
 * To the next segment. Where numbers are missing, this file may have been merged while it was read: then what was merged
 * into its place holds the missing ones. Is it still the same, they have expired.
 */
const moveOn = async (cursor: Cursor, file: SegmentFile): Promise<void> => {
  const numbers = await visibleSegments(cursor.journal)
  const after = numbers.find((number) => number > file.number)
  const replaced = after !== file.number + 1 && !isSameFile(file)
  await leave(cursor)
  if (!replaced) cursor.segment = after ?? file.number + 1
  cursor.position = 0
}

const wait = async (cursor: Cursor, tip: Tip | undefined): Promise<readonly LogRecord[]> => {
  await cursor.journal.grown(tip, cursor.signal)
  return []
}

const openCursor = async (journal: Journal, name: PartitionName, how: ReadHow): Promise<Cursor> => {
  const { from, until, signal } = how
  const stopAt = until?.kind === 'end' ? await journal.tip() : undefined
  const { segment, position, offset, time } = await locate(journal, name, from)
  const limit = until?.kind === 'offset' ? until.offset : Infinity
  const done = until?.kind === 'end' && stopAt === undefined
  const rest = {
    segment: Math.max(1, segment),
    position,
    next: offset,
    time,
    file: undefined,
    indexed: NOTHING_INDEXED,
  }
  return { journal, name, signal, limit, stopAt, ...rest, done }
}

export interface ReadHow extends Pick<ReadOptions, 'from' | 'until'> {
  readonly signal: AbortSignal
}

/** Batches of one partition; values are windows on the bytes of their batch. Ends quietly when the signal fires. */
export async function* readPartition(
  journal: Journal,
  name: PartitionName,
  how: ReadHow,
): AsyncGenerator<readonly LogRecord[]> {
  const cursor = await openCursor(journal, name, how)
  try {
    while (!isOver(cursor)) {
      const records = await advance(cursor)
      for (let at = 0; at < records.length && !how.signal.aborted; at += BATCH_RECORDS)
        yield records.length <= BATCH_RECORDS ? records : records.slice(at, at + BATCH_RECORDS)
    }
  } finally {
    await leave(cursor)
  }
}
