/**
 * The client's side in HTTP/2 (RFC 9113), on node:http2, which frames, decodes and counts; here a stream becomes an
 * exchange like any other, with the fields as HTTP/1.1 would say them (section 8.2 and 8.3).
 */
import { constants, type ServerHttp2Stream } from 'node:http2'
import { isValidValue } from '../../phases/fields.ts'
import type { ListenLimits, ListenTimeouts } from '../../options.ts'
import type { FieldLines } from '../../phases/context.ts'
import { conclude, tellDrained, type AnswerStart, type BodyReader, type Carrier, type Wire } from '../carrier.ts'
import { httpDate } from '../clock.ts'
import { headersOf } from '../headers.ts'
import { proven, withKey } from '../tunnel/handshake.ts'
import { openOutgoing, type Outgoing } from './outgoing.ts'
import { faultOf, saidBy } from './said.ts'

/** One request of a session. */
export interface StreamExchange extends Carrier {
  readonly stream: ServerHttp2Stream
  readonly leave: () => void
  /** What of the answer waits for the client. */
  readonly outgoing: Outgoing
  /** What the upstream has to prove that it means WebSocket; '' for other requests. */
  readonly key: string
  reader: BodyReader | undefined
  trailers: FieldLines
  bodiless: boolean
  held: AnswerStart | undefined
}

export interface StreamHead {
  readonly method: string
  readonly target: string
  readonly lines: FieldLines
  /** A body follows, and nobody said how long it is. */
  readonly chunked: boolean
  /** The protocol that it asks to go on in: websocket, or '' for none. */
  readonly upgrade: string
}

/** Whose connection it is: the address, as far as it is known, and whether TLS protects it. */
export interface Client {
  readonly peer: string
  readonly secure: boolean
}

export interface Http2Settings {
  readonly serve: (head: StreamHead, exchange: StreamExchange, client: Client) => void
  /** Called with 1 when a request begins and with -1 when it is over. */
  readonly count: (by: 1 | -1) => void
  readonly limits: ListenLimits
  readonly timeouts: ListenTimeouts
}

const { NGHTTP2_NO_ERROR } = constants

const settle = (exchange: StreamExchange, sent: boolean): void => {
  conclude(exchange, sent, () => {
    exchange.reader = undefined
    exchange.leave()
  })
}

/** The answer's head goes out. `ends`: nothing follows; `waits`: trailers may. */
const respond = (exchange: StreamExchange, ends: boolean, waits: boolean): void => {
  const { stream, held } = exchange
  if (held === undefined) return
  exchange.held = undefined
  const headers = headersOf(held.lines)
  if (held.status === 204) delete headers['content-length']
  headers['date'] ??= httpDate()
  stream.respond({ ':status': held.status, ...headers }, { endStream: ends && !waits, waitForTrailers: waits })
  if (waits) stream.once('wantTrailers', () => stream.sendTrailers(headersOf(exchange.trailers)))
}

/** Its head goes out, and its body is still to come. */
const respondFirst = (exchange: StreamExchange): void => {
  const { held, bodiless } = exchange
  respond(exchange, false, held !== undefined && held.length < 0 && !bodiless)
}

const end = (exchange: StreamExchange, last: Uint8Array | undefined, trailers: FieldLines): void => {
  if (exchange.over) return
  const { stream, bodiless } = exchange
  exchange.trailers = trailers
  const bytes = bodiless ? undefined : last
  const waits = trailers.length > 0 && !bodiless
  respond(exchange, bytes === undefined, waits)
  if (!stream.writableEnded) stream.end(bytes)
}

const onTold = (exchange: StreamExchange): void => {
  const { stream } = exchange
  stream.on('data', (bytes: Buffer) => exchange.reader?.data(bytes))
  let trailers: FieldLines = []
  stream.on('trailers', (_headers, _flags, raw?: string[]) => (trailers = raw ?? []))
  stream.on('end', () => {
    const { reader } = exchange
    exchange.received = true
    exchange.reader = undefined
    reader?.end(trailers)
  })
}

/** The client sees no end of the answer. With `close(code)` Node ends the body first: without a length the client would see a clean end. */
export const breakOff = ({ stream, over }: StreamExchange): void => {
  if (!over) stream.destroy(new Error('the answer broke off'))
}

const NO_BYTES = Buffer.alloc(0)

const wire: Wire<StreamExchange> = {
  read: (exchange, reader) => {
    if (exchange.over) return
    exchange.reader = reader
    onTold(exchange)
  },
  pause: ({ stream }) => void stream.pause(),
  resume: ({ stream, over }) => void (over || stream.resume()),
  interim: ({ stream, over, begun }, status, _reason, lines) => {
    if (!over && !begun) stream.additionalHeaders({ ':status': status, ...headersOf(lines) })
  },
  begin: (exchange, start) => {
    if (exchange.over || exchange.begun) return
    exchange.begun = true
    exchange.bodiless = start.bodiless
    exchange.held = start
  },
  flush: (exchange) => {
    if (!exchange.over) respondFirst(exchange)
  },
  write: (exchange, bytes) => {
    if (exchange.over || exchange.bodiless) return true
    respondFirst(exchange)
    return exchange.stream.write(bytes)
  },
  end,
  destroy: breakOff,
  reset: breakOff,
  takeOver: (exchange, { lines }) => {
    const { stream, over, key } = exchange
    const fields = over ? undefined : proven(lines, key)
    if (fields === undefined) return undefined
    exchange.begun = true
    stream.respond({ ':status': 200, ...headersOf(fields) })
    return { socket: stream, first: NO_BYTES }
  },
}

/** One name for a host, however it is written. */
const plainHost = (host: string, secure: boolean): string =>
  host.toLowerCase().replace(secure ? /:(?:443)?$/ : /:(?:80)?$/, '')

/** The fields as HTTP/1.1 says them; undefined when one cannot be said there, or when two say something else. */
const linesOf = (raw: readonly string[], authority: string, { secure }: Client): string[] | undefined => {
  const lines = authority === '' ? [] : ['host', authority]
  let cookies = ''
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    if (name.startsWith(':')) continue
    if (!isValidValue(value)) return undefined
    if (name === 'host' && authority !== '') {
      // Section 8.3.1: malformed, since who reads on behind us may take the other one.
      if (value !== authority && plainHost(value, secure) !== plainHost(authority, secure)) return undefined
      continue
    }
    // Crumbs of one field (section 8.2.3).
    if (name === 'cookie') cookies += cookies === '' ? value : `; ${value}`
    else lines.push(name, value)
  }
  if (cookies !== '') lines.push('cookie', cookies)
  return lines
}

const openExchange = (
  stream: ServerHttp2Stream,
  { received, expecting, key }: Pick<StreamExchange, 'received' | 'expecting' | 'key'>,
  leave: () => void,
): StreamExchange => ({
  via: wire,
  stream,
  leave,
  outgoing: openOutgoing(),
  expecting,
  key,
  received,
  begun: false,
  sent: false,
  over: false,
  drained: undefined,
  closed: undefined,
  reader: undefined,
  trailers: [],
  bodiless: false,
  held: undefined,
})

const follow = (exchange: StreamExchange, stall: number): void => {
  const { stream } = exchange
  stream.on('error', () => undefined)
  stream.on('drain', () => tellDrained(exchange))
  stream.on('close', () => settle(exchange, stream.rstCode === NGHTTP2_NO_ERROR && stream.writableFinished))
  stream.setTimeout(stall, () => {
    const { reader } = exchange
    // While the body is not wanted, or the answer awaited, the client is not the slow one.
    if (reader === undefined || exchange.begun || stream.isPaused()) return
    exchange.reader = undefined
    reader.broken('stalled', 'the body stopped arriving')
  })
}

/** A request of a session. */
export interface Incoming {
  readonly stream: ServerHttp2Stream
  /** Fields and pseudo-fields: name, value, name, value… */
  readonly raw: readonly string[]
  /** No body follows. */
  readonly ended: boolean
  readonly client: Client
}

/** Serves it, or refuses what cannot be passed on; the exchange, if it is one. */
export const onStream = (
  settings: Http2Settings,
  { stream, raw, ended, client }: Incoming,
): StreamExchange | undefined => {
  const said = saidBy(raw)
  const { method, target, protocol, authority, expects } = said
  const fault = faultOf(raw, said, settings.limits)
  const lines = fault === 0 ? linesOf(raw, authority, client) : undefined
  if (lines === undefined) {
    stream.on('error', () => undefined)
    stream.respond({ ':status': fault === 0 ? 400 : fault }, { endStream: true })
    return undefined
  }
  const serve = (head: StreamHead, state: Pick<StreamExchange, 'received' | 'expecting' | 'key'>): StreamExchange => {
    const exchange = openExchange(stream, state, () => settings.count(-1))
    settings.count(1)
    follow(exchange, settings.timeouts.stall)
    settings.serve(head, exchange, client)
    return exchange
  }
  if (protocol !== '') {
    // What HTTP/1.1 asks with GET and Upgrade.
    const { key, lines: keyed } = withKey(lines)
    const head = { method: 'GET', target, lines: keyed, chunked: false, upgrade: protocol }
    return serve(head, { received: true, expecting: false, key })
  }
  const chunked = !ended && !raw.includes('content-length')
  const state = { received: ended, expecting: expects !== '' && !ended, key: '' }
  return serve({ method, target, lines, chunked, upgrade: '' }, state)
}
