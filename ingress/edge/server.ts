/** The listening side: node:http, one context per request, errors that never reach a handler. */
import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { openContext, type Context } from '../phases/context.ts'
import type { Carrier } from './carrier.ts'
import { monotonic, wall } from './clock.ts'
import { uuid7 } from './ids.ts'

export interface ServerSettings {
  readonly host: string
  readonly port: number
  readonly headersTimeout: number
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

const MAX_HEADER = 32 * 1024
const NO_BYTES = new Uint8Array(0)

const arrive = (carrier: Carrier, settings: ServerSettings, kind: 'plain' | 'upgrade'): Context => {
  const { req } = carrier
  const at = wall()
  return openContext(
    {
      id: uuid7(at / 1000),
      at,
      started: monotonic(),
      method: req.method as string,
      target: req.url as string,
      protocol: req.httpVersion === '1.1' ? 'HTTP/1.1' : `HTTP/${req.httpVersion}`,
      rawHeaders: req.rawHeaders,
      peer: req.socket.remoteAddress ?? '',
      secure: false,
      kind,
      carrier,
    },
    settings.maxBody,
  )
}

const refuse = (socket: Duplex, status: string): void => {
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  else socket.destroy()
}

const onClientError = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  if (error.code === 'HPE_HEADER_OVERFLOW') return refuse(socket, '431 Request Header Fields Too Large')
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return refuse(socket, '408 Request Timeout')
  refuse(socket, '400 Bad Request')
}

/** An upgrade to anything but WebSocket is ignored (RFC 9110 section 7.8): the request is served as if it had not asked. */
const plainResponse = (req: IncomingMessage, socket: Duplex): ServerResponse => {
  const res = new ServerResponse(req)
  res.shouldKeepAlive = false
  res.assignSocket(socket as never)
  res.once('finish', () => socket.end())
  socket.once('close', () => res.destroyed || res.destroy())
  socket.on('error', () => socket.destroy())
  return res
}

/** Stands in `closed` once it was called: a response closes once, whatever is emitted. */
const done = (): void => undefined

const wire = (server: Server, settings: ServerSettings, count: (by: 1 | -1) => void): void => {
  const serve = (req: IncomingMessage, res: ServerResponse): void => {
    const carrier: Carrier = { req, res, socket: req.socket, head: NO_BYTES, closed: undefined }
    count(1)
    res.on('close', () => {
      const { closed } = carrier
      if (closed !== done) count(-1)
      carrier.closed = done
      closed?.()
    })
    settings.run(arrive(carrier, settings, 'plain'))
  }
  server.on('request', serve)
  server.on('checkContinue', serve)
  server.on('checkExpectation', (_req, res: ServerResponse) => {
    res.writeHead(417, { 'content-length': 0 })
    res.end()
  })
  server.on('connect', (_req, socket: Duplex) => refuse(socket, '405 Method Not Allowed'))
  server.on('clientError', onClientError)
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const websocket = req.headers.upgrade?.toLowerCase() === 'websocket' && req.method === 'GET'
    if (!websocket) {
      const bodied = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
      return bodied ? refuse(socket, '400 Bad Request') : serve(req, plainResponse(req, socket))
    }
    count(1)
    socket.once('close', () => count(-1))
    socket.on('error', () => socket.destroy())
    settings.run(arrive({ req, res: undefined, socket, head, closed: undefined }, settings, 'upgrade'))
  })
}

const listening = (server: Server, host: string, port: number): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })

/** Idle connections are left open this long after the last listen: a request may be on its way on them. */
const IDLE_GRACE = 500

export const openServer = async (settings: ServerSettings): Promise<Listening> => {
  let inFlight = 0
  let draining = false
  const server = createServer({
    noDelay: true,
    maxHeaderSize: MAX_HEADER,
    headersTimeout: settings.headersTimeout,
    requestTimeout: 0,
    keepAliveTimeout: 75_000,
    connectionsCheckingInterval: Math.min(1000, settings.headersTimeout),
  })
  wire(server, settings, (by) => (inFlight += by))
  const { port, address } = await listening(server, settings.host, settings.port)
  const name = address.includes(':') ? `[${address}]` : address
  return {
    port,
    address: `http://${name}:${port}`,
    inFlight: () => inFlight,
    draining: () => draining,
    close: async (limit) => {
      draining = true
      const until = monotonic() + limit * 1000
      // http.Server.close would cut idle connections at once, and with them requests that are just arriving.
      NetServer.prototype.close.call(server)
      const idleFrom = monotonic() + IDLE_GRACE * 1000
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          const now = monotonic()
          if (inFlight > 0 && now < until) return
          if (now < idleFrom) return
          clearInterval(timer)
          resolve()
        }, 20)
      })
      server.closeAllConnections()
    },
  }
}
