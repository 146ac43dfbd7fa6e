/** A client's connection from its beginning to its end: its socket's events, and the limits that one clock looks after. */
import type { Socket } from 'node:net'
import { tellDrained } from '../carrier.ts'
import { ProtocolError } from '../http1/fields.ts'
import type { Awaited, Connection, Exchange, Front } from './connection.ts'
import { GO_ON, refuse, settle } from './leave.ts'
import { consume } from './reading.ts'

const onBytes = (connection: Connection, bytes: Buffer): void => {
  connection.stirred = true
  if (connection.phase === 'closing') return
  const { stash } = connection
  if (stash === undefined) consume(connection, bytes)
  else connection.stash = Buffer.concat([stash, bytes])
}

/** The first question brings the reset, a later one finds it; ms after the client's end, for near and far clients. */
const QUESTIONS = [100, 1000]

/**
 * The client will send no more. Whether it still reads is not said: one that is gone resets the connection when it is
 * written to, and every client has to know interim answers (RFC 9110 section 15.2).
 */
const askWhetherItReads = ({ socket }: Connection, exchange: Exchange): void => {
  const ask = (): void => {
    if (!exchange.over && !exchange.begun) socket.write(GO_ON, 'latin1')
  }
  ask()
  for (const after of QUESTIONS) setTimeout(ask, after).unref()
}

const onEnd = (connection: Connection): void => {
  const { socket, phase, exchange } = connection
  connection.ended = true
  if (phase === 'closing') return socket.destroySoon()
  if (phase === 'head' && connection.text === '') return void socket.end()
  if (phase !== 'answer' || exchange === undefined) return void socket.destroy()
  if (exchange.minor === 1) askWhetherItReads(connection, exchange)
}

const onClose = (connection: Connection): void => {
  connection.front.connections.delete(connection)
  if (connection.exchange !== undefined) settle(connection.exchange, false)
}

export const openConnection = (front: Front, socket: Socket, who: { peer: string; secure: boolean }): Connection => {
  const connection: Connection = {
    front,
    socket,
    ...who,
    phase: 'head',
    text: '',
    block: undefined,
    left: 0,
    chunked: undefined,
    stash: undefined,
    reading: false,
    exchange: undefined,
    toDrop: 0,
    carried: 0,
    ended: false,
    stirred: false,
    awaited: undefined,
    since: 0,
    unsent: 0,
  }
  front.connections.add(connection)
  socket.on('data', (bytes: Buffer) => onBytes(connection, bytes))
  socket.on('end', () => onEnd(connection))
  socket.on('drain', () => connection.exchange && tellDrained(connection.exchange))
  socket.on('error', () => socket.destroy())
  socket.on('close', () => onClose(connection))
  return connection
}

const isUnread = ({ exchange }: Connection): boolean =>
  exchange !== undefined && (exchange.reader === undefined || exchange.paused)

const awaitedOf = (connection: Connection): Awaited => {
  const { phase, exchange, socket, text, carried } = connection
  if (phase === 'tunnel') return socket.writableLength > 0 ? 'send' : undefined
  if (phase === 'closing' && exchange === undefined) return 'linger'
  if (socket.writableLength > 0) return 'send'
  if (phase === 'head') return text === '' && carried > 0 ? 'idle' : 'head'
  if (phase === 'answer' || phase === 'closing' || isUnread(connection)) return undefined
  return 'body'
}

/** A head has to come in its time, however often a byte of it comes. Elsewhere whatever moves counts. */
const moved = (connection: Connection, awaited: Awaited): boolean => {
  const { stirred, unsent, socket } = connection
  connection.stirred = false
  connection.unsent = socket.writableLength
  if (awaited === 'send') return unsent !== socket.writableLength
  return stirred && awaited !== 'head' && awaited !== 'linger'
}

const giveUp = (connection: Connection, awaited: Awaited): void => {
  const { socket, exchange, text } = connection
  if (awaited === 'idle') return void socket.end()
  if (awaited === 'head' && text !== '')
    return refuse(connection, new ProtocolError('the head of the request did not come in time', 408))
  const reader = exchange?.reader
  if (awaited !== 'body' || exchange === undefined || reader === undefined || exchange.begun)
    return void socket.destroy()
  connection.phase = 'closing'
  exchange.reader = undefined
  exchange.persistent = false
  reader.broken('stalled', 'the body stopped arriving')
}

const LINGER = 2000

/** Called every so often for each connection: one clock for all limits costs less than a timer for each request. */
export const tick = (connection: Connection, now: number): void => {
  const { idle, head, stall, send } = connection.front.timeouts
  const awaited = awaitedOf(connection)
  const stirred = moved(connection, awaited)
  if (awaited !== connection.awaited || stirred) {
    connection.awaited = awaited
    connection.since = now
    return
  }
  if (awaited === undefined) return
  const limits = { idle, head, body: stall, send, linger: LINGER }
  if (now - connection.since >= limits[awaited]) giveUp(connection, awaited)
}

/** Nothing is under way on it. */
export const isIdle = ({ phase, text }: Connection): boolean => phase === 'head' && text === ''
