/**
 * The heads of HTTP/2's frames (RFC 9113 section 4.1), found in bytes that come in pieces of any size. Payloads are neither
 * looked at nor copied, but for the increment of the connection's window.
 */

export const DATA = 0
export const HEADERS = 1
export const PRIORITY = 2
export const RST_STREAM = 3
export const SETTINGS = 4
export const PING = 6
export const GOAWAY = 7
export const WINDOW_UPDATE = 8
export const CONTINUATION = 9
/** The same bit is ACK for SETTINGS and PING. */
export const END_STREAM = 1
export const ACK = 1
export const END_HEADERS = 4

export interface Frame {
  type: number
  flags: number
  stream: number
  length: number
}

export interface FrameReader {
  /** The newest frame; one record for all of them. */
  readonly frame: Frame
  /** Bytes of its payload, or of the client's preface, that are still to come. */
  left: number
  /** Its payload does not go on. */
  dropping: boolean
  /** The beginning of a head that is not whole yet. */
  readonly held: Uint8Array
  have: number
  /** Of a WINDOW_UPDATE: what came of the number. */
  increment: number
  stopped: boolean
}

/** What is done about a frame, told by its head: it goes on, is left out, or is the last thing that was looked at. */
export type Judgement = 'pass' | 'drop' | 'stop'

export interface FrameEvents {
  readonly judge: (frame: Frame) => Judgement
  /** The connection's window is to grow by so much. False: nothing more is looked at. */
  readonly grown: (increment: number) => boolean
  readonly pass: (bytes: Uint8Array) => void
}

const HEAD = 9
/** `PRI * HTTP/2.0…` (section 3.4), which is node:http2's to check. */
const PREFACE = 24

export const openFrames = (): FrameReader => ({
  frame: { type: -1, flags: 0, stream: 0, length: 0 },
  left: PREFACE,
  dropping: false,
  held: new Uint8Array(HEAD),
  have: 0,
  increment: 0,
  stopped: false,
})

const at = (bytes: Uint8Array, i: number): number => bytes[i] as number

const readHead = ({ frame }: FrameReader, bytes: Uint8Array, i: number): void => {
  frame.length = (at(bytes, i) << 16) | (at(bytes, i + 1) << 8) | at(bytes, i + 2)
  frame.type = at(bytes, i + 3)
  frame.flags = at(bytes, i + 4)
  frame.stream =
    ((at(bytes, i + 5) & 0x7f) << 24) | (at(bytes, i + 6) << 16) | (at(bytes, i + 7) << 8) | at(bytes, i + 8)
}

/** A window of the whole connection; any other length is node:http2's to refuse. */
const isGrowth = ({ frame: { type, stream, length } }: FrameReader): boolean =>
  type === WINDOW_UPDATE && stream === 0 && length === 4

/** Takes what is there of a payload; returns where it ended. */
const takePayload = (reader: FrameReader, bytes: Uint8Array, from: number, { grown }: FrameEvents): number => {
  const end = from + Math.min(reader.left, bytes.length - from)
  reader.left -= end - from
  if (!isGrowth(reader)) return end
  for (let i = from; i < end; i++) reader.increment = ((reader.increment & 0x7fffff) << 8) | at(bytes, i)
  if (reader.left === 0 && !grown(reader.increment & 0x7fffffff)) reader.stopped = true
  return end
}

/** Takes what is there of a head that pieces cut; returns where it ended. */
const holdHead = (reader: FrameReader, bytes: Uint8Array, from: number): number => {
  const end = Math.min(bytes.length, from + HEAD - reader.have)
  reader.held.set(bytes.subarray(from, end), reader.have)
  reader.have += end - from
  return end
}

/** A whole head was read. False: nothing more is looked at. */
const judged = (reader: FrameReader, { judge }: FrameEvents): Judgement => {
  const judgement = judge(reader.frame)
  reader.left = reader.frame.length
  reader.increment = 0
  reader.dropping = judgement === 'drop'
  reader.stopped = judgement === 'stop'
  return judgement
}

/** Looks at the next bytes; what goes on is passed, in order, in as few pieces as can be. */
export const readFrames = (reader: FrameReader, bytes: Uint8Array, events: FrameEvents): void => {
  const { length } = bytes
  /** What goes on begins here. */
  let from = 0
  let i = 0
  const pass = (to: number): void => {
    if (to > from) events.pass(from === 0 && to === length ? bytes : bytes.subarray(from, to))
  }
  while (i < length && !reader.stopped) {
    if (reader.left > 0) {
      i = takePayload(reader, bytes, i, events)
      if (reader.dropping) from = i
    } else if (reader.have === 0 && length - i >= HEAD) {
      readHead(reader, bytes, i)
      if (judged(reader, events) === 'drop') {
        pass(i)
        from = i + HEAD
      }
      i += HEAD
    } else {
      if (reader.have === 0) pass(i)
      from = i = holdHead(reader, bytes, i)
      if (reader.have < HEAD) continue
      reader.have = 0
      readHead(reader, reader.held, 0)
      if (judged(reader, events) === 'pass') events.pass(reader.held.slice())
    }
  }
  if (!reader.stopped) pass(length)
}
