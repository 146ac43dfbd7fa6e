import { once } from 'node:events'
import { Agent, createServer, request, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually, get, openStand, type Stand, type StandOptions } from './kit/stand.ts'

let stand: Stand
const open = async (backend: RequestListener, rest: Omit<StandOptions, 'backend'> = {}): Promise<Stand> =>
  (stand = await openStand({ backend, ...rest }))
afterEach(() => stand.close())

describe('beyond plain requests', () => {
  it('passes WebSocket bytes both ways after the upstream’s 101', async () => {
    const { ingress, backend } = await open((_req, res) => res.end())
    backend.on('upgrade', (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n')
      socket.pipe(socket)
    })
    const asked = request({ port: ingress.port, headers: { connection: 'Upgrade', upgrade: 'websocket' } }).end()
    const [answer, socket] = (await once(asked, 'upgrade')) as [IncomingMessage, Socket]
    expect(answer.statusCode).toBe(101)
    socket.write('ping')
    const [echo] = (await once(socket, 'data')) as [Buffer]
    expect(echo.toString()).toBe('ping')
    socket.destroy()
    await eventually('the exchange', async () => (await stand.exchanges()).length === 1)
    expect((await stand.exchanges())[0]?.exchange).toMatchObject({ status: 101, complete: true })
  })

  it('captures a coded body decoded and redacted, in its place in the order', async () => {
    const { url } = await open((req, res) => {
      res.setHeader('content-type', 'application/json')
      const body = JSON.stringify({ mail: 'joe@example.com' })
      if (req.url === '/plain') return res.end(body)
      res.setHeader('content-encoding', 'gzip').end(gzipSync(body))
    })
    expect(await (await fetch(`${url}/coded`)).json()).toEqual({ mail: 'joe@example.com' })
    await (await fetch(`${url}/plain`)).text()
    await eventually('both exchanges', async () => (await stand.exchanges()).length === 2)
    const exchanges = (await stand.exchanges()).map((event) => event.exchange)
    expect(exchanges.map((e) => e?.target)).toEqual(['/coded', '/plain'])
    for (const exchange of exchanges) {
      const text = Buffer.from(exchange?.responseBody.bytes ?? []).toString()
      expect(text).toMatch(/^\{"mail":"[\w-]+@sealed\.invalid"\}$/)
    }
  })

  it('fails no request when it is closed under load, and keeps every event', async () => {
    const { url, ingress } = await open((_req, res) => setTimeout(() => res.end('ok'), 20))
    const agent = new Agent({ keepAlive: true, maxSockets: 20 })
    let stopped = false
    const results: number[] = []
    const client = async (): Promise<void> => {
      while (!stopped) results.push((await get(url, agent)).status)
    }
    const clients = Array.from({ length: 20 }, client)
    await eventually('some answers', () => results.length > 100)
    const closing = ingress.close()
    await eventually('the last answers', () => {
      stopped = true
      return true
    })
    await Promise.all(clients)
    await closing
    agent.destroy()
    expect(results.every((status) => status === 200)).toBe(true)
    expect((await stand.exchanges()).length).toBe(results.length)
  })
})

it('tells of a port that is taken', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  await open((_req, res) => res.end())
  await expect(
    openStand({ backend: (_req, res) => res.end(), options: { listen: { host: '127.0.0.1', port } } }),
  ).rejects.toThrow(/EADDRINUSE/)
  taken.close()
})
