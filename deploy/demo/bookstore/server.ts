/** The Bookstore on a socket: plain node:http. It can be stopped and started on the same port, which is what outages are. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from './api.ts'
import { openShop, type Shop } from './data.ts'

export interface Bookstore {
  readonly shop: Shop
  readonly url: string
  /** Drops every connection and stops to listen, as a crash would. */
  stop(): Promise<void>
  /** Listens again where it did. */
  start(): Promise<void>
}

const MAX_BODY = 64 * 1024

const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request) {
    parts.push(part as Buffer)
    length += (part as Buffer).length
    if (length > MAX_BODY) return undefined
  }
  return Buffer.concat(parts).toString('utf8')
}

const serve = async (shop: Shop, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await readBody(request)
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end()
    return
  }
  const headers: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value
  const said = answer(shop, { method: request.method ?? 'GET', target: request.url ?? '/', headers, body })
  const length = said.status === 304 ? {} : { 'content-length': Buffer.byteLength(said.body) }
  response.writeHead(said.status, { ...said.headers, ...length })
  response.end(request.method === 'HEAD' ? undefined : said.body)
}

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })

/** Opens the shop. Port 0 takes any free one and keeps it over stops. */
export const startBookstore = async (
  options: { port?: number; host?: string; seed?: number } = {},
): Promise<Bookstore> => {
  const host = options.host ?? '127.0.0.1'
  const shop = openShop(options.seed ?? 7)
  let server: Server | undefined
  let port = options.port ?? 0
  const start = async (): Promise<void> => {
    if (server) return
    const made = createServer((request, response) => {
      serve(shop, request, response).catch(() => response.destroy())
    })
    port = await listen(made, port, host)
    server = made
  }
  await start()
  return {
    shop,
    url: `http://${host}:${port}`,
    start,
    stop: async () => {
      const closing = server
      server = undefined
      if (!closing) return
      await new Promise<void>((resolve) => {
        closing.close(() => resolve())
        closing.closeAllConnections()
      })
    },
  }
}
