/** The listening side: one context per request, and an end that cuts off nobody. */
import type { AddressInfo, Server } from 'node:net'
import { openContext, type Arrival, type Context } from '../phases/context.ts'
import { monotonic, wall } from './clock.ts'
import { wire } from './front/answering.ts'
import type { Exchange, Front } from './front/connection.ts'
import { openCrowd } from './front/crowd.ts'
import { openDoor, type DoorSettings } from './front/door.ts'
import type { Client, StreamExchange, StreamHead } from './front/http2.ts'
import { refuse } from './front/leave.ts'
import { isIdle, openConnection, tick } from './front/life.ts'
import { openHttp2, type Http2Front } from './front/sessions.ts'
import { ProtocolError } from './http1/fields.ts'
import type { RequestHead } from './http1/request-head.ts'
import { uuid7 } from './ids.ts'
import type { ListenLimits, ListenTimeouts, Logger } from '../options.ts'
import type { ListenTls } from './tls.ts'

export interface ServerSettings {
  readonly host: string
  readonly port: number
  readonly limits: ListenLimits
  readonly timeouts: ListenTimeouts
  readonly maxBody: number
  readonly balancers: DoorSettings['balancers']
  readonly accepting: DoorSettings['accepting']
  readonly h2c: boolean
  readonly tls: ListenTls | undefined
  readonly logger: Pick<Logger, 'debug'>
  readonly run: (context: Context) => void
}

export interface Listening {
  readonly port: number
  readonly address: string
  readonly inFlight: () => number
  readonly draining: () => boolean
  /** Stops listening, lets requests end, and closes what is idle; at most `limit` ms. */
  readonly close: (limit: number) => Promise<void>
}

/** What a protocol tells of a request. */
type Told = Omit<Arrival, 'id' | 'at' | 'started'>

const arrive = (told: Told, maxBody: number): Context => {
  const at = wall()
  const { method, target, protocol, rawHeaders, notes, chunked, peer, secure, upgrade, carrier } = told
  const id = uuid7(at / 1000)
  const started = monotonic()
  return openContext(
    { id, at, started, method, target, protocol, rawHeaders, notes, chunked, peer, secure, upgrade, carrier },
    maxBody,
  )
}

const toldOf = (head: RequestHead, exchange: Exchange): Told => ({
  method: head.method,
  target: head.target,
  protocol: head.minor === 1 ? 'HTTP/1.1' : 'HTTP/1.0',
  rawHeaders: head.block.lines,
  notes: head.block.notes,
  chunked: head.length < 0,
  peer: exchange.connection.peer,
  secure: exchange.connection.secure,
  upgrade: head.upgrade,
  carrier: exchange,
})

const streamTold = (head: StreamHead, exchange: StreamExchange, { peer, secure }: Client): Told => ({
  method: head.method,
  target: head.target,
  protocol: 'HTTP/2',
  rawHeaders: head.lines,
  notes: undefined,
  chunked: head.chunked,
  peer,
  secure,
  upgrade: head.upgrade,
  carrier: exchange,
})

const frontOf = ({ limits, timeouts, maxBody, run }: ServerSettings): Front => ({
  limits,
  timeouts,
  wire,
  serve: (head, exchange) => run(arrive(toldOf(head, exchange), maxBody)),
  connections: new Set(),
  inFlight: 0,
})

const listening = (server: Server, host: string, port: number): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })

/** Timers run before what has arrived meanwhile is read: a connection that looks idle to them may hold a request. */
const afterReading = (look: () => void): void => void setImmediate(look)

/** Limits are late by a fifth at most. */
const startClock = ({ connections, timeouts }: Front, http2: Http2Front): NodeJS.Timeout => {
  const every = Math.min(500, Math.max(10, Math.floor(Math.min(timeouts.head, timeouts.stall, timeouts.send) / 10)))
  const look = (): void => {
    const now = performance.now()
    for (const connection of connections) tick(connection, now)
    http2.tick(now)
  }
  return setInterval(() => afterReading(look), every).unref()
}

/** ms in which a request may be on its way on an idle connection. */
const GRACE = 500
/** ms in which clients of HTTP/2 whose requests are answered may take their leave. */
const FAREWELL = 1000

/** At most `limit` ms, and the farewell. */
const drained = (front: Front, http2: Http2Front, limit: number): Promise<void> => {
  const now = performance.now()
  const [until, idleFrom] = [now + limit, now + GRACE]
  const isBusy = (at: number): boolean => at < idleFrom || (at < until && (front.inFlight > 0 || http2.leaving() > 0))
  let busy = now
  return new Promise((resolve) => {
    const look = (): void => {
      const at = performance.now()
      if (isBusy(at)) busy = at
      else if (http2.open() === 0 || at >= busy + FAREWELL) {
        clearInterval(timer)
        resolve()
      }
    }
    const timer = setInterval(() => afterReading(look), 20)
  })
}

const closeAll = ({ connections }: Front): void => {
  for (const connection of connections) {
    if (isIdle(connection)) connection.socket.destroySoon()
    else connection.socket.destroy()
  }
}

const http2Of = ({ limits, timeouts, maxBody, run }: ServerSettings, front: Front): Http2Front =>
  openHttp2({
    limits,
    timeouts,
    count: (by) => void (front.inFlight += by),
    serve: (head, exchange, client) => run(arrive(streamTold(head, exchange, client), maxBody)),
  })

const CROWD = new ProtocolError('this address has too many connections', 429)

const doorOf = (settings: ServerSettings, front: Front, http2: Http2Front): Server => {
  const mayCome = openCrowd(settings.limits.connectionsPerClient)
  return openDoor({
    tls: settings.tls,
    balancers: settings.balancers,
    accepting: settings.accepting,
    h2c: settings.h2c,
    patience: settings.timeouts.head,
    enter: (socket, protocol, client) => {
      const welcome = mayCome(client.peer, socket)
      if (protocol === 'h2') return welcome ? http2.accept(socket, client) : void socket.destroy()
      const connection = openConnection(front, socket, client)
      if (!welcome) refuse(connection, CROWD)
    },
    refused: (reason) => settings.logger.debug({ reason }, 'a connection was refused before its first request'),
  })
}

export const openServer = async (settings: ServerSettings): Promise<Listening> => {
  let draining = false
  const front = frontOf(settings)
  const http2 = http2Of(settings, front)
  const server = doorOf(settings, front, http2)
  const { port, address } = await listening(server, settings.host, settings.port)
  const clock = startClock(front, http2)
  const name = address.includes(':') ? `[${address}]` : address
  return {
    port,
    address: `${settings.tls === undefined ? 'http' : 'https'}://${name}:${port}`,
    inFlight: () => front.inFlight,
    draining: () => draining,
    close: async (limit) => {
      draining = true
      server.close()
      http2.drain()
      await drained(front, http2, limit)
      closeAll(front)
      http2.close()
      clearInterval(clock)
    },
  }
}
