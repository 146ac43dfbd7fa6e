/**
 * The client's side of one exchange, whatever protocol it speaks: the body of the request is read from it, the answer is
 * written to it. One record per exchange; the protocol's functions are the same for all of them (`via`).
 */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Context, FieldLines, Reply } from '../phases/context.ts'
import { withVia } from '../phases/forward.ts'

/** Why a request's body does not come to its end. */
export type Broken = 'stalled' | 'malformed' | 'too-large'

export interface BodyReader {
  /** The bytes are the reader's own. */
  data(bytes: Buffer): void
  end(trailers: FieldLines): void
  /** Nothing follows. */
  broken(why: Broken, detail: string): void
}

export interface AnswerStart {
  readonly status: number
  readonly reason: string
  /** Without fields that frame or that concern the connection; with Content-Length, if it is known. */
  readonly lines: FieldLines
  /** Bytes of the body, -1: nobody knows yet. */
  readonly length: number
  /** HEAD, 204 and 304: no body follows, whatever the fields say. */
  readonly bodiless: boolean
  /** This answer is the last one on its connection. */
  readonly close: boolean
}

/** What a client is told when the upstream has switched to the protocol that it asked for. */
export interface Switch {
  readonly protocol: string
  readonly reason: string
  /** Without fields that concern the connection. */
  readonly lines: FieldLines
}

/** What a protocol does for an exchange. Nothing happens, and nothing is told, once the exchange is over. */
export interface Wire<C extends Carrier = Carrier> {
  /** Begins to read the body. Pieces are told from the next turn on, not before this returns. */
  read(carrier: C, reader: BodyReader): void
  pause(carrier: C): void
  resume(carrier: C): void
  /** An interim answer (1xx); ignored when it is too late, or when the client does not know them. */
  interim(carrier: C, status: number, reason: string, lines: FieldLines): void
  /** The head is held until the first piece of the body, `flush` or `end`. */
  begin(carrier: C, start: AnswerStart): void
  flush(carrier: C): void
  /** false: stop until `drained`. */
  write(carrier: C, bytes: Uint8Array): boolean
  end(carrier: C, last: Uint8Array | undefined, trailers: FieldLines): void
  /** The client must see that the message is broken. */
  destroy(carrier: C): void
  /** The same, and the client sees no end at all. */
  reset(carrier: C): void
  /**
   * Tells the client that the protocol is switched; the connection, or its stream, becomes the caller's with what came
   * behind the request. undefined: the client is gone, or this is not what it asked for.
   */
  takeOver(carrier: C, answer: Switch): { readonly socket: Duplex; readonly first: Buffer } | undefined
}

export interface Carrier {
  /** Its protocol's functions, or what stands before them for this exchange. */
  via: Wire
  /** The request's message has been read to its end. */
  received: boolean
  /** The client waits for "go on" before it sends the body (RFC 9110 section 10.1.1). */
  expecting: boolean
  /** The head of the answer was given. */
  begun: boolean
  /** All bytes of the answer went out. */
  sent: boolean
  /** The client is gone or the answer is out; `closed` was called. */
  over: boolean
  /** Called when the client takes bytes again. */
  drained: (() => void) | undefined
  /** Called once: when the answer is out, or when the client is gone. */
  closed: (() => void) | undefined
}

export const carrierOf = (context: Context): Carrier => context.arrival.carrier as Carrier

/** The exchange is over: its protocol lets go of it, then whoever waits for that is told; once. */
export const conclude = (carrier: Carrier, sent: boolean, letGo: () => void): void => {
  if (carrier.over) return
  const { closed } = carrier
  carrier.over = true
  carrier.sent = sent
  carrier.closed = undefined
  carrier.drained = undefined
  letGo()
  closed?.()
}

/** The client may send the body, if it waits to be told. */
export const goOn = (carrier: Carrier): void => {
  if (!carrier.expecting) return
  carrier.expecting = false
  carrier.via.interim(carrier, 100, 'Continue', [])
}

/** The client takes bytes again. */
export const tellDrained = (carrier: Carrier): void => {
  const { drained } = carrier
  carrier.drained = undefined
  drained?.()
}

const note = (context: Context, reply: Reply): void => {
  context.status = reply.status
  context.responseHeaders = reply.headers
  context.marks = reply.marks
  context.answeredBy = reply.answeredBy
  context.why = reply.why
  context.ghost = reply.ghost ?? null
  if (reply.endpoint !== undefined) context.endpoint = reply.endpoint
}

const isBodiless = (status: number): boolean => status === 204 || status === 304

/** Sends an answer made here. `done` comes once: when it went out, or when the client is gone. */
export const sendReply = (context: Context, reply: Reply, draining: boolean, done: () => void): void => {
  note(context, reply)
  const carrier = carrierOf(context)
  const { via } = carrier
  if (carrier.over || carrier.begun) return done()
  carrier.closed = () => {
    context.complete = carrier.sent
    done()
  }
  const { status, body } = reply
  const lines = withVia([...reply.headers], context.head.requestId, context) as string[]
  if (!isBodiless(status)) lines.push('content-length', String(body.length))
  const bodiless = isBodiless(status) || context.arrival.method === 'HEAD'
  context.replied = bodiless ? 0 : body.length
  const close = reply.close === true || draining || !carrier.received
  via.begin(carrier, { status, reason: STATUS_CODES[status] ?? '', lines, length: body.length, bodiless, close })
  via.end(carrier, bodiless || body.length === 0 ? undefined : body, [])
}
