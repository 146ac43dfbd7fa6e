/** The connections to one upstream: the one used last is used next; when all are busy and no more may be opened, calls wait. */
import net from 'node:net'
import tls from 'node:tls'
import { askOverHttp1, type AskEvents, type Asking, type Drop } from '../tunnel/ask.ts'
import { addressOf, type Address } from './address.ts'
import type { Call, Connection } from './call.ts'
import { begin, onBytes, openConnection, tick, troubleOf } from './connection.ts'
import type { PoolOptions } from './options.ts'

export interface Pool {
  send(call: Call): void
  /** Asks for a WebSocket. */
  ask(asking: Asking, events: AskEvents): Drop
  /** Closes every connection; what is under way fails. */
  close(): void
}

/** More would only move the queue from here into the upstream. */
const CONNECTIONS = 512
const READ_BYTES = 64 * 1024

/**
 * libuv fills the memory and calls back before it reads from another socket, so that one piece serves all connections and
 * stays in the cache; but not on Windows, where reads are under way side by side.
 */
const common = Buffer.allocUnsafeSlow(READ_BYTES)
const readMemory = (): Buffer => (process.platform === 'win32' ? Buffer.allocUnsafeSlow(READ_BYTES) : common)

interface State extends Address {
  readonly limits: PoolOptions['limits']
  readonly secured: PoolOptions['secured']
  readonly all: Set<Connection>
  readonly idle: Connection[]
  readonly waiting: Call[]
  session: Buffer | undefined
}

const openSocket = (state: State, later: { it: Connection | undefined }): net.Socket => {
  const { host, port } = state
  const callback = (length: number, bytes: Uint8Array): boolean =>
    onBytes(later.it as Connection, bytes as Buffer, length)
  const onread = { buffer: readMemory(), callback }
  if (!state.secure) return net.connect({ host, port, noDelay: true, keepAlive: true, onread })
  const session = state.session === undefined ? {} : { session: state.session }
  // As documented; its types do not know `onread` yet.
  const options = { host, port, ALPNProtocols: ['http/1.1'], ...session, ...state.secured(host), onread }
  const socket = tls.connect(options)
  socket.setNoDelay(true).setKeepAlive(true)
  socket.on('session', (ticket: Buffer) => (state.session = ticket))
  return socket
}

const connect = (state: State, call: Call): void => {
  const later: { it: Connection | undefined } = { it: undefined }
  const owner = {
    free: (connection: Connection) => free(state, connection),
    closed: (connection: Connection) => closed(state, connection),
  }
  const socket = openSocket(state, later)
  const connection = openConnection(socket, owner)
  later.it = connection
  connection.call = call
  call.carried = connection
  state.all.add(connection)
  socket.once(state.secure ? 'secureConnect' : 'connect', () => {
    connection.ready = true
    if (call.over) socket.destroy()
    else begin(connection, call)
  })
}

const nextWaiting = (state: State): Call | undefined => {
  for (;;) {
    const call = state.waiting.shift()
    if (call === undefined || !call.over) return call
  }
}

const free = (state: State, connection: Connection): void => {
  const call = nextWaiting(state)
  if (call !== undefined) return begin(connection, call)
  connection.stirred = true
  state.idle.push(connection)
}

const closed = (state: State, connection: Connection): void => {
  state.all.delete(connection)
  const at = state.idle.indexOf(connection)
  if (at >= 0) state.idle.splice(at, 1)
  const call = nextWaiting(state)
  if (call !== undefined) connect(state, call)
}

const takeIdle = (state: State): Connection | undefined => {
  for (;;) {
    const connection = state.idle.pop()
    if (connection === undefined || !connection.socket.destroyed) return connection
  }
}

const send = (state: State, call: Call): void => {
  const connection = call.fresh ? undefined : takeIdle(state)
  if (connection !== undefined) begin(connection, call)
  else if (state.all.size < CONNECTIONS) connect(state, call)
  else state.waiting.push(call)
}

/** How often limits are looked at, ms: a tenth of the shortest; what began just after a look is late by a fifth at most. */
const tickOf = ({ connect, response }: PoolOptions['limits']): number =>
  Math.min(500, Math.max(10, Math.floor(Math.min(connect, response) / 10)))

export const openPool = (options: PoolOptions): Pool => {
  const { url, limits, secured } = options
  const state: State = {
    ...addressOf(url),
    limits,
    secured,
    all: new Set(),
    idle: [],
    waiting: [],
    session: undefined,
  }
  const timer = setInterval(() => {
    const now = performance.now()
    for (const connection of state.all) tick(connection, limits, now)
  }, tickOf(limits)).unref()
  return {
    send: (call) => send(state, call),
    ask: (asking, events) => askOverHttp1(options, asking, events),
    close: () => {
      clearInterval(timer)
      for (const call of state.waiting.splice(0))
        if (!call.over) call.listener.failed(call.about, troubleOf('ECONNRESET', 'the proxy is closing'), false)
      for (const connection of state.all) connection.socket.destroy()
    },
  }
}
