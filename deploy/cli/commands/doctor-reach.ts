/** One thing that was looked at; and whether anybody listens at an address. */
import { createConnection } from 'node:net'

export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly found: string
  readonly cure?: string
}

const CONNECT_MS = 2_000
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

const answers = (host: string, port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: CONNECT_MS })
    const end = (how: string): void => {
      socket.destroy()
      resolve(how)
    }
    socket.once('connect', () => end(''))
    socket.once('timeout', () => end('no answer'))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })

export interface Otherwise {
  readonly cure: string
  readonly state?: Finding['state']
}

export const reach = async (check: string, address: string, otherwise: Otherwise): Promise<Finding> => {
  const { cure, state = 'failed' } = otherwise
  const url = new URL(address)
  const how = await answers(url.hostname.replace(/^\[|\]$/g, ''), Number(url.port || PORTS[url.protocol]))
  const place = `${url.protocol}//${url.host}`
  return how === ''
    ? { check, state: 'ok', found: `${place} answers` }
    : { check, state, found: `${place}: ${how}`, cure }
}
