/**
 * Sparse offset and time index of a segment: per partition, every 16 KiB, which offset comes next at which position and the
 * latest timestamp before it. Kept beside a closed segment; rebuilt when missing, damaged or of another file.
 */
import { crc32c } from './crc32c.ts'
import { readIfThere, replaceFile } from './files.ts'
import { readHeader, sectionsOf } from './frame.ts'
import { corrupt, firstFrame, type FoundFrame, readFrames, segmentPath, type SegmentFile } from './segment.ts'

const STRIDE_BYTES = 16 << 10

export interface PartitionIndex {
  readonly topic: string
  readonly partition: number
  /** Next offset when the segment began. */
  base: number
  /** Next offset after what is indexed. */
  next: number
  /** First offset that is really there; -1 when none. */
  first: number
  maxTimestamp: number
  records: number
  readonly offsets: number[]
  readonly positions: number[]
  /** Latest timestamp among the records before each entry. */
  readonly times: number[]
}

export interface SegmentIndex {
  /** Checksum of the segment's first header: another file of the same number has another. */
  stamp: number
  /** How far it reaches. */
  bytes: number
  /** When the last frame was written, by the clock. */
  writtenAt: number
  readonly partitions: PartitionIndex[]
}

export const partitionIndex = (index: SegmentIndex, topic: string, partition: number): PartitionIndex | undefined =>
  index.partitions.find((p) => p.partition === partition && p.topic === topic)

const indexFor = (index: SegmentIndex, topic: string, partition: number, base: number): PartitionIndex => {
  const known = partitionIndex(index, topic, partition)
  if (known !== undefined) return known
  const rest = { maxTimestamp: -Infinity, records: 0, offsets: [], positions: [], times: [] }
  const added: PartitionIndex = { topic, partition, base, next: base, first: -1, ...rest }
  index.partitions.push(added)
  return added
}

/** Takes further frames, read from `from` on, into the index. */
const extend = (index: SegmentIndex, bytes: Buffer, from: number, frames: readonly FoundFrame[]): void => {
  for (const { at, header } of frames) {
    const position = from + at
    index.writtenAt = header.writtenAt
    for (const section of sectionsOf(bytes, at, header)) {
      const base = position === 0 ? section.first : 0
      const entry = indexFor(index, section.topic, section.partition, base)
      entry.next = section.last + 1
      if (section.count === 0) continue
      if (position - (entry.positions.at(-1) ?? -Infinity) >= STRIDE_BYTES) {
        entry.offsets.push(section.first)
        entry.positions.push(position)
        entry.times.push(entry.maxTimestamp)
      }
      if (entry.first < 0) entry.first = section.first
      entry.records += section.count
      entry.maxTimestamp = Math.max(entry.maxTimestamp, section.maxTimestamp)
    }
  }
}

/** Brings an index up to `limit`, hopping from header to header. */
export const extendIndex = async (segment: SegmentFile, index: SegmentIndex, limit: number): Promise<void> => {
  while (index.bytes < limit) {
    const chunk = await readFrames(segment, { from: index.bytes, limit, verify: false })
    extend(index, chunk.bytes, index.bytes, chunk.frames)
    if (chunk.bad) throw corrupt(segment, chunk.end)
    index.bytes = chunk.end
  }
}

/** An index of nothing but the first frame. */
export const beginIndex = async (segment: SegmentFile): Promise<SegmentIndex> => {
  const chunk = await firstFrame(segment)
  const header = chunk?.frames[0]?.header
  if (chunk === undefined || header === undefined) throw corrupt(segment, 0)
  const index: SegmentIndex = { stamp: header.stamp, bytes: 0, writtenAt: 0, partitions: [] }
  extend(index, chunk.bytes, 0, chunk.frames)
  index.bytes = chunk.end
  return index
}

/** An index for a segment that this process writes from its first byte on. */
export const newIndex = (): SegmentIndex => ({ stamp: 0, bytes: 0, writtenAt: 0, partitions: [] })

/** Takes a frame that was just written at the index's end; so a closed segment need not be read again. */
export const takeWritten = (index: SegmentIndex, frame: Buffer): void => {
  const header = readHeader(frame, 0)
  if (header === undefined) return
  if (index.bytes === 0) index.stamp = header.stamp
  extend(index, frame, index.bytes, [{ at: 0, header }])
  index.bytes += frame.length
}

const indexPath = (dir: string, number: number): string => segmentPath(dir, number, 'index')

export const saveIndex = async (dir: string, number: number, index: SegmentIndex): Promise<void> => {
  const json = JSON.stringify(index, (_, value: unknown) => (value === -Infinity ? '-inf' : value))
  await replaceFile(indexPath(dir, number), `${crc32c(Buffer.from(json))}\n${json}`)
}

const parse = (content: Buffer): SegmentIndex | undefined => {
  const line = content.indexOf(10)
  if (line < 0 || Number(content.toString('latin1', 0, line)) !== crc32c(content, line + 1)) return undefined
  const revive = (_: string, value: unknown): unknown => (value === '-inf' ? -Infinity : value)
  return JSON.parse(content.toString('utf8', line + 1), revive) as SegmentIndex
}

/** The saved index, when it is whole and of this very file. */
export const loadIndex = async (
  dir: string,
  number: number,
  begun: SegmentIndex,
): Promise<SegmentIndex | undefined> => {
  const content = await readIfThere(indexPath(dir, number))
  const saved = content === undefined ? undefined : parse(content)
  return saved?.stamp === begun.stamp ? saved : undefined
}

/** How many of `values` (ascending) are at most, or with `strictly` below, `wanted`. */
const countUpTo = (values: readonly number[], wanted: number, strictly: boolean): number => {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const value = values[middle] as number
    if (strictly ? value < wanted : value <= wanted) low = middle + 1
    else high = middle
  }
  return low
}

/** A position from which on every record at or after `offset` is met. */
export const positionOfOffset = (index: SegmentIndex, entry: PartitionIndex, offset: number): number =>
  entry.positions[Math.max(0, countUpTo(entry.offsets, offset, false) - 1)] ?? index.bytes

/** A position before which every record is older than `time`. */
export const positionOfTime = (index: SegmentIndex, entry: PartitionIndex, time: number): number =>
  entry.positions[Math.max(0, countUpTo(entry.times, time, true) - 1)] ?? index.bytes
