/**
 * Upstreams that speak HTTP/2 (RFC 9113), over TLS or in clear text by prior knowledge: many requests on one connection,
 * which is opened when it is needed and replaced when the upstream says that it goes.
 */
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import type { FieldLines } from '../../phases/context.ts'
import { headersOf } from '../headers.ts'
import { askOverHttp1, type AskEvents, type Asking, type Drop } from '../tunnel/ask.ts'
import { askOverHttp2, whenTold } from '../tunnel/ask-http2.ts'
import { addressOf } from './address.ts'
import type { Call, Trouble } from './call.ts'
import { troubleOf } from './connection.ts'
import { passGate } from './gate.ts'
import { headersFor, headOf } from './http2-head.ts'
import type { PoolOptions } from './options.ts'
import type { Pool } from './pool.ts'

const { NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants
const WINDOW = 1024 * 1024
const IDLE = 60_000

interface State {
  readonly options: PoolOptions
  readonly url: URL
  session: Session | undefined
}

interface Session {
  readonly http2: ClientHttp2Session
  readonly calls: Set<Call>
  tunnels: number
  /** It is connected. */
  ready: boolean
  /** The server's settings have come. */
  told: boolean
  error: Trouble | undefined
}

/** What one stream has told of its answer so far. */
interface Told {
  readonly call: Call
  readonly stream: ClientHttp2Stream
  readonly session: Session
  begun: boolean
  /** The upstream has ended it: what ends without that was reset. */
  ended: boolean
  /** The client takes no more for now. */
  held: boolean
  trailers: FieldLines
}

const socketTo = ({ url, options }: State): net.Socket => {
  const { host, port, secure } = addressOf(url)
  if (!secure) return net.connect({ host, port, noDelay: true, keepAlive: true })
  return tls.connect({ host, port, ALPNProtocols: ['h2'], ...options.secured(host) }).setNoDelay(true)
}

/** An https upstream that does not agree on `h2` would take our frames for a request. */
const agreed = (socket: net.Socket): boolean => !(socket instanceof tls.TLSSocket) || socket.alpnProtocol === 'h2'

const openSession = (state: State): Session => {
  const { connect: patience } = state.options.limits
  const socket = socketTo(state)
  const http2 = connect(state.url.origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: WINDOW },
  })
  const session: Session = { http2, calls: new Set(), tunnels: 0, ready: false, told: false, error: undefined }
  const leave = (): void => {
    if (state.session === session) state.session = undefined
  }
  const end = (error: Trouble): void => {
    session.error ??= error
    leave()
    http2.destroy()
  }
  const late = setTimeout(() => end(troubleOf('ETIMEDOUT', `no connection within ${patience} ms`)), patience)
  http2.on('connect', () => {
    clearTimeout(late)
    if (!agreed(socket)) return end(troubleOf('ERR_ALPN', 'the upstream does not speak HTTP/2: set protocol: http/1.1'))
    session.ready = true
    for (const call of session.calls) if (!call.over) call.listener.handed(call.about)
  })
  socket.on('error', (error) => (session.error ??= error))
  http2.on('error', (error) => (session.error ??= error))
  http2.on('goaway', leave)
  http2.once('remoteSettings', () => (session.told = true))
  http2.on('close', () => {
    clearTimeout(late)
    leave()
  })
  http2.setTimeout(
    IDLE,
    () => session.calls.size + session.tunnels === 0 && end(troubleOf('ECONNRESET', 'the connection was idle')),
  )
  return session
}

/** One that ends takes no more requests. */
const sessionOf = (state: State): Session => {
  const { session } = state
  if (session !== undefined && !session.http2.closed && !session.http2.destroyed) return session
  return (state.session = openSession(state))
}

/** Nothing comes of it in time, perhaps nothing ever will: the next request gets another connection, others go on. */
const retire = (state: State, session: Session): void => {
  if (state.session === session) state.session = undefined
  session.http2.close()
}

const isOurs = ({ code = '' }: Trouble): boolean => !code.startsWith('ERR_HTTP2')

const fail = ({ call, session, stream }: Told, error: Trouble | undefined): void => {
  session.calls.delete(call)
  if (call.over) return
  call.over = true
  // The upstream did nothing with what it refused (section 8.7): another try is as good as the first.
  const refused = stream.rstCode === NGHTTP2_REFUSED_STREAM
  const known = session.error ?? error
  const trouble =
    known !== undefined && isOurs(known) ? known : troubleOf('ECONNRESET', 'the upstream closed the stream')
  call.listener.failed(call.about, trouble, refused)
}

const end = (told: Told): void => {
  const { call, session } = told
  session.calls.delete(call)
  if (call.over) return
  call.listener.end(call.about, told.trailers)
  call.over = true
}

const safely = (told: Told, act: () => void): void => {
  try {
    act()
  } catch (error) {
    fail(told, error as Trouble)
    told.stream.destroy()
  }
}

/** A reset without an error looks like an end to who reads; but node:http2 has closed the stream by then. */
const noteEnd = (told: Told): void => {
  const { stream } = told
  const push = stream.push.bind(stream)
  stream.push = (piece, encoding) => {
    told.ended ||= piece === null && !stream.closed
    return push(piece, encoding)
  }
}

/** The answer, as it comes. */
const listen = (told: Told): void => {
  const { call, stream } = told
  const { listener, about } = call
  stream.on('headers', (_headers, _flags, raw?: string[]) =>
    safely(told, () => call.over || listener.interim(about, headOf(raw ?? []))),
  )
  stream.on('response', (_headers, _flags, raw?: string[]) => {
    told.begun = true
    safely(told, () => call.over || listener.head(about, headOf(raw ?? [])))
    // What came with the head is told first.
    setImmediate(() => call.over || listener.pause(about))
  })
  stream.on('data', (bytes: Buffer) => {
    if (call.over || listener.data(about, bytes)) return void (call.over || told.held || listener.pause(about))
    told.held = true
    stream.pause()
  })
  stream.on('trailers', (_headers, _flags, raw?: string[]) => (told.trailers = raw ?? []))
  stream.on('end', () => {
    // A stream that is reset ends too.
    if (told.begun && told.ended && stream.rstCode === NGHTTP2_NO_ERROR) end(told)
  })
  stream.on('error', (error) => fail(told, error))
  stream.on('close', () => fail(told, undefined))
}

const send = (told: Told): void => {
  const { call, stream } = told
  const { body } = call
  if (body === null) return
  if (Buffer.isBuffer(body)) return void stream.end(body)
  let trailers: FieldLines = []
  stream.on('drain', () => body.resume())
  stream.on('wantTrailers', () => stream.sendTrailers(headersOf(trailers)))
  body.start({
    data: (bytes) => {
      if (!call.over && !stream.write(bytes)) body.pause()
    },
    end: (lines) => {
      trailers = lines
      if (!call.over) stream.end()
    },
  })
}

/** With `close` Node ends the body first: half a body would look like a whole one. */
const cancel = (stream: ClientHttp2Stream): void => {
  if (stream.writableEnded) stream.close(NGHTTP2_CANCEL)
  else stream.destroy(new Error('the request was given up'))
}

const begin = (state: State, call: Call): void => {
  const session = sessionOf(state)
  const { body } = call
  const stream = session.http2.request(headersFor(call, state.url), {
    endStream: body === null,
    waitForTrailers: body !== null && !Buffer.isBuffer(body),
  })
  const told: Told = { call, stream, session, begun: false, ended: false, held: false, trailers: [] }
  session.calls.add(call)
  call.carried = {
    resume: () => {
      told.held = false
      stream.resume()
    },
    drop: () => {
      session.calls.delete(call)
      cancel(stream)
    },
  }
  stream.setTimeout(state.options.limits.response, () => {
    // While the client takes nothing, or is still sending, the upstream is not the slow one.
    if (told.held || (!stream.writableEnded && !stream.writableNeedDrain)) return
    const { response } = state.options.limits
    fail(told, troubleOf('ETIMEDOUT', `no answer within ${response} ms`))
    cancel(stream)
    retire(state, session)
  })
  if (session.ready) call.listener.handed(call.about)
  noteEnd(told)
  listen(told)
  send(told)
}

const beginOrFail = (state: State, call: Call): void => {
  try {
    begin(state, call)
  } catch (error) {
    call.over = true
    call.listener.failed(call.about, error as Trouble, false)
  }
}

/** What a server that speaks HTTP/2 does not offer there it may do in HTTP/1.1, as most do with WebSocket. */
const ask = (state: State, asking: Asking, events: AskEvents): Drop => {
  const { options, url } = state
  if (asking.protocol !== 'websocket') return askOverHttp1(options, asking, events)
  const session = sessionOf(state)
  let over = false
  let drop = (): void => undefined
  whenTold(session, (offered) => {
    if (over) return
    if (session.http2.destroyed) return events.failed(session.error ?? troubleOf('ECONNRESET', 'it hung up'))
    if (!offered) return void (drop = askOverHttp1(options, asking, events))
    const place = { http2: session.http2, scheme: url.protocol.slice(0, -1), authority: url.host }
    session.tunnels++
    drop = askOverHttp2(
      { ...place, response: options.limits.response, closed: () => session.tunnels-- },
      asking,
      events,
    )
  })
  return () => {
    over = true
    drop()
  }
}

/** A pool for an upstream that speaks HTTP/2. */
export const openHttp2Pool = (options: PoolOptions): Pool => {
  const state: State = { options, url: new URL(options.url), session: undefined }
  return {
    send: (call) => {
      if (call.gate === undefined) beginOrFail(state, call)
      else passGate(sessionOf(state), call, () => beginOrFail(state, call))
    },
    ask: (asking, events) => ask(state, asking, events),
    close: () => state.session?.http2.destroy(),
  }
}
