/**
 * How records lie on disk. A segment is a sequence of frames; a frame is what one group commit wrote, whole or not at all:
 *
 *   header (48 bytes)  magic u32 · body length u32 · body crc32 u32 · segment u32 · position f64 · durable f64 ·
 *                      written at f64 (ms) · sections u32 · crc32c of the 44 bytes before
 *   section            bytes u32 · count u32 · partition i32 · topic length u16 · first offset f64 · last offset f64 ·
 *                      latest timestamp f64 · topic · records
 *   record             offset − first (varint) · timestamp f64 · key length (varint) · key · value length + 1, 0 for null
 *                      (varint) · value
 *
 * `durable` is the position up to which the segment was synced before this frame was written: a bad frame below it was
 * once good (corrupt), one at or above it was never acknowledged (torn). A section with no records says which offset
 * comes next; the first frame of a segment holds one for every partition known. Little endian.
 */
import { crc32 } from 'node:zlib'
import { crc32c } from './crc32c.ts'

/** 'CPB1' */
export const MAGIC = 0x31_42_50_43
export const HEADER_BYTES = 48
const SECTION_BYTES = 38

export interface FrameHeader {
  readonly bodyBytes: number
  readonly crc: number
  readonly segment: number
  readonly position: number
  readonly durable: number
  readonly writtenAt: number
  readonly sections: number
  /** The header's own checksum: tells two frames at one place apart. */
  readonly stamp: number
}

export interface Section {
  readonly topic: string
  readonly partition: number
  readonly first: number
  readonly last: number
  readonly maxTimestamp: number
  readonly count: number
  /** Where its records begin and end in the buffer. */
  readonly start: number
  readonly end: number
}

/** The header at `at`, or undefined where there is none that its checksum confirms. */
export const readHeader = (bytes: Buffer, at: number): FrameHeader | undefined => {
  if (at + HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return undefined
  const stamp = bytes.readUInt32LE(at + 44)
  if (stamp !== crc32c(bytes, at, at + 44)) return undefined
  return {
    bodyBytes: bytes.readUInt32LE(at + 4),
    crc: bytes.readUInt32LE(at + 8),
    segment: bytes.readUInt32LE(at + 12),
    position: bytes.readDoubleLE(at + 16),
    durable: bytes.readDoubleLE(at + 24),
    writtenAt: bytes.readDoubleLE(at + 32),
    sections: bytes.readUInt32LE(at + 40),
    stamp,
  }
}

/** zlib's CRC-32 for what is long: Node does it natively, ten times as fast as CRC-32C can be done here. */
const bodySum = (bytes: Buffer, start: number, end: number): number => crc32(bytes.subarray(start, end))

export type NewHeader = Omit<FrameHeader, 'crc' | 'stamp' | 'bodyBytes'>

/** Writes the header over `bytes[0, 48)`, checksums included, of a frame whose body ends at `end`. */
export const writeHeader = (bytes: Buffer, end: number, header: NewHeader): void => {
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(end - HEADER_BYTES, 4)
  bytes.writeUInt32LE(bodySum(bytes, HEADER_BYTES, end), 8)
  bytes.writeUInt32LE(header.segment, 12)
  bytes.writeDoubleLE(header.position, 16)
  bytes.writeDoubleLE(header.durable, 24)
  bytes.writeDoubleLE(header.writtenAt, 32)
  bytes.writeUInt32LE(header.sections, 40)
  bytes.writeUInt32LE(crc32c(bytes, 0, 44), 44)
}

const names = new Map<string, string>()

/** Topics are few and their names frequent: a name is decoded once. */
const nameAt = (bytes: Buffer, start: number, end: number): string => {
  const raw = bytes.toString('latin1', start, end)
  let name = names.get(raw)
  if (name === undefined) {
    name = bytes.toString('utf8', start, end)
    if (names.size < 10_000) names.set(raw, name)
  }
  return name
}

/** The section whose head is at `at` (`end` of the one before). */
export const readSection = (bytes: Buffer, at: number): Section => {
  const topicBytes = bytes.readUInt16LE(at + 12)
  const start = at + SECTION_BYTES + topicBytes
  return {
    count: bytes.readUInt32LE(at + 4),
    partition: bytes.readInt32LE(at + 8),
    first: bytes.readDoubleLE(at + 14),
    last: bytes.readDoubleLE(at + 22),
    maxTimestamp: bytes.readDoubleLE(at + 30),
    topic: nameAt(bytes, at + SECTION_BYTES, start),
    start,
    end: at + bytes.readUInt32LE(at),
  }
}

export interface SectionHead extends Pick<Section, 'partition' | 'first' | 'last' | 'maxTimestamp' | 'count'> {
  readonly topicBytes: Buffer
}

export const sectionHeadBytes = (topicBytes: Buffer): number => SECTION_BYTES + topicBytes.length

/** Writes a section's head at `at`; its records end at `end`. */
export const writeSection = (bytes: Buffer, at: number, { end, ...head }: SectionHead & { end: number }): void => {
  bytes.writeUInt32LE(end - at, at)
  bytes.writeUInt32LE(head.count, at + 4)
  bytes.writeInt32LE(head.partition, at + 8)
  bytes.writeUInt16LE(head.topicBytes.length, at + 12)
  bytes.writeDoubleLE(head.first, at + 14)
  bytes.writeDoubleLE(head.last, at + 22)
  bytes.writeDoubleLE(head.maxTimestamp, at + 30)
  bytes.set(head.topicBytes, at + SECTION_BYTES)
}

/** Gives the section whose head is at `at` another first offset: its records count from there. */
export const moveSection = (bytes: Buffer, at: number, first: number): void => {
  const length = bytes.readDoubleLE(at + 22) - bytes.readDoubleLE(at + 14)
  bytes.writeDoubleLE(first, at + 14)
  bytes.writeDoubleLE(first + length, at + 22)
}

/** Writes `value` (below 2^53) seven bits at a time; returns where it ends. */
const writeVarint = (bytes: Buffer, from: number, value: number): number => {
  let at = from
  let rest = value
  while (rest > 127) {
    bytes[at++] = (rest % 128) | 128
    rest = rest < 0x8000_0000 ? rest >>> 7 : Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}

interface Place {
  at: number
}

const readVarint = (bytes: Buffer, place: Place): number => {
  let byte = bytes[place.at++] as number
  if (byte < 128) return byte
  let value = byte & 127
  let scale = 128
  do {
    byte = bytes[place.at++] as number
    value += (byte & 127) * scale
    scale *= 128
  } while (byte > 127)
  return value
}

/** An upper bound of what a record takes. */
export const recordBytes = (key: string, value: Uint8Array | null): number =>
  26 + key.length * 3 + (value === null ? 0 : value.length)

export interface RecordParts {
  readonly key: string
  readonly value: Uint8Array | null
  readonly timestamp: number
}

/** Writes a record at `from`, of which there must be `recordBytes`; returns where it ends. */
export const writeRecord = (bytes: Buffer, from: number, record: RecordParts, delta: number): number => {
  const { key, value } = record
  let at = bytes.writeDoubleLE(record.timestamp, writeVarint(bytes, from, delta))
  // A short key's length fits one byte: written after the key, so that the key is measured once.
  if (key.length < 42) {
    const written = bytes.write(key, at + 1)
    bytes[at] = written
    at += 1 + written
  } else {
    at = writeVarint(bytes, at, Buffer.byteLength(key))
    at += bytes.write(key, at)
  }
  if (value === null) return writeVarint(bytes, at, 0)
  at = writeVarint(bytes, at, value.length + 1)
  bytes.set(value, at)
  return at + value.length
}

/** Calls `each` with every record of a section; a value is a window on `bytes`. */
export const readRecords = (
  bytes: Buffer,
  { first, start, end }: Section,
  each: (offset: number, record: RecordParts) => void,
): void => {
  const place: Place = { at: start }
  while (place.at < end) {
    const offset = first + readVarint(bytes, place)
    const timestamp = bytes.readDoubleLE(place.at)
    place.at += 8
    const keyBytes = readVarint(bytes, place)
    const key = bytes.toString('utf8', place.at, place.at + keyBytes)
    place.at += keyBytes
    const valueBytes = readVarint(bytes, place) - 1
    const value = valueBytes < 0 ? null : bytes.subarray(place.at, place.at + valueBytes)
    if (value !== null) place.at += valueBytes
    each(offset, { key, value, timestamp })
  }
}

/** Every section of the frame at `at`, which must be whole in `bytes`. */
export const sectionsOf = (bytes: Buffer, at: number, header: Pick<FrameHeader, 'sections'>): Section[] => {
  const sections: Section[] = []
  let next = at + HEADER_BYTES
  for (let n = 0; n < header.sections; n++) {
    const section = readSection(bytes, next)
    sections.push(section)
    next = section.end
  }
  return sections
}

/** Whether the body of the frame at `at` is what was written. */
export const bodyHolds = (bytes: Buffer, at: number, header: FrameHeader): boolean => {
  const end = at + HEADER_BYTES + header.bodyBytes
  return end <= bytes.length && bodySum(bytes, at + HEADER_BYTES, end) === header.crc
}
