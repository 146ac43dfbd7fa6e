/** The listening side: one context per request, and an end that cuts off nobody. */
import { createServer, type AddressInfo, type Server } from 'node:net'
import { openContext, type Context } from '../phases/context.ts'
import { monotonic, wall } from './clock.ts'
import { wire } from './front/answering.ts'
import type { Exchange, Front } from './front/connection.ts'
import { isIdle, openConnection, tick } from './front/life.ts'
import type { RequestHead } from './http1/request-head.ts'
import { uuid7 } from './ids.ts'

export interface ServerSettings {
  readonly host: string
  readonly port: number
  readonly headersTimeout: number
  readonly stallTimeout: number
  readonly maxBody: number
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

const LIMITS = { head: 32 * 1024, target: 16 * 1024, fields: 200 }
const IDLE = 75_000
const SEND = 60_000

const arrive = (head: RequestHead, exchange: Exchange, maxBody: number): Context => {
  const { peer, secure } = exchange.connection
  const at = wall()
  return openContext(
    {
      id: uuid7(at / 1000),
      at,
      started: monotonic(),
      method: head.method,
      target: head.target,
      protocol: head.minor === 1 ? 'HTTP/1.1' : 'HTTP/1.0',
      rawHeaders: head.block.lines,
      peer,
      secure,
      kind: head.upgrade ? 'upgrade' : 'plain',
      carrier: exchange,
    },
    maxBody,
  )
}

const frontOf = ({ headersTimeout, stallTimeout, maxBody, run }: ServerSettings): Front => ({
  limits: LIMITS,
  times: { headers: headersTimeout, stall: stallTimeout, idle: IDLE, send: SEND },
  wire,
  serve: (head, exchange) => run(arrive(head, exchange, maxBody)),
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

/** Limits are late by a fifth at most. */
const startClock = ({ connections, times }: Front): NodeJS.Timeout => {
  const every = Math.min(500, Math.max(10, Math.floor(Math.min(times.headers, times.stall) / 10)))
  return setInterval(() => {
    const now = performance.now()
    for (const connection of connections) tick(connection, now)
  }, every).unref()
}

/** Idle connections are left open this long after the last listen: a request may be on its way on them. */
const IDLE_GRACE = 500

const drained = (front: Front, limit: number): Promise<void> => {
  const now = performance.now()
  const [until, idleFrom] = [now + limit, now + IDLE_GRACE]
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const at = performance.now()
      if (at < idleFrom || (front.inFlight > 0 && at < until)) return
      clearInterval(timer)
      resolve()
    }, 20)
  })
}

const closeAll = ({ connections }: Front): void => {
  for (const connection of connections) {
    if (isIdle(connection)) connection.socket.destroySoon()
    else connection.socket.destroy()
  }
}

export const openServer = async (settings: ServerSettings): Promise<Listening> => {
  let draining = false
  const front = frontOf(settings)
  const server = createServer({ noDelay: true, keepAlive: true, allowHalfOpen: true }, (socket) => {
    openConnection(front, socket, false)
  })
  const { port, address } = await listening(server, settings.host, settings.port)
  const clock = startClock(front)
  const name = address.includes(':') ? `[${address}]` : address
  return {
    port,
    address: `http://${name}:${port}`,
    inFlight: () => front.inFlight,
    draining: () => draining,
    close: async (limit) => {
      draining = true
      server.close()
      await drained(front, limit)
      closeAll(front)
      clearInterval(clock)
    },
  }
}
