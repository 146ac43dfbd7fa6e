/** What an orchestrator asks of a role that has no API of its own: /livez, /readyz, /metrics. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Readiness } from './readiness.ts'

export interface Vitals {
  readonly port: number
  close(): Promise<void>
}

export interface VitalsOptions {
  readonly host: string
  readonly port: number
  readonly ready: () => Promise<Readiness>
  readonly metrics: () => Promise<string>
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

const text = (status: number, body: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
})

/** What is ready may still have something to tell. */
const readiness = ({ ready, reasons }: Readiness): Answer => {
  if (ready) return { status: 200, type: 'application/json', body: JSON.stringify({ status: 'ready', reasons }) }
  const problem = { type: 'about:blank', title: 'Not ready', status: 503, detail: reasons.join('; ') }
  return { status: 503, type: 'application/problem+json', body: JSON.stringify(problem) }
}

export const startVitals = async (options: VitalsOptions): Promise<Vitals> => {
  const answer = async (path: string): Promise<Answer> => {
    if (path === '/livez') return text(200, 'alive')
    if (path === '/readyz') return readiness(await options.ready())
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
