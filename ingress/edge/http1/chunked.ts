/** The chunked transfer coding (RFC 9112 section 7.1), read strictly and piece by piece. */
import { checkText, createFieldReader, ProtocolError } from './fields.ts'

export interface Chunked {
  phase: 'size' | 'data' | 'after' | 'trailers' | 'done'
  /** Bytes of the chunk that are still to come. */
  left: number
  /** The beginning of a line that is not whole yet. */
  line: string
  trailers: string
  /** Lines of them. */
  fields: number
  /** Bytes of all extensions so far. */
  extensions: number
}

export const openChunked = (): Chunked => ({ phase: 'size', left: 0, line: '', trailers: '', fields: 0, extensions: 0 })

/** A size with its extensions, and all trailers together. */
const MAX_LINE = 4096
const MAX_TRAILERS = 32 * 1024
const MAX_FIELDS = 200
const LF = 10

/** Nobody needs them; many of them on tiny chunks are an attack (CVE-2023-39326). */
const MAX_EXTENSIONS = 16 * 1024

/**
 * Thirteen digits stay below 2^53. Blanks may stand before an extension only. A quoted string ends in its line: for who
 * reads on behind a line's end within one, another line is the next size.
 */
const SIZE = /^(0*[0-9A-Fa-f]{1,13})(?:[ \t]*;(?:[^"]|"(?:[^"\\]|\\.)*")*)?$/

const onSize = (state: Chunked, line: string): void => {
  checkText(line)
  const size = SIZE.exec(line)?.[1]
  if (size === undefined) throw new ProtocolError('a chunk has no size')
  state.extensions += line.length - size.length
  if (state.extensions > MAX_EXTENSIONS) throw new ProtocolError('the chunks have too many extensions')
  state.left = Number.parseInt(size, 16)
  state.phase = state.left === 0 ? 'trailers' : 'data'
}

const onTrailer = (state: Chunked, line: string): void => {
  if (line === '') {
    state.phase = 'done'
    return
  }
  state.trailers += state.trailers === '' ? line : `\r\n${line}`
  if (state.trailers.length > MAX_TRAILERS || ++state.fields > MAX_FIELDS)
    throw new ProtocolError('the trailers are too long or too many')
}

const onLine = (state: Chunked, line: string): void => {
  if (state.phase === 'size') return onSize(state, line)
  if (state.phase === 'trailers') return onTrailer(state, line)
  if (line !== '') throw new ProtocolError('a chunk is longer than its size')
  state.phase = 'size'
}

/** Takes one line, or the beginning of one; returns where it ended. */
const readLine = (state: Chunked, bytes: Buffer, at: number, end: number): number => {
  const found = bytes.indexOf(LF, at)
  const stop = found < 0 || found >= end ? end : found + 1
  state.line += bytes.toString('latin1', at, stop)
  if (state.line.length > MAX_LINE) throw new ProtocolError('a line of a chunked body is too long')
  if (stop === end && (found < 0 || found >= end)) return end
  if (!state.line.endsWith('\r\n')) throw new ProtocolError('a line of a chunked body does not end in CRLF')
  const line = state.line.slice(0, -2)
  state.line = ''
  onLine(state, line)
  return stop
}

/** Decodes `bytes[at, end)`; returns where it stopped: before `end` only when the body is done. */
export const feedChunked = (
  state: Chunked,
  bytes: Buffer,
  [from, end]: readonly [from: number, end: number],
  data: (from: number, to: number) => void,
): number => {
  let at = from
  while (at < end && state.phase !== 'done') {
    if (state.phase !== 'data') {
      at = readLine(state, bytes, at, end)
      continue
    }
    const to = Math.min(end, at + state.left)
    data(at, to)
    state.left -= to - at
    at = to
    if (state.left === 0) state.phase = 'after'
  }
  return at
}

const readTrailers = createFieldReader<undefined>(new Map())

/** The trailer fields, once it is done: name, value, name, value… */
export const trailersOf = (state: Chunked): string[] => {
  if (state.trailers === '') return []
  checkText(state.trailers)
  return readTrailers(state.trailers, 0, state.trailers.length, undefined)
}
