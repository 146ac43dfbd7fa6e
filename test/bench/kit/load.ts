/** A backend and a load generator, as light as Node allows: they share a core while the proxy has the other. */
import http from 'node:http'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'

/** Like an API's: 1 KiB, an object of a few fields and a list. */
export const DOCUMENT = JSON.stringify({
  id: 4711,
  title: 'A benchmark’s book',
  author: { id: 7, name: 'Author 7' },
  price: 13.37,
  tags: Array.from({ length: 6 }, (_, n) => ({ id: n, name: `tag-${n}`, weight: n / 7 })),
  text: 'x'.repeat(620),
})

const answer =
  (documentOf: (target: string) => string) =>
  (request: http.IncomingMessage, response: http.ServerResponse): void => {
    request.resume()
    request.once('end', () => {
      const body = documentOf(request.url ?? '')
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      response.end(body)
    })
  }

export interface Backend {
  readonly url: string
  close(): void
}

/** What it answers is a document of 1 KiB, or what `documentOf` makes of the target. */
export const startBackend = async (documentOf: (target: string) => string = () => DOCUMENT): Promise<Backend> => {
  const server = http.createServer({ keepAliveTimeout: 60_000 }, answer(documentOf))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

export type Scenario = 'GET 1 KiB' | 'POST 1 KiB'

const head = (line: string, more: readonly string[]): string =>
  [line, 'host: bench', 'user-agent: bench', 'accept: application/json', ...more].join('\r\n')

const KNOWN = 'authorization: Bearer bench'

const requestOf = (scenario: Scenario): Buffer => {
  if (scenario === 'GET 1 KiB') return Buffer.from(`${head('GET /books/4711 HTTP/1.1', [KNOWN])}\r\n\r\n`)
  const more = [KNOWN, 'content-type: application/json', `content-length: ${Buffer.byteLength(DOCUMENT)}`]
  return Buffer.from(`${head('POST /books HTTP/1.1', more)}\r\n\r\n${DOCUMENT}`)
}

/** What is asked, one request after the other, and the status that all get. */
export interface Requests {
  readonly next: () => Buffer
  readonly status: number
}

const requestsOf = (scenario: Scenario): Requests => {
  const request = requestOf(scenario)
  return { next: () => request, status: 200 }
}

/** Reads these targets without credentials, one after the other and again from the first. */
export const readsOf = (targets: readonly string[], status: number): Requests => {
  const all = targets.map((target) => Buffer.from(`${head(`GET ${target} HTTP/1.1`, [])}\r\n\r\n`))
  let at = 0
  return { next: () => all[at++ % all.length] as Buffer, status }
}

/** Bytes of the answer that begins `text`, undefined while its head is not complete. */
const lengthOf = (text: string, status: number): number | undefined => {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1]
  if (!text.startsWith(`HTTP/1.1 ${status}`) || length === undefined)
    throw new Error(`not the answer expected: ${text}`)
  return end + 4 + Number(length)
}

/** One request at a time over a connection; `more` says whether one more is wanted. */
const converse = async (socket: net.Socket, { next, status }: Requests, more: () => boolean): Promise<void> => {
  let got = ''
  await new Promise<void>((resolve, reject) => {
    const ask = (): void => void (more() ? socket.write(next()) : resolve())
    socket.on('data', (bytes) => {
      got += bytes.toString('latin1')
      try {
        const length = lengthOf(got, status)
        if (length === undefined || got.length < length) return
      } catch (error) {
        return reject(error as Error)
      }
      got = ''
      ask()
    })
    socket.on('close', () => reject(new Error('the proxy has closed a connection')))
    ask()
  })
  socket.removeAllListeners('data').removeAllListeners('close')
}

const connect = async (port: number): Promise<net.Socket> => {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

const CONNECTIONS = 64

/** Connections that are kept alive, 64 if nothing else is said. */
export const connectAll = async (port: number, count = CONNECTIONS): Promise<net.Socket[]> => {
  const sockets: net.Socket[] = []
  while (sockets.length < count) sockets.push(await connect(port))
  return sockets
}

/** Sends `count` requests over connections; rejects at the first wrong answer. */
export const driveOver = async (
  sockets: readonly net.Socket[],
  wanted: Scenario | Requests,
  count: number,
): Promise<void> => {
  const requests = typeof wanted === 'string' ? requestsOf(wanted) : wanted
  let left = count
  const more = (): boolean => left-- > 0
  await Promise.all(sockets.map((socket) => converse(socket, requests, more)))
}

/** The same over 64 connections of their own. */
export const drive = async (port: number, wanted: Scenario | Requests, count: number): Promise<void> => {
  const sockets = await connectAll(port)
  await driveOver(sockets, wanted, count)
  for (const socket of sockets) socket.destroy()
}
