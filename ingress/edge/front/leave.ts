/** How a connection comes to its end: politely, so that the client reads our last answer before it sees the end. */
import { STATUS_CODES } from 'node:http'
import { sentenceOf } from '../../phases/problem.ts'
import { conclude } from '../carrier.ts'
import type { ProtocolError } from '../http1/fields.ts'
import type { Connection, Exchange } from './connection.ts'

export const GO_ON = 'HTTP/1.1 100 Continue\r\n\r\n'

/** The exchange is over: whoever waits for that is told, once. */
export const settle = (exchange: Exchange, sent: boolean): void => {
  conclude(exchange, sent, () => {
    const { connection } = exchange
    exchange.reader = undefined
    connection.exchange = undefined
    connection.front.inFlight--
  })
}

/**
 * Nothing more is read. A client that is still sending gets its answer only if the connection is not reset under it: what
 * comes is dropped until it ends or the tick loses patience (RFC 9112 section 9.6).
 */
export const leave = (connection: Connection): void => {
  const { socket } = connection
  const quiet = connection.phase === 'answer' && connection.stash === undefined
  connection.phase = 'closing'
  connection.stash = undefined
  connection.awaited = undefined
  if (quiet || connection.ended) return socket.destroySoon()
  socket.end()
  socket.resume()
}

/** Answers what is no request, and closes. */
export const refuse = (connection: Connection, { status, message }: ProtocolError): void => {
  const title = STATUS_CODES[status] ?? ''
  const detail = sentenceOf(message)
  const body = JSON.stringify({ type: 'about:blank', title, status, detail })
  const fields = `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
  connection.socket.write(`HTTP/1.1 ${status} ${title}\r\n${fields}connection: close\r\n\r\n${body}`)
  leave(connection)
}
