/** What an orchestrator asks of a role that has no API of its own: /livez, /readyz, /metrics. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Vitals {
  readonly port: number
  close(): Promise<void>
}

export interface VitalsOptions {
  readonly host: string
  readonly port: number
  readonly ready: () => boolean
  readonly metrics: () => Promise<string>
}

export const startVitals = async (options: VitalsOptions): Promise<Vitals> => {
  const answer = async (path: string): Promise<{ status: number; type: string; body: string }> => {
    const text = (status: number, body: string) => ({ status, type: 'text/plain; charset=utf-8', body: `${body}\n` })
    if (path === '/livez') return text(200, 'alive')
    if (path === '/readyz') return options.ready() ? text(200, 'ready') : text(503, 'starting')
    if (path === '/metrics')
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await options.metrics() }
    return text(404, 'there is /livez, /readyz and /metrics')
  }
  const server = createServer((request, response) => {
    answer((request.url ?? '/').split('?')[0] ?? '/').then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: Error) => response.writeHead(500, { 'content-type': 'text/plain' }).end(`${error.message}\n`),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
