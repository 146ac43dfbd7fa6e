/** Segment files: their names, and reading frames out of them. */
import fs from 'node:fs'
import path from 'node:path'
import { LogError } from '../../../../schemas/log.ts'
import { closeFile, codeOf, openFile, readAt } from './files.ts'
import { bodyHolds, type FrameHeader, HEADER_BYTES, readHeader } from './frame.ts'

const CHUNK_BYTES = 1 << 20

export const segmentPath = (dir: string, number: number, suffix = 'log'): string =>
  path.join(dir, `${String(number).padStart(10, '0')}.${suffix}`)

/** The numbers of the segments there, ascending. One that is missing was merged into the one before it, or has expired. */
export const listSegments = async (dir: string): Promise<number[]> => {
  const names = await fs.promises.readdir(dir).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  return names
    .filter((name) => /^\d{10}\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .toSorted((a, b) => a - b)
}

export interface SegmentFile {
  readonly number: number
  readonly path: string
  readonly fd: number
}

/** Opens a segment to read; undefined where it is gone. What is open stays readable when it is removed or replaced. */
export const openSegment = async (dir: string, number: number): Promise<SegmentFile | undefined> => {
  const file = segmentPath(dir, number)
  try {
    return { number, path: file, fd: await openFile(file, 'r') }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

export const closeSegment = (segment: SegmentFile): Promise<void> => closeFile(segment.fd)

export const sizeOf = (segment: SegmentFile): number => fs.fstatSync(segment.fd).size

/** Whether the file of that name is still the one that is open. */
export const isSameFile = (segment: SegmentFile): boolean =>
  fs.statSync(segment.path, { throwIfNoEntry: false })?.ino === fs.fstatSync(segment.fd).ino

export interface FoundFrame {
  readonly at: number
  readonly header: FrameHeader
}

export interface Chunk {
  readonly bytes: Buffer
  readonly frames: readonly FoundFrame[]
  /** Where the next chunk begins. */
  readonly end: number
  /** Set when what is at `end` is no whole, good frame. */
  readonly bad: boolean
}

export interface Span {
  readonly from: number
  /** Nothing at or after it is looked at. */
  readonly limit: number
  /** Whether bodies' checksums are checked too. */
  readonly verify: boolean
}

const isHere = (header: FrameHeader | undefined, segment: SegmentFile, position: number): header is FrameHeader =>
  header !== undefined && header.segment === segment.number && header.position === position

/** One chunk, or as much as the first frame in it takes. */
const readBytes = async (segment: SegmentFile, { from, limit }: Span): Promise<Buffer> => {
  const bytes = await readAt(segment.fd, from, Math.min(CHUNK_BYTES, limit - from))
  const first = readHeader(bytes, 0)
  const firstBytes = HEADER_BYTES + (first?.bodyBytes ?? 0)
  return firstBytes > bytes.length && from + firstBytes <= limit ? readAt(segment.fd, from, firstBytes) : bytes
}

/** Adds the good frames of `bytes`, which begin at `from` in the file; says where they end, and whether by damage. */
const takeFrames = (segment: SegmentFile, bytes: Buffer, { from, verify }: Span, frames: FoundFrame[]): Taken => {
  let at = 0
  while (at + HEADER_BYTES <= bytes.length) {
    const header = readHeader(bytes, at)
    if (!isHere(header, segment, from + at)) return { at, damaged: true }
    const next = at + HEADER_BYTES + header.bodyBytes
    if (next > bytes.length) break
    if (verify && !bodyHolds(bytes, at, header)) return { at, damaged: true }
    frames.push({ at, header })
    at = next
  }
  return { at, damaged: false }
}

interface Taken {
  readonly at: number
  readonly damaged: boolean
}

/** The frames from `from` on that fit one chunk: at least one, unless it is bad. */
export const readFrames = async (segment: SegmentFile, span: Span): Promise<Chunk> => {
  const { from, limit } = span
  const bytes = await readBytes(segment, span)
  const frames: FoundFrame[] = []
  const { at, damaged } = takeFrames(segment, bytes, span, frames)
  const end = from + at
  // What is left over belongs to the next chunk, unless there is none: then the last frame was cut.
  const cut = end < limit && (frames.length === 0 || from + bytes.length >= limit)
  return { bytes, frames, end, bad: damaged || cut }
}

export const corrupt = (segment: SegmentFile, position: number): LogError =>
  new LogError(
    'corrupt',
    `${segment.path} is damaged at byte ${position}: a checksum fails. Restore the file from a copy, or move it away: ` +
      'what it holds is then lost, the rest can be read. If it is the newest one, begin with another --profile instead.',
  )

/** The first frame of a segment, which holds the offsets its partitions begin at. */
export const firstFrame = async (segment: SegmentFile): Promise<Chunk | undefined> => {
  const head = await readAt(segment.fd, 0, HEADER_BYTES)
  const header = readHeader(head, 0)
  if (!isHere(header, segment, 0)) return undefined
  const bytes = await readAt(segment.fd, 0, HEADER_BYTES + header.bodyBytes)
  return bodyHolds(bytes, 0, header) ? { bytes, frames: [{ at: 0, header }], end: bytes.length, bad: false } : undefined
}
