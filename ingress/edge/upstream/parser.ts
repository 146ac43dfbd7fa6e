/** Reads the responses of one connection, one after the other, as their bytes come. */
import { feedChunked, openChunked, trailersOf, type Chunked } from '../http1/chunked.ts'
import { ProtocolError } from '../http1/fields.ts'
import { checkBeginning, readHead, type ResponseHead } from '../http1/response-head.ts'

export interface Sink {
  /** 1xx; any number of them. */
  interim(head: ResponseHead): void
  head(head: ResponseHead): void
  /** A window on the bytes that are fed: copy what is to last. */
  data(bytes: Buffer, from: number, to: number): void
  end(trailers: readonly string[]): void
}

export interface Parser {
  readonly sink: Sink
  phase: 'idle' | 'head' | 'length' | 'chunked' | 'until-close'
  /** What came of a head that is not whole yet. */
  text: string
  /** The last head as text and as it was read: upstreams say much the same again within a second. */
  last: { readonly text: string; readonly head: ResponseHead } | undefined
  left: number
  readonly method: { name: string }
  chunked: Chunked | undefined
  interims: number
  /** The connection may carry another exchange after this one. */
  persistent: boolean
  /** A byte of the awaited answer has come. */
  begun: boolean
}

const MAX_HEAD = 64 * 1024
const MAX_INTERIMS = 64
/** Heads are short: only so much is made text before the end of the head is known. */
const GLANCE = 2048

export const openParser = (sink: Sink): Parser => ({
  sink,
  phase: 'idle',
  text: '',
  last: undefined,
  left: 0,
  method: { name: '' },
  chunked: undefined,
  interims: 0,
  persistent: true,
  begun: false,
})

/** A request was sent: its answer is awaited. */
export const awaitAnswer = (parser: Parser, method: string): void => {
  parser.phase = 'head'
  parser.method.name = method
  parser.interims = 0
  parser.persistent = true
  parser.begun = false
}

const finish = (parser: Parser, trailers: readonly string[]): void => {
  parser.phase = 'idle'
  parser.chunked = undefined
  parser.sink.end(trailers)
}

const NONE: readonly string[] = []

/** RFC 9112 section 6.3. */
const hasNoBody = (method: string, { status }: ResponseHead): boolean =>
  method === 'HEAD' || status === 204 || status === 304

const onHead = (parser: Parser, head: ResponseHead): void => {
  if (head.status < 200) {
    if (++parser.interims > MAX_INTERIMS) throw new ProtocolError('the upstream sends too many interim answers')
    parser.sink.interim(head)
    return
  }
  const bodiless = hasNoBody(parser.method.name, head)
  const untilClose = !bodiless && !head.chunked && head.length < 0
  parser.persistent = head.persistent && !untilClose
  parser.left = head.length
  parser.phase = head.chunked ? 'chunked' : untilClose ? 'until-close' : 'length'
  if (head.chunked) parser.chunked = openChunked()
  parser.sink.head(head)
  if (bodiless || head.length === 0) finish(parser, NONE)
}

const headOf = (parser: Parser, text: string): ResponseHead => {
  if (parser.last?.text !== text) parser.last = { text, head: readHead(text) }
  return parser.last.head
}

/** Finds the empty line; returns where the bytes behind the head begin, or -1 while it is not whole. */
const readOneHead = (parser: Parser, bytes: Buffer, at: number, end: number): number => {
  const before = parser.text.length
  let text = parser.text + bytes.toString('latin1', at, Math.min(end, at + GLANCE))
  let stop = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
  if (stop < 0 && end > at + GLANCE) {
    text = parser.text + bytes.toString('latin1', at, Math.min(end, at + MAX_HEAD))
    stop = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
  }
  if (stop < 0 ? text.length >= MAX_HEAD : stop > MAX_HEAD)
    throw new ProtocolError('the head of the answer is too long')
  parser.text = stop < 0 ? text : ''
  if (stop < 0) {
    checkBeginning(text)
    return -1
  }
  onHead(parser, headOf(parser, text.slice(0, stop)))
  return at + stop + 4 - before
}

const readChunked = (parser: Parser, bytes: Buffer, at: number, end: number): number => {
  const state = parser.chunked as Chunked
  const stop = feedChunked(state, bytes, [at, end], (from, to) => parser.sink.data(bytes, from, to))
  if (state.phase === 'done') finish(parser, trailersOf(state))
  return stop
}

const readCounted = (parser: Parser, bytes: Buffer, at: number, end: number): number => {
  const stop = parser.phase === 'length' ? Math.min(end, at + parser.left) : end
  parser.left -= stop - at
  parser.sink.data(bytes, at, stop)
  if (parser.phase === 'length' && parser.left === 0) finish(parser, NONE)
  return stop
}

/** Takes `bytes[0, end)`. Throws ProtocolError, also for bytes that nobody asked for. */
export const feed = (parser: Parser, bytes: Buffer, end: number): void => {
  parser.begun = true
  let at = 0
  while (at < end) {
    if (parser.phase === 'idle') throw new ProtocolError('the upstream sends more than it was asked for')
    if (parser.phase === 'head') at = readOneHead(parser, bytes, at, end)
    else if (parser.phase === 'chunked') at = readChunked(parser, bytes, at, end)
    else at = readCounted(parser, bytes, at, end)
    if (at < 0) return
  }
}

/** The upstream will send no more. Whether that was the proper end of an answer. */
export const feedEnd = (parser: Parser): boolean => {
  if (parser.phase !== 'until-close') return false
  finish(parser, NONE)
  return true
}
