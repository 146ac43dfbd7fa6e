import { once } from 'node:events'
import { request, type IncomingMessage, type RequestListener } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually, get, openStand, type Stand, type StandOptions } from './kit/stand.ts'

let stand: Stand
const open = async (backend: RequestListener, rest: Omit<StandOptions, 'backend'> = {}): Promise<Stand> =>
  (stand = await openStand({ backend, ...rest }))
afterEach(() => stand.close())

describe('passing requests on', () => {
  it('records an exchange with redacted headers and bodies, once', async () => {
    const { url } = await open((req, res) => {
      res.setHeader('content-type', 'application/json').setHeader('set-cookie', ['sid=topsecret', 'theme=dark'])
      res.end(JSON.stringify({ mail: 'joe@example.com', method: req.method }))
    })
    const body = JSON.stringify({ password: 'hunter2', book: 7 })
    const headers = { authorization: 'Bearer abcdef', 'content-type': 'application/json' }
    const answer = await fetch(`${url}/books/7?token=t0ken`, { method: 'POST', body, headers })
    expect(await answer.json()).toEqual({ mail: 'joe@example.com', method: 'POST' })
    await eventually('the exchange', async () => (await stand.exchanges()).length > 0)
    const [event, ...more] = await stand.exchanges()
    expect(more).toEqual([])
    const exchange = event?.exchange
    expect(exchange).toMatchObject({
      method: 'POST',
      status: 200,
      answeredBy: 'upstream',
      why: 'live',
      complete: true,
      attempts: 1,
    })
    expect(exchange?.principal).toMatch(/^cp_/)
    expect(exchange?.requestBody).toMatchObject({ length: body.length, cut: false, mediaType: 'application/json' })
    const written = JSON.stringify(exchange, (_key, value: unknown) =>
      value instanceof Uint8Array ||
      (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer')
        ? Buffer.from(value as Uint8Array).toString('latin1')
        : value,
    )
    for (const secret of ['hunter2', 'abcdef', 'topsecret', 'joe@example.com', 't0ken', '127.0.0.1:0'])
      expect(written).not.toContain(secret)
    expect(Buffer.from(exchange?.responseBody.bytes ?? []).toString()).toContain('@sealed.invalid')
  })

  it('never takes its marks from a client or an upstream, and removes what Connection names', async () => {
    let got: string[] = []
    const { url } = await open((req, res) => {
      got = req.rawHeaders.map((text) => text.toLowerCase())
      res.writeHead(200, { 'x-ghost': 'exact', 'x-chaos': '1', connection: 'close, x-hop', 'x-hop': '1', 'x-end': '1' })
      res.end('ok')
    })
    const answer = await get(url)
    expect(answer.headers).not.toHaveProperty('x-ghost')
    expect(answer.headers).not.toHaveProperty('x-chaos')
    expect(answer.headers).not.toHaveProperty('x-hop')
    expect(answer.headers['x-end']).toBe('1')
    await new Promise<void>((resolve) => {
      request(url, { headers: { 'x-ghost': 'exact', connection: 'close, x-mine', 'x-mine': '1' } }, (res) => {
        res.resume().on('end', resolve)
      }).end()
    })
    expect(got).not.toContain('x-ghost')
    expect(got).not.toContain('x-mine')
  })

  it('streams both ways before either body has ended', async () => {
    const { url } = await open((req, res) => {
      res.writeHead(200)
      req.on('data', (chunk: Buffer) => res.write(chunk))
      req.on('end', () => res.end())
    })
    const asked = request(url, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } })
    asked.write('one')
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const [first] = (await once(answer, 'data')) as [Buffer]
    expect(first.toString()).toBe('one')
    asked.end('two')
    const [second] = (await once(answer, 'data')) as [Buffer]
    expect(second.toString()).toBe('two')
  })

  it('holds back an upstream whose client does not read', async () => {
    const total = 64 * 1024 * 1024
    let pushed = 0
    const { url } = await open((_req, res) => {
      const chunk = Buffer.alloc(256 * 1024)
      const push = (): void => {
        while (pushed < total) {
          pushed += chunk.length
          if (!res.write(chunk)) return void res.once('drain', push)
        }
        res.end()
      }
      push()
    })
    const asked = request(url).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    let before = -1
    await eventually('the upstream to stand still', async () => {
      const same = pushed === before
      before = pushed
      await new Promise((resolve) => setTimeout(resolve, 100))
      return same
    })
    expect(pushed).toBeLessThan(total)
    let read = 0
    for await (const chunk of answer) read += (chunk as Buffer).length
    expect(read).toBe(total)
  })

  it('keeps serving after many clients went away in the middle of large answers', async () => {
    const { url } = await open((req, res) => {
      if (req.url === '/small') res.end('ok')
      else res.end(Buffer.alloc(4 * 1024 * 1024))
    })
    await Promise.all(
      Array.from({ length: 150 }, async () => {
        const asked = request(`${url}/large`, { agent: false }).end()
        const [answer] = (await once(asked, 'response')) as [IncomingMessage]
        answer.on('error', () => undefined)
        asked.destroy()
      }),
    )
    expect((await get(`${url}/small`)).body).toBe('ok')
    await eventually('no request in flight', () => stand.ingress.status().inFlight === 0)
  })

  it('loses no byte of a body that arrives before the upstream connection is ready', async () => {
    const { url } = await open((req, res) => {
      let length = 0
      req.on('data', (chunk: Buffer) => (length += chunk.length)).on('end', () => res.end(String(length)))
    })
    const sizes = [1, 1000, 65_536, 65_537, 300_000]
    const answers = await Promise.all(
      sizes.map(async (size) => (await fetch(url, { method: 'POST', body: Buffer.alloc(size) })).text()),
    )
    expect(answers).toEqual(sizes.map(String))
  })
})

describe('when one side breaks', () => {
  it('breaks the message to the client when the upstream dies in the middle of its body', async () => {
    const { url } = await open((_req, res) => {
      res.writeHead(200, { 'content-length': '1000' })
      res.write('partial', () => res.destroy())
    })
    await expect(get(url)).rejects.toThrow(/aborted|hang up|ECONNRESET/)
    await eventually('the exchange', async () => (await stand.exchanges()).length === 1)
    expect((await stand.exchanges())[0]?.exchange).toMatchObject({ complete: false, status: 200 })
  })

  it('cancels the request at the upstream when the client goes', async () => {
    let cancelled = false
    const { url } = await open((_req, res) => {
      res.on('close', () => (cancelled = true))
    })
    const asked = request(url, { agent: false }).end()
    asked.on('error', () => undefined)
    await eventually('the request in flight', () => stand.ingress.status().inFlight === 1)
    asked.destroy()
    await eventually('the cancel', () => cancelled)
    await eventually('the exchange', async () => (await stand.exchanges()).length === 1)
    expect((await stand.exchanges())[0]?.exchange).toMatchObject({ complete: false, status: 0, why: 'client-gone' })
  })

  it('answers 504 in time when the upstream does not', async () => {
    const { url } = await open(() => undefined, { service: { timeouts: { response: 300 }, ghost: { mode: 'off' } } })
    const answer = await get(url)
    expect(answer.status).toBe(504)
    expect(answer.headers['proxy-status']).toContain('http_response_timeout')
  })

  it('lets nothing take longer than `total` in all: no answer, one that drips, and a body that drips', async () => {
    const { url, ingress } = await open(
      (req, res) => {
        if (req.url !== '/drip') return
        const drip = setInterval(() => res.write('x'), 20)
        res.on('close', () => clearInterval(drip))
      },
      { service: { timeouts: { total: 300 }, ghost: { mode: 'off' } } },
    )
    const answer = await get(url)
    expect([answer.status, answer.body]).toEqual([504, expect.stringContaining('within 300 ms in all')])
    await expect(get(`${url}/drip`)).rejects.toThrow('aborted')
    const socket = connect(ingress.port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n')
    const drip = setInterval(() => socket.write('x'), 20)
    const [said] = (await once(socket, 'data')) as [Buffer]
    clearInterval(drip)
    socket.destroy()
    expect(said.toString()).toMatch(/^HTTP\/1.1 408 /)
    await eventually('nothing in flight', () => ingress.status().inFlight === 0)
  })

  it('sends an idempotent request once more when a kept-alive connection had died, and a POST never', async () => {
    const seen: string[] = []
    // Answers one request, and closes on the second of a connection without a word: what an idle timeout looks like.
    const server = createTcpServer((socket) => {
      let asked = 0
      socket.on('error', () => undefined)
      socket.on('data', (bytes) => {
        seen.push(bytes.toString('latin1').split(' ')[0] as string)
        if (++asked === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
        else socket.destroy()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const service = { upstreams: [{ url: `http://127.0.0.1:${port}` }], ghost: { mode: 'off' as const } }
    const { url } = await open((_req, res) => res.end(), { service })
    expect((await get(url)).status).toBe(200)
    expect((await get(url)).status).toBe(200)
    expect(seen).toEqual(['GET', 'GET', 'GET'])
    // The pool chooses the connection: sooner or later it is one that dies.
    const posts: number[] = []
    while (posts.at(-1) !== 502 && posts.length < 10) posts.push((await fetch(url, { method: 'POST' })).status)
    expect(posts.at(-1)).toBe(502)
    expect(seen.filter((method) => method === 'POST').length).toBe(posts.length)
    server.close()
  })

  it('refuses what two readers could read differently', async () => {
    const { ingress } = await open((_req, res) => res.end('reached'))
    const ask = (head: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(ingress.port, '127.0.0.1', () => socket.write(head))
        let text = ''
        socket.on('data', (bytes) => (text += bytes.toString()))
        socket.on('close', () => resolve(text))
      })
    expect(await ask('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 400/)
    expect(await ask('GET / HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 400/)
    expect(await ask('TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 405/)
    expect(await ask('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')).toMatch(/^HTTP\/1.1 405/)
    expect(await ask('GET http://x/y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 200/)
  })
})
