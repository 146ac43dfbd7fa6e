/**
 * What a client may send on an HTTP/2 connection, where nghttp2 asks for less than RFC 9113 does or bounds nothing. It is
 * told by the heads of the client's frames alone: a stream is closed for the client once it has ended or reset it, whatever
 * we sent meanwhile, so no frame can be blamed that crossed a reset of ours.
 */
import { constants } from 'node:http2'
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  HEADERS,
  openFrames,
  PING,
  PRIORITY,
  readFrames,
  RST_STREAM,
  SETTINGS,
  type Frame,
  type FrameReader,
  type Judgement,
} from './frames.ts'

const { NGHTTP2_STREAM_CLOSED, NGHTTP2_FLOW_CONTROL_ERROR, NGHTTP2_ENHANCE_YOUR_CALM } = constants

/** Why the connection ends: an error code of section 7. */
export interface Fault {
  readonly code: number
  readonly reason: string
}

export interface Guard {
  readonly frames: FrameReader
  /** Streams on which the client may still send. */
  readonly open: Set<number>
  /** Streams that we closed first: frames may be on their way to us, for as long as 256 others were not closed since. */
  readonly left: Set<number>
  /** The newest stream: those below that are in neither set are closed. */
  newest: number
  /** By how much the connection's window was to grow. */
  growth: number
  /** Frames that brought nothing. */
  empty: number
  /** Bytes of bodies that came. */
  moved: number
  readonly since: number
  /** A head has begun to come, and is not whole yet, since then (ms, monotonic); 0: none. */
  awaited: number
  /** Pings of ours that are not answered. */
  asked: number
  fault: Fault | undefined
}

/** `now`: ms, monotonic. */
export const openGuard = (now: number): Guard => ({
  frames: openFrames(),
  open: new Set(),
  left: new Set(),
  newest: 0,
  growth: 0,
  empty: 0,
  moved: 0,
  since: now,
  awaited: now,
  asked: 0,
  fault: undefined,
})

const LEFT = 256
/** More than nghttp2 lets be open: those beyond were refused, and their ends never came. */
const OPEN = 1024
const LARGEST_WINDOW = 2 ** 31 - 1
const FIRST_WINDOW = 65_535

/** Frames that bring nothing: so many at once, so many a second, and one for so many bytes that moved. */
const EMPTY_AT_ONCE = 10_000
const EMPTY_PER_MS = 0.1
const BYTES_PER_EMPTY = 1024

/** What the rules need to know besides frames. */
export interface Surroundings {
  /** ms, monotonic. */
  readonly now: number
  /** Bytes that we wrote to the client, frames and all. */
  readonly written: () => number
}

const stop = (guard: Guard, code: number, reason: string): Judgement => {
  guard.fault = { code, reason }
  return 'stop'
}

/** A flood of frames that are cheap to send and not to answer (CVE-2019-9512, 9515, 9518 and their kin). */
const toll = (guard: Guard, { now, written }: Surroundings): Judgement => {
  guard.empty++
  if (guard.empty <= EMPTY_AT_ONCE) return 'pass'
  const allowed = EMPTY_AT_ONCE + (now - guard.since) * EMPTY_PER_MS + (guard.moved + written()) / BYTES_PER_EMPTY
  if (guard.empty <= allowed) return 'pass'
  return stop(guard, NGHTTP2_ENHANCE_YOUR_CALM, 'too many frames that bring nothing')
}

/** A frame that only a client may send that has not ended the stream (section 5.1). */
const onOpen = (guard: Guard, { stream, flags, type }: Frame): Judgement => {
  const { open, left, newest } = guard
  // Even numbers, and a body before its head: node:http2 says so.
  if (stream > newest || stream === 0) return 'pass'
  if (!open.has(stream) && !left.has(stream))
    return stop(guard, NGHTTP2_STREAM_CLOSED, `${type === DATA ? 'a body' : 'a head'} on a stream that is closed`)
  if ((flags & END_STREAM) !== 0) {
    open.delete(stream)
    left.delete(stream)
  }
  return 'pass'
}

const onHeaders = (guard: Guard, frame: Frame): Judgement => {
  const { stream, flags } = frame
  if (stream <= guard.newest || stream % 2 === 0) return onOpen(guard, frame)
  guard.newest = stream
  if ((flags & END_STREAM) !== 0) return 'pass'
  guard.open.add(stream)
  if (guard.open.size <= OPEN) return 'pass'
  return stop(guard, NGHTTP2_ENHANCE_YOUR_CALM, 'too many streams that do not end')
}

const onData = (guard: Guard, frame: Frame, around: Surroundings): Judgement => {
  guard.moved += frame.length
  const judgement = onOpen(guard, frame)
  return judgement === 'pass' && frame.length === 0 && (frame.flags & END_STREAM) === 0
    ? toll(guard, around)
    : judgement
}

const onPing = (guard: Guard, { flags, stream, length }: Frame, around: Surroundings): Judgement => {
  if ((flags & ACK) === 0 || stream !== 0 || length !== 8) return toll(guard, around)
  // An answer to what nobody asked: node:http2 would hang up.
  if (guard.asked === 0) return drop(guard, around)
  guard.asked--
  return 'pass'
}

const judge = (guard: Guard, frame: Frame, around: Surroundings): Judgement => {
  switch (frame.type) {
    case DATA:
      return onData(guard, frame, around)
    case HEADERS:
      return onHeaders(guard, frame)
    case RST_STREAM:
      guard.open.delete(frame.stream)
      guard.left.delete(frame.stream)
      return toll(guard, around)
    case PING:
      return onPing(guard, frame, around)
    case SETTINGS:
    case PRIORITY:
      return toll(guard, around)
    default:
      return 'pass'
  }
}

const drop = (guard: Guard, around: Surroundings): Judgement => (toll(guard, around) === 'stop' ? 'stop' : 'drop')

/** The window is at least this large, since we cannot have used more of it than we wrote (section 6.9.1). */
const grown = (guard: Guard, increment: number, { written }: Surroundings): boolean => {
  guard.growth += increment
  if (FIRST_WINDOW + guard.growth - written() <= LARGEST_WINDOW) return true
  stop(guard, NGHTTP2_FLOW_CONTROL_ERROR, 'the window is larger than any can be')
  return false
}

const inHead = ({ frame, left, have }: FrameReader): boolean => {
  const { type, flags } = frame
  if (have > 0 || type < 0) return have > 0 || left > 0
  return (type === HEADERS || type === CONTINUATION) && (left > 0 || (flags & END_HEADERS) === 0)
}

/** Looks at what came. The fault, if the connection must end; what was passed until then is well. */
export const look = (
  guard: Guard,
  bytes: Uint8Array,
  around: Surroundings,
  pass: (bytes: Uint8Array) => void,
): Fault | undefined => {
  readFrames(guard.frames, bytes, {
    judge: (frame) => judge(guard, frame, around),
    grown: (increment) => grown(guard, increment, around),
    pass,
  })
  guard.awaited = inHead(guard.frames) ? guard.awaited || around.now : 0
  return guard.fault
}

/** We sent a ping. */
export const asked = (guard: Guard): void => void guard.asked++

/** We closed a stream; the client may not know yet. */
export const closed = ({ open, left }: Guard, stream: number): void => {
  if (!open.delete(stream)) return
  left.add(stream)
  if (left.size > LEFT) left.delete(left.values().next().value as number)
}
