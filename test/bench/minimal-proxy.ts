/** The peer of the ingress: the least that a proxy of node:http and undici does. No capture, no policy, no metrics. */
import http from 'node:http'
import { Pool, type Dispatcher } from 'undici'

const port = Number(process.env['PORT'])
const pool = new Pool(process.env['BACKEND'] ?? '', { connections: 128, pipelining: 1, keepAliveTimeout: 60_000 })

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
])

const endToEnd = (raw: readonly string[]): string[] => {
  const out: string[] = []
  for (let n = 0; n < raw.length; n += 2) {
    const name = raw[n] as string
    if (!HOP_BY_HOP.has(name.toLowerCase())) out.push(name, raw[n + 1] as string)
  }
  return out
}

const handlerOf = (response: http.ServerResponse): Dispatcher.DispatchHandler => {
  let resume: () => void = () => undefined
  return {
    onConnect: () => undefined,
    onHeaders: (status, headers, resumed) => {
      resume = resumed
      response.writeHead(status, endToEnd((headers as unknown as Buffer[]).map((bytes) => bytes.toString('latin1'))))
      return true
    },
    onData: (bytes) => {
      if (response.write(bytes) || response.destroyed) return true
      // A client that is gone never drains.
      response.once('drain', resume).once('close', resume)
      return false
    },
    onComplete: () => void response.end(),
    onError: () => void (response.headersSent ? response.destroy() : response.writeHead(502).end()),
  }
}

const server = http.createServer((request, response) => {
  const { method = 'GET', url = '/', rawHeaders, headers } = request
  const forwarded = ['x-forwarded-for', request.socket.remoteAddress ?? '', 'x-forwarded-proto', 'http']
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  pool.dispatch(
    {
      method: method as Dispatcher.HttpMethod,
      path: url,
      headers: [...endToEnd(rawHeaders), ...forwarded],
      body: hasBody ? request : null,
    },
    handlerOf(response),
  )
})
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`))
