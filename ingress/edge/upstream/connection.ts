/**
 * One connection to an upstream: one exchange at a time, HTTP/1.1. Written by hand because it is what every request pays
 * for: with undici in its place a forwarded request costs a quarter more.
 */
import type { Socket } from 'node:net'
import { shortLived } from '../slab.ts'
import type { Call, Connection, Owner, Trouble } from './call.ts'
import { awaitAnswer, feed, feedEnd, openParser, type Parser } from './parser.ts'
import { sendRequest } from './request.ts'

/** Idle connections are given up this long before the upstream says it would close them. */
const IDLE_MARGIN = 1000
const IDLE = 30_000

export const troubleOf = (code: string, message: string): Trouble => Object.assign(new Error(message), { code })

/** The next read overwrites what came. */
const copyOf = (bytes: Buffer, from: number, to: number): Buffer => {
  const copy = shortLived(to - from)
  bytes.copy(copy, 0, from, to)
  return copy
}

const parserFor = (connection: { it: Connection | undefined }): Parser => {
  const callOf = (): Call | undefined => connection.it?.call
  return openParser({
    interim: (head) => {
      const call = callOf()
      if (call?.over === false) call.listener.interim(call.about, head)
    },
    head: (head) => {
      const it = connection.it as Connection
      it.idle = head.idle < 0 ? IDLE : Math.min(IDLE, Math.max(0, head.idle - IDLE_MARGIN))
      const { call } = it
      if (call?.over === false) call.listener.head(call.about, head)
    },
    data: (bytes, from, to) => {
      const it = connection.it as Connection
      const { call } = it
      if (call?.over === false && !call.listener.data(call.about, copyOf(bytes, from, to))) it.held = true
    },
    end: (trailers) => {
      const it = connection.it as Connection
      const { call } = it
      it.answered = true
      if (call?.over !== false) return
      call.listener.end(call.about, trailers)
      call.over = true
    },
  })
}

/** The exchange is done: another one may follow, unless a side wants to close or the request is not all sent. */
const conclude = (connection: Connection): void => {
  connection.answered = false
  connection.held = false
  connection.call = undefined
  connection.carried++
  if (!connection.parser.persistent || connection.uploading || connection.socket.destroyed) connection.socket.destroy()
  else connection.owner.free(connection)
}

const giveUp = (connection: Connection, error: Trouble): void => {
  connection.error ??= error
  connection.socket.destroy()
}

/** Bytes came. */
export const onBytes = (connection: Connection, bytes: Buffer, end: number): boolean => {
  connection.stirred = true
  try {
    feed(connection.parser, bytes, end)
  } catch (error) {
    giveUp(connection, error as Trouble)
    return true
  }
  if (connection.answered) conclude(connection)
  else if (connection.call?.over === false) connection.call.listener.pause(connection.call.about)
  return !connection.held
}

/**
 * libuv tells a reset that comes together with bytes as an end. A connection that was reset has no peer any more, one that
 * the peer has ended still has; Node looks that up once, so nobody may ask before.
 */
const wasReset = ({ socket }: Connection): boolean => socket.remoteAddress === undefined

const onEnd = (connection: Connection): void => {
  const { parser } = connection
  const whole = parser.phase === 'until-close' && !wasReset(connection)
  if (whole && feedEnd(parser)) conclude(connection)
  else giveUp(connection, troubleOf('ECONNRESET', 'the upstream closed the connection'))
}

const onClose = (connection: Connection): void => {
  connection.owner.closed(connection)
  const { call } = connection
  connection.call = undefined
  if (call === undefined || call.over) return
  call.over = true
  const error = connection.error ?? troubleOf('ECONNRESET', 'the connection was closed')
  call.listener.failed(call.about, error, connection.carried > 0 && !connection.parser.begun)
}

const handOver = (connection: Connection, call: Call): void => {
  awaitAnswer(connection.parser, call.method)
  call.listener.handed(call.about)
  if (call.over) return void connection.socket.destroy()
  sendRequest(connection, call)
}

/** Puts a call on a connection that is ready. */
export const begin = (connection: Connection, call: Call): void => {
  connection.call = call
  connection.stirred = true
  call.carried = connection
  if (call.gate === undefined) return handOver(connection, call)
  call.gate((may) => {
    // It broke off meanwhile, which was told.
    if (connection.call !== call) return
    if (may && !call.over) handOver(connection, call)
    else giveUp(connection, troubleOf('ECANCELED', 'it is not wanted any more'))
  })
}

const resume = (connection: Connection): void => {
  if (!connection.held) return
  connection.held = false
  connection.stirred = true
  connection.socket.resume()
}

/**
 * An upstream that does not want a body answers and closes; what is still on its way to it resets the connection. Node
 * destroys a socket whose write fails, and with it the answer that it has not read: so a failed write is only noted, and
 * the read behind the answer tells of the reset.
 */
const hearOut = (connection: Connection): void => {
  const { socket } = connection
  const destroy = socket.destroy.bind(socket)
  socket.destroy = (error?: NodeJS.ErrnoException): Socket => {
    if (error?.syscall !== 'write' || connection.deaf || !connection.uploading) return destroy(error)
    connection.deaf = true
    return socket
  }
}

export const openConnection = (socket: Socket, owner: Owner): Connection => {
  const later: { it: Connection | undefined } = { it: undefined }
  const connection: Connection = {
    socket,
    parser: parserFor(later),
    owner,
    call: undefined,
    ready: false,
    carried: 0,
    uploading: false,
    deaf: false,
    held: false,
    answered: false,
    stirred: true,
    since: 0,
    idle: IDLE,
    error: undefined,
    resume: () => resume(connection),
    drop: () => void socket.destroy(),
  }
  later.it = connection
  hearOut(connection)
  socket.on('error', (error) => (connection.error ??= error))
  socket.on('end', () => onEnd(connection))
  socket.on('close', () => onClose(connection))
  return connection
}

/** What a connection waits for that has a limit: undefined while it waits for the client. */
const awaited = (connection: Connection): 'connect' | 'response' | 'idle' | undefined => {
  if (!connection.ready) return 'connect'
  if (connection.call === undefined) return 'idle'
  if (connection.held || (connection.uploading && !connection.deaf && !connection.socket.writableNeedDrain))
    return undefined
  return 'response'
}

export interface Limits {
  readonly connect: number
  readonly response: number
}

/** Called every so often: one clock for all limits costs less than a timer for each request. */
export const tick = (connection: Connection, limits: Limits, now: number): void => {
  const what = awaited(connection)
  if (connection.stirred || what === undefined) {
    connection.stirred = false
    connection.since = now
    return
  }
  const limit = what === 'idle' ? connection.idle : limits[what]
  if (now - connection.since < limit) return
  giveUp(connection, troubleOf('ETIMEDOUT', `no ${what === 'connect' ? 'connection' : 'answer'} within ${limit} ms`))
}
