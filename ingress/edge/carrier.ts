/** The client's side of a request: what the edge finds again behind a context's `carrier`. */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Context, FieldLines, Reply } from '../phases/context.ts'
import { withVia } from '../phases/forward.ts'

export interface Carrier {
  readonly req: IncomingMessage
  /** Absent for an upgrade, which has the bare socket. */
  readonly res: ServerResponse | undefined
  readonly socket: Duplex
  /** What came behind the head of an upgrade. */
  readonly head: Uint8Array
  /** Called once, when the response is out or the client gone: one listener on each response serves all who want to know. */
  closed: (() => void) | undefined
}

export const carrierOf = (context: Context): Carrier => context.arrival.carrier as Carrier

/** A head as bytes on the wire, for sockets that no ServerResponse serves. */
export const rawHead = (status: number, text: string, lines: FieldLines): string => {
  let head = `HTTP/1.1 ${status} ${text}\r\n`
  for (let i = 0; i < lines.length; i += 2) head += `${lines[i]}: ${lines[i + 1]}\r\n`
  return head + '\r\n'
}

const note = (context: Context, reply: Reply): void => {
  context.status = reply.status
  context.responseHeaders = reply.headers
  context.answeredBy = reply.answeredBy
  context.why = reply.why
  context.ghost = reply.ghost ?? null
  if (reply.endpoint !== undefined) context.endpoint = reply.endpoint
}

const bodiless = (status: number): boolean => status === 204 || status === 304

const linesOf = (context: Context, reply: Reply, close: boolean): string[] => {
  const lines = withVia([...reply.headers], context.head.requestId) as string[]
  if (!bodiless(reply.status)) lines.push('content-length', String(reply.body.length))
  if (close) lines.push('connection', 'close')
  return lines
}

/** On a socket that asked for an upgrade and gets an answer. */
const sendRaw = (context: Context, reply: Reply): void => {
  const head = rawHead(reply.status, STATUS_CODES[reply.status] ?? '', linesOf(context, reply, true))
  carrierOf(context).socket.end(Buffer.concat([Buffer.from(head, 'latin1'), reply.body]))
  context.complete = true
}

/** Sends an answer made here. `done` comes once: when it went out, or when the client is gone. */
export const sendReply = (context: Context, reply: Reply, draining: boolean, done: () => void): void => {
  note(context, reply)
  const carrier = carrierOf(context)
  const { req, res } = carrier
  if (res === undefined) {
    sendRaw(context, reply)
    return done()
  }
  if (res.destroyed || res.headersSent) return done()
  carrier.closed = () => {
    context.complete = res.writableFinished
    done()
  }
  const unread = !req.complete && context.head.contentLength !== 0
  res.writeHead(reply.status, linesOf(context, reply, reply.close === true || draining || unread))
  if (bodiless(reply.status) || req.method === 'HEAD') res.end()
  else res.end(reply.body)
}
