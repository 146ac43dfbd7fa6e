/** The HTTP/2 connections of clients: each behind its guard, with its limits looked after, from its beginning to its end. */
import { constants, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { asked, closed, type Fault } from '../http2/guard.ts'
import { guardSocket, type Guarded } from './guarded.ts'
import { breakOff, onStream, type Client, type Http2Settings, type StreamExchange } from './http2.ts'
import { isStuck, openOutgoing, type Outgoing } from './outgoing.ts'
import { PSEUDO } from './said.ts'

export interface Http2Front {
  /** Takes over a connection that speaks `h2`. */
  accept(socket: Socket, client: Client): void
  /** Called every so often: one clock for all limits. `now`: ms, monotonic. */
  tick(now: number): void
  /** Every client is told to go elsewhere; what it asked before it heard that is answered. */
  drain(): void
  /** How many there are. */
  open(): number
  /** How many of them have not been told yet which stream is their last one. */
  leaving(): number
  close(): void
}

const { NGHTTP2_FLAG_END_STREAM, NGHTTP2_ENHANCE_YOUR_CALM } = constants
const STREAMS = 256
/** So many times over its limits a head is still read, to be answered with 431; beyond that its stream is reset. */
const SLACK = 4
const WINDOW = 256 * 1024
/** ms: who does not answer a ping in so long has no say any more. */
const PATIENCE = 5000

/** What is known of a session besides what node:http2 knows. */
interface Known {
  readonly client: Client
  readonly socket: Socket
  readonly guarded: Guarded
  readonly outgoing: Outgoing
  readonly exchanges: Set<StreamExchange>
  /** It was told to open no more streams. */
  leaving: boolean
}

/**
 * The end of a connection, in two steps (section 6.8): the client is told to open no more streams, and asked for a sign
 * that it has heard that. What it sent before the sign is taken; then the last stream is named, and the connection ends
 * with its answer. A time in the place of the sign fails requests of clients that are slower.
 */
const retire = (session: ServerHttp2Session, known: Known): void => {
  if (session.destroyed || session.closed || known.leaving) return
  known.leaving = true
  known.guarded.dismiss()
  const late = setTimeout(() => session.close(), PATIENCE).unref()
  asked(known.guarded.guard)
  session.ping(() => {
    clearTimeout(late)
    session.close()
  })
}

const LATE: Fault = { code: NGHTTP2_ENHANCE_YOUR_CALM, reason: 'the head of a request did not come in time' }

const serverOf = ({ limits }: Http2Settings): Http2Server => {
  const server = createServer({
    maxSessionMemory: 64,
    settings: {
      enablePush: false,
      enableConnectProtocol: true,
      maxConcurrentStreams: STREAMS,
      initialWindowSize: WINDOW,
      maxHeaderListSize: SLACK * limits.head,
    },
    maxHeaderListPairs: SLACK * (limits.fields + PSEUDO),
  })
  server.on('session', (session) => {
    session.on('error', () => undefined)
  })
  return server
}

/** A request whose answer nobody takes, and a connection that takes nothing at all, end (a window of 0 costs nothing to keep). */
const look = (
  session: ServerHttp2Session,
  known: Known,
  now: number,
  { head, send }: Http2Settings['timeouts'],
): void => {
  const { socket, guarded, outgoing, exchanges } = known
  const { awaited } = guarded.guard
  if (isStuck(outgoing, socket.writableLength, now, send)) return session.destroy()
  if (awaited > 0 && now - awaited >= head) return guarded.refuse(LATE)
  for (const exchange of exchanges)
    if (isStuck(exchange.outgoing, exchange.stream.writableLength, now, send)) breakOff(exchange)
}

const admit = (
  settings: Http2Settings,
  known: Known,
  stream: ServerHttp2Stream,
  how: { raw: string[]; flags: number },
): void => {
  const ended = (how.flags & NGHTTP2_FLAG_END_STREAM) !== 0
  const exchange = onStream(settings, { stream, raw: how.raw, ended, client: known.client })
  if (exchange !== undefined) known.exchanges.add(exchange)
  stream.once('close', () => {
    if (exchange !== undefined) known.exchanges.delete(exchange)
    if (!ended) closed(known.guarded.guard, stream.id as number)
  })
}

export const openHttp2 = (settings: Http2Settings): Http2Front => {
  const sessions = new Map<ServerHttp2Session, Known>()
  const server = serverOf(settings)
  let entering: Known | undefined
  let draining = false
  server.on('session', (session) => {
    const known = entering as Known
    sessions.set(session, known)
    session.setTimeout(settings.timeouts.idle, () => known.exchanges.size === 0 && retire(session, known))
    // Its settings go first.
    if (draining) setImmediate(() => retire(session, known))
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, _headers, flags, raw?: string[]) => {
    const known = sessions.get(stream.session as ServerHttp2Session)
    // Its session has ended meanwhile, and nobody else would hear of its error.
    if (known === undefined) return void stream.on('error', () => undefined)
    admit(settings, known, stream, { raw: raw ?? [], flags })
  })
  return {
    accept: (socket, client) => {
      const guarded = guardSocket(socket)
      // The session begins within the call.
      entering = { client, socket, guarded, outgoing: openOutgoing(), exchanges: new Set(), leaving: false }
      server.emit('connection', guarded.stream)
    },
    tick: (now) => sessions.forEach((known, session) => look(session, known, now, settings.timeouts)),
    drain: () => {
      draining = true
      sessions.forEach((known, session) => retire(session, known))
    },
    open: () => sessions.size,
    leaving: () => [...sessions.keys()].filter((session) => !session.closed).length,
    close: () => sessions.forEach((_, session) => session.destroy()),
  }
}
