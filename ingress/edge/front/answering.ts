/** Writes answers to a client of HTTP/1.1 or HTTP/1.0, and reads the request for whoever wants its body. */
import type { FieldLines } from '../../phases/context.ts'
import type { AnswerStart, Wire } from '../carrier.ts'
import { httpDate } from '../clock.ts'
import type { Exchange } from './connection.ts'
import { leave, settle } from './leave.ts'
import { proceed } from './reading.ts'
import { reset } from './reset.ts'

const lined = (lines: FieldLines): string => {
  let text = ''
  for (let i = 0; i < lines.length; i += 2) text += `${lines[i]}: ${lines[i + 1]}\r\n`
  return text
}

/** A head as bytes on the wire. */
const rawHead = (status: number, reason: string, lines: FieldLines): string =>
  `HTTP/1.1 ${status} ${reason}\r\n${lined(lines)}\r\n`

const isNamed = (name: string, lower: string): boolean => name.length === lower.length && name.toLowerCase() === lower

/** The fields of an answer: without a length where there may be none, with a date in any case (RFC 9110 section 6.6.1). */
const fieldsOf = ({ status, lines }: AnswerStart): string => {
  let text = ''
  let dated = false
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i] as string
    if (status === 204 && isNamed(name, 'content-length')) continue
    dated ||= isNamed(name, 'date')
    text += `${name}: ${lines[i + 1]}\r\n`
  }
  return dated ? text : `${text}date: ${httpDate()}\r\n`
}

/** RFC 9112 section 6.3, and section 9.3 for the connection. */
const framingOf = (exchange: Exchange, { bodiless, length }: AnswerStart): Exchange['framing'] => {
  if (bodiless) return 'none'
  if (length >= 0) return 'length'
  return exchange.minor === 1 ? 'chunked' : 'close'
}

const begin = (exchange: Exchange, start: AnswerStart): void => {
  if (exchange.over || exchange.begun) return
  const framing = framingOf(exchange, start)
  exchange.begun = true
  exchange.framing = framing
  // Whether a client that was not told to go on still sends the body is up to it: what follows may be either.
  const unsure = exchange.expecting && !exchange.received
  exchange.persistent &&= !start.close && !unsure && framing !== 'close' && !exchange.connection.ended
  const chunked = framing === 'chunked' ? 'transfer-encoding: chunked\r\n' : ''
  const kept = exchange.minor === 0 ? 'connection: keep-alive\r\n' : ''
  const connection = exchange.persistent ? kept : 'connection: close\r\n'
  exchange.head = `HTTP/1.1 ${start.status} ${start.reason}\r\n${fieldsOf(start)}${chunked}${connection}\r\n`
}

/** Up to here what belongs together goes out as one text: one write of one piece is the cheapest. */
const ONE_PIECE = 12 * 1024

const buffered = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Sends bytes with what stands before and behind them. */
const send = ({ connection: { socket } }: Exchange, before: string, bytes: Uint8Array, behind: string): boolean => {
  if (before === '' && behind === '') return socket.write(bytes)
  if (bytes.length <= ONE_PIECE) return socket.write(before + buffered(bytes).toString('latin1') + behind, 'latin1')
  socket.cork()
  if (before !== '') socket.write(before, 'latin1')
  let ready = socket.write(bytes)
  if (behind !== '') ready = socket.write(behind, 'latin1')
  socket.uncork()
  return ready
}

const takeHead = (exchange: Exchange): string => {
  const { head } = exchange
  exchange.head = ''
  return head
}

const flush = (exchange: Exchange): void => {
  if (!exchange.over && exchange.head !== '') exchange.connection.socket.write(takeHead(exchange), 'latin1')
}

const write = (exchange: Exchange, bytes: Uint8Array): boolean => {
  if (exchange.over || exchange.framing === 'none' || bytes.length === 0) return true
  if (exchange.framing !== 'chunked') return send(exchange, takeHead(exchange), bytes, '')
  return send(exchange, `${takeHead(exchange)}${bytes.length.toString(16)}\r\n`, bytes, '\r\n')
}

const EMPTY = Buffer.alloc(0)

/** The last bytes: the rest of the body, and in chunks what ends it. */
const sendLast = (exchange: Exchange, last: Uint8Array | undefined, trailers: FieldLines): void => {
  const bytes = exchange.framing === 'none' ? EMPTY : (last ?? EMPTY)
  const head = takeHead(exchange)
  if (exchange.framing !== 'chunked') {
    if (bytes.length > 0) send(exchange, head, bytes, '')
    else if (head !== '') exchange.connection.socket.write(head, 'latin1')
    return
  }
  const end = `0\r\n${lined(trailers)}\r\n`
  if (bytes.length === 0) exchange.connection.socket.write(head + end, 'latin1')
  else send(exchange, `${head}${bytes.length.toString(16)}\r\n`, bytes, `\r\n${end}`)
}

/** The answer is out. The connection waits for the next request, or ends. */
const conclude = (exchange: Exchange): void => {
  if (exchange.over) return
  const { connection, persistent } = exchange
  if (!persistent || connection.ended || connection.phase === 'closing') leave(connection)
  else if (connection.phase === 'answer') connection.phase = 'head'
  connection.awaited = undefined
  settle(exchange, true)
  proceed(connection)
}

const end = (exchange: Exchange, last: Uint8Array | undefined, trailers: FieldLines): void => {
  if (exchange.over) return
  const { socket } = exchange.connection
  sendLast(exchange, last, trailers)
  if (socket.writableLength === 0) return conclude(exchange)
  // What the kernel did not take yet goes out in its turn: the callback of an empty piece behind it tells.
  socket.write(EMPTY, (error) => error ?? conclude(exchange))
}

export const wire: Wire<Exchange> = {
  read: (exchange, reader) => {
    if (exchange.over) return
    exchange.reader = reader
    queueMicrotask(() => proceed(exchange.connection))
  },
  pause: (exchange) => {
    exchange.paused = true
  },
  resume: (exchange) => {
    if (exchange.over) return
    exchange.paused = false
    proceed(exchange.connection)
  },
  interim: ({ over, begun, minor, connection }, status, reason, lines) => {
    if (over || begun || minor === 0) return
    connection.socket.write(rawHead(status, reason, lines), 'latin1')
  },
  begin,
  flush,
  write,
  end,
  destroy: ({ over, framing, connection }) => {
    if (over) return
    // Without a length the end of the connection would be the end of the body: only a reset says otherwise.
    if (framing === 'close') reset(connection.socket)
    else connection.socket.destroy()
  },
  reset: ({ over, connection }) => {
    if (!over) reset(connection.socket)
  },
  takeOver: ({ over, connection }, { protocol, reason, lines }) => {
    if (over) return undefined
    const { socket, stash } = connection
    socket.write(rawHead(101, reason, [...lines, 'connection', 'Upgrade', 'upgrade', protocol]), 'latin1')
    connection.phase = 'tunnel'
    connection.stash = undefined
    socket.removeAllListeners('data').removeAllListeners('end').removeAllListeners('drain')
    return { socket, first: stash ?? EMPTY }
  },
}
