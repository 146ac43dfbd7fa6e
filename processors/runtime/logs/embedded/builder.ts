/** Builds frames in reused memory: what is appended while a group is on its way to the disk collects here. */
import {
  HEADER_BYTES,
  type NewHeader,
  recordBytes,
  type RecordParts,
  sectionHeadBytes,
  writeHeader,
  writeRecord,
  writeSection,
} from './frame.ts'

/** A frame is closed when it is this long: bounds what reading one record costs. */
export const FRAME_BYTES = 1 << 20
const SPARE_BUFFERS = 8

/** A partition of a topic as its writer knows it. */
export interface Head {
  readonly topic: string
  readonly topicBytes: Buffer
  readonly partition: number
  /** The offset the next record gets. */
  next: number
  /** The same, of what is on disk. */
  written: number
}

interface OpenSection {
  readonly head: Head
  readonly at: number
  readonly first: number
  last: number
  maxTimestamp: number
  count: number
}

export interface Frame {
  buffer: Buffer
  end: number
  sections: number
  open: OpenSection | undefined
  /** What `written` of each partition becomes when this frame is durable. */
  readonly ends: Map<Head, number>
  /** Built elsewhere: nothing is added to it, and its memory is not this builder's. */
  readonly foreign: boolean
}

/** Records of one partition, in order. */
export interface Part {
  readonly head: Head
  readonly records: readonly RecordParts[]
}

export interface Builder {
  readonly bytes: number
  /** Adds records; `whole`: all into one frame, however long it gets. */
  add(parts: readonly Part[], whole: boolean): void
  /** A frame that is built already, as one of the group. */
  adopt(frame: Frame): void
  /** The next offset of a partition, with no record. */
  mark(head: Head): void
  /** The frames so far, closed; `add` begins anew. */
  take(): Frame[]
  /** The same, but at least one frame. */
  takeOrEmpty(): Frame[]
  /** Gives the memory of written frames back. */
  recycle(frames: readonly Frame[]): void
}

const newFrame = (buffer: Buffer): Frame => ({
  buffer,
  end: HEADER_BYTES,
  sections: 0,
  open: undefined,
  ends: new Map(),
  foreign: false,
})

const grow = (frame: Frame, need: number): void => {
  if (frame.end + need <= frame.buffer.length) return
  const wider = Buffer.allocUnsafeSlow(Math.max(frame.buffer.length * 2, frame.end + need))
  wider.set(frame.buffer.subarray(0, frame.end))
  frame.buffer = wider
}

const closeSection = (frame: Frame): void => {
  const { open } = frame
  if (open === undefined) return
  const { head, at, first, last, maxTimestamp, count } = open
  const { topicBytes, partition } = head
  writeSection(frame.buffer, at, { topicBytes, partition, first, last, maxTimestamp, count, end: frame.end })
  frame.ends.set(head, last + 1)
  frame.open = undefined
}

const openSection = (frame: Frame, head: Head): OpenSection => {
  if (frame.open?.head === head) return frame.open
  closeSection(frame)
  const need = sectionHeadBytes(head.topicBytes)
  grow(frame, need)
  const { next } = head
  frame.open = { head, at: frame.end, first: next, last: next - 1, maxTimestamp: -Infinity, count: 0 }
  frame.end += need
  frame.sections++
  return frame.open
}

const addRecord = (frame: Frame, head: Head, record: RecordParts): void => {
  const need = recordBytes(record.key, record.value)
  const section = openSection(frame, head)
  grow(frame, need)
  const offset = head.next++
  frame.end = writeRecord(frame.buffer, frame.end, record, offset - section.first)
  section.last = offset
  section.count++
  if (record.timestamp > section.maxTimestamp) section.maxTimestamp = record.timestamp
}

export const createBuilder = (): Builder => {
  let frames: Frame[] = []
  const spare: Buffer[] = []
  const begin = (): Frame => {
    const frame = newFrame(spare.pop() ?? Buffer.allocUnsafeSlow(FRAME_BYTES + (FRAME_BYTES >> 3)))
    frames.push(frame)
    return frame
  }
  const current = (): Frame => {
    const last = frames.at(-1)
    return last === undefined || last.foreign || last.end >= FRAME_BYTES ? begin() : last
  }
  const take = (): Frame[] => {
    const taken = frames
    frames = []
    for (const frame of taken) closeSection(frame)
    return taken
  }
  return {
    get bytes() {
      return frames.reduce((sum, frame) => sum + frame.end, 0)
    },
    add: (parts, whole) => {
      if (parts.length === 0) return
      let frame = current()
      for (const { head, records } of parts) {
        for (const record of records) {
          if (!whole && frame.end >= FRAME_BYTES) frame = begin()
          addRecord(frame, head, record)
        }
      }
    },
    adopt: (frame) => void frames.push(frame),
    mark: (head) => void openSection(current(), head),
    take,
    takeOrEmpty: () => {
      current()
      return take()
    },
    recycle: (written) => {
      for (const { buffer, foreign } of written)
        if (!foreign && spare.length < SPARE_BUFFERS && buffer.length <= 2 * FRAME_BYTES) spare.push(buffer)
    },
  }
}

/** Puts the header on a taken frame; returns its bytes. */
export const sealFrame = (frame: Frame, header: Omit<NewHeader, 'sections'>): Buffer => {
  writeHeader(frame.buffer, frame.end, { ...header, sections: frame.sections })
  return frame.buffer.subarray(0, frame.end)
}

/** The same for frames that follow each other, the first at `durable`. */
export const sealFrames = (
  frames: readonly Frame[],
  header: Pick<NewHeader, 'segment' | 'durable' | 'writtenAt'>,
): Buffer[] => {
  let position = header.durable
  return frames.map((frame) => {
    const bytes = sealFrame(frame, { ...header, position })
    position += bytes.length
    return bytes
  })
}
