/** Reads the requests of one connection, one after the other, as their bytes come. */
import { feedChunked, openChunked, trailersOf, type Chunked } from '../http1/chunked.ts'
import { checkText, ProtocolError } from '../http1/fields.ts'
import { readRequestHead, type RequestHead } from '../http1/request-head.ts'
import type { Connection, Exchange } from './connection.ts'
import { leave, refuse } from './leave.ts'

/** Heads are short: only so much is made text before the end of the head is known. */
const GLANCE = 2048
/** So much of a body nobody wants is dropped to keep its connection. */
const MAX_DROP = 1024 * 1024
const NONE: readonly string[] = []

const openExchange = (connection: Connection, head: RequestHead): Exchange => ({
  via: connection.front.wire,
  connection,
  minor: head.minor,
  persistent: head.persistent,
  received: head.length === 0,
  begun: false,
  sent: false,
  over: false,
  drained: undefined,
  closed: undefined,
  reader: undefined,
  paused: false,
  expecting: head.expects !== '' && head.minor === 1 && head.length !== 0,
  head: '',
  framing: 'none',
})

const onHead = (connection: Connection, head: RequestHead): void => {
  const { front } = connection
  if (head.expects !== '' && head.expects !== '100-continue')
    throw new ProtocolError('no expectation but 100-continue is understood', 417)
  if (head.method === 'CONNECT') throw new ProtocolError('CONNECT is never passed on', 405)
  connection.carried++
  connection.awaited = undefined
  connection.phase = head.length === 0 ? 'answer' : head.length < 0 ? 'chunked' : 'length'
  connection.left = head.length
  connection.chunked = head.length < 0 ? openChunked() : undefined
  connection.toDrop = MAX_DROP
  const exchange = openExchange(connection, head)
  connection.exchange = exchange
  front.inFlight++
  front.serve(head, exchange)
}

/** A head that is too long, or broken so that its end would never be seen. */
const checkPartial = (connection: Connection, text: string, before: number): void => {
  const { head } = connection.front.limits
  if (text.length >= head) throw tooLong(text, head)
  const fresh = text.slice(text[before - 1] === '\r' ? before - 1 : Math.max(0, before))
  checkText(fresh.endsWith('\r') ? fresh.slice(0, -1) : fresh)
}

const tooLong = (text: string, head: number): ProtocolError =>
  text.includes('\r\n')
    ? new ProtocolError(`the head of the request is longer than ${head} bytes`, 431)
    : new ProtocolError(`the request line is longer than ${head} bytes`, 414)

const lengthOfEmptyLines = (text: string): number => /^(?:\r\n)*/.exec(text)?.[0].length ?? 0

/** Finds the empty line; returns where the bytes behind the head begin. */
const readOneHead = (connection: Connection, bytes: Buffer, at: number): number => {
  const { front } = connection
  const before = connection.text.length
  let text = connection.text + bytes.toString('latin1', at, Math.min(bytes.length, at + GLANCE))
  // Empty lines before a request are ignored (RFC 9112 section 2.2).
  const skipped = text.startsWith('\r\n') ? lengthOfEmptyLines(text) : 0
  if (skipped > 0) text = text.slice(skipped)
  const from = Math.max(0, before - skipped - 3)
  let stop = text.indexOf('\r\n\r\n', from)
  if (stop < 0 && bytes.length > at + GLANCE) {
    text += bytes.toString('latin1', at + GLANCE, Math.min(bytes.length, at + front.limits.head))
    stop = text.indexOf('\r\n\r\n', from)
  }
  if (stop < 0) {
    checkPartial(connection, text, before - skipped)
    connection.text = text
    return bytes.length
  }
  if (stop > front.limits.head) throw tooLong(text, front.limits.head)
  connection.text = ''
  const head = readRequestHead(text.slice(0, stop), front.limits, connection.block)
  connection.block = head.block
  onHead(connection, head)
  return at + stop + 4 - before + skipped
}

const onData = (connection: Connection, bytes: Buffer): void => {
  const { exchange } = connection
  if (exchange !== undefined) return exchange.reader?.data(bytes)
  connection.toDrop -= bytes.length
  if (connection.toDrop < 0) throw new ProtocolError('the answer is out, and the body goes on')
}

const onBodyEnd = (connection: Connection, trailers: readonly string[]): void => {
  const { exchange } = connection
  connection.phase = exchange === undefined ? 'head' : 'answer'
  connection.awaited = undefined
  if (exchange === undefined) return
  const { reader } = exchange
  exchange.received = true
  exchange.reader = undefined
  reader?.end(trailers)
}

const readCounted = (connection: Connection, bytes: Buffer, at: number): number => {
  const stop = Math.min(bytes.length, at + connection.left)
  connection.left -= stop - at
  onData(connection, bytes.subarray(at, stop))
  if (connection.left === 0) onBodyEnd(connection, NONE)
  return stop
}

const readChunked = (connection: Connection, bytes: Buffer, at: number): number => {
  const state = connection.chunked as Chunked
  const stop = feedChunked(state, bytes, [at, bytes.length], (from, to) => onData(connection, bytes.subarray(from, to)))
  if (state.phase === 'done') onBodyEnd(connection, trailersOf(state))
  return stop
}

const step = (connection: Connection, bytes: Buffer, at: number): number => {
  if (connection.phase === 'head') return readOneHead(connection, bytes, at)
  if (connection.phase === 'length') return readCounted(connection, bytes, at)
  if (connection.phase === 'chunked') return readChunked(connection, bytes, at)
  return bytes.length
}

/** The next bytes have to wait: for somebody who reads the body, or for the answer before the next request. */
const isBlocked = ({ phase, exchange }: Connection): boolean => {
  if (phase === 'answer' || phase === 'tunnel') return true
  if (phase === 'closing' || exchange === undefined) return false
  return exchange.reader === undefined || exchange.paused
}

const fail = (connection: Connection, error: ProtocolError): void => {
  const { exchange } = connection
  if (exchange === undefined) return connection.phase === 'head' ? refuse(connection, error) : leave(connection)
  const { reader } = exchange
  connection.phase = 'closing'
  exchange.reader = undefined
  exchange.persistent = false
  if (exchange.begun || reader === undefined) connection.socket.destroy()
  else reader.broken('malformed', error.message)
}

/** Looks at bytes as far as possible. */
export const consume = (connection: Connection, bytes: Buffer): void => {
  let at = 0
  connection.reading = true
  try {
    while (at < bytes.length && !isBlocked(connection)) at = step(connection, bytes, at)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    at = bytes.length
    fail(connection, error)
  } finally {
    connection.reading = false
  }
  if (at >= bytes.length) return
  connection.stash = at === 0 ? bytes : bytes.subarray(at)
  connection.socket.pause()
}

/** What kept bytes waiting may be gone. */
export const proceed = (connection: Connection): void => {
  const { stash, socket } = connection
  if (connection.reading || stash === undefined || isBlocked(connection)) return
  connection.stash = undefined
  consume(connection, stash)
  if (connection.stash === undefined) socket.resume()
}
