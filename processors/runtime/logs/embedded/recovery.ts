/** What of a segment may be trusted after a crash: its good prefix, unless something synced after the bad place. */
import { type FrameHeader, MAGIC, readHeader, sectionsOf } from './frame.ts'
import { corrupt, type FoundFrame, readFrames, type SegmentFile, sizeOf } from './segment.ts'
import { readAt } from './files.ts'

/** Next offset by topic and partition. */
export type Ends = Map<string, Map<number, number>>

export const setEnd = (ends: Ends, topic: string, partition: number, next: number): void => {
  let partitions = ends.get(topic)
  if (partitions === undefined) ends.set(topic, (partitions = new Map()))
  partitions.set(partition, next)
}

export const noteEnds = (ends: Ends, bytes: Buffer, frames: readonly FoundFrame[]): void => {
  for (const { at, header } of frames)
    for (const { topic, partition, last } of sectionsOf(bytes, at, header)) setEnd(ends, topic, partition, last + 1)
}

export interface Recovered {
  /** Length of the good prefix; 0 when not even the first frame is good. */
  readonly length: number
  readonly ends: Ends
  readonly lastWrittenAt: number
}

const magicBytes = Buffer.alloc(4)
magicBytes.writeUInt32LE(MAGIC)

/** A frame after `bad` that was written when `bad` was already durable. */
const laterWitness = (tail: Buffer, base: number, bad: number): FrameHeader | undefined => {
  for (let at = tail.indexOf(magicBytes); at >= 0; at = tail.indexOf(magicBytes, at + 1)) {
    const header = readHeader(tail, at)
    if (header?.position === base + at && header.position > bad && header.durable > bad) return header
  }
  return undefined
}

const WINDOW = 4 << 20

const isTorn = async (segment: SegmentFile, bad: number, size: number): Promise<boolean> => {
  for (let from = bad; from < size; from += WINDOW - 64) {
    const window = await readAt(segment.fd, from, Math.min(WINDOW, size - from))
    if (laterWitness(window, from, bad) !== undefined) return false
  }
  return true
}

/** Scans a segment that may have a torn tail. Throws `corrupt` when damage lies in what was once acknowledged. */
export const recover = async (segment: SegmentFile): Promise<Recovered> => {
  const size = sizeOf(segment)
  const ends: Ends = new Map()
  let from = 0
  let lastWrittenAt = 0
  while (from < size) {
    const chunk = await readFrames(segment, { from, limit: size, verify: true })
    noteEnds(ends, chunk.bytes, chunk.frames)
    from = chunk.end
    lastWrittenAt = chunk.frames.at(-1)?.header.writtenAt ?? lastWrittenAt
    if (!chunk.bad) continue
    if (await isTorn(segment, from, size)) break
    throw corrupt(segment, from)
  }
  return { length: from, ends, lastWrittenAt }
}
