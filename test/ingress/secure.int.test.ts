/** TLS at both ends, HTTP/2 to the client, and the word of a load balancer before either. */
import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { createServer as createHttps, request } from 'node:https'
import net from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ServiceOptions } from '../../ingress/options.ts'
import { certify, type Certified } from './kit/certified.ts'
import { eventually, listen, openStand, type Stand } from './kit/stand.ts'

let certified: Certified
let stand: Stand | undefined
let session: ClientHttp2Session | undefined

beforeAll(async () => {
  certified = await certify()
})
afterAll(() => certified.remove())
afterEach(async () => {
  session?.destroy()
  session = undefined
  await stand?.close()
  stand = undefined
})

const open = async (
  backend: RequestListener,
  rest: { service?: Partial<ServiceOptions>; proxyProtocol?: boolean } = {},
) => {
  const { service = {}, proxyProtocol = false } = rest
  const { tls } = certified
  const options = {
    listen: { host: '127.0.0.1', port: 0, proxyProtocol, trustedProxies: proxyProtocol ? ['loopback'] : [], tls },
  }
  stand = await openStand({ backend, service: { ghost: { mode: 'off' }, ...service }, options })
  return stand
}

interface Answer {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly trailers: IncomingHttpHeaders
  readonly interim: number[]
  readonly code: number
}

const ask = (headers: OutgoingHttpHeaders, body?: Buffer | string, trailers?: OutgoingHttpHeaders): Promise<Answer> =>
  new Promise((resolve) => {
    session ??= connect(`https://localhost:${stand?.ingress.port}`, { ca: certified.authority.cert })
    const stream = session.request(headers, { endStream: body === undefined, waitForTrailers: trailers !== undefined })
    const answer = { headers: {}, body: '', trailers: {}, interim: [] as number[], code: 0 }
    stream.on('response', (got) => (answer.headers = got))
    stream.on('headers', (got) => answer.interim.push(Number(got[':status'])))
    stream.on('trailers', (got) => (answer.trailers = got))
    stream.on('data', (bytes: Buffer) => (answer.body += bytes.toString('latin1')))
    stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}))
    stream.on('error', () => undefined)
    stream.on('close', () => resolve({ ...answer, code: stream.rstCode }))
    if (body !== undefined) stream.end(body)
  })

/** Says what it got. */
const mirror: RequestListener = (req, res) => {
  const pieces: Buffer[] = []
  req.on('data', (bytes: Buffer) => pieces.push(bytes))
  req.on('end', () => {
    const { method, url, rawHeaders, trailers } = req
    const length = Buffer.concat(pieces).length
    res.writeHead(200, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] })
    res.end(JSON.stringify({ method, url, rawHeaders, trailers, length }))
  })
}

interface Mirrored {
  method: string
  url: string
  rawHeaders: string[]
  trailers: object
  length: number
}

describe('HTTP/2 from the client', () => {
  it('becomes the request that HTTP/1.1 would have made, and is recorded as what it was', async () => {
    const { exchanges } = await open(mirror)
    const got = await ask({
      ':path': '/a%2Fb?c=d',
      ':method': 'GET',
      cookie: ['x=1', 'y=2'],
      'x-one': '1',
      te: 'trailers',
    })
    const seen = JSON.parse(got.body) as Mirrored
    const valueOf = (name: string) =>
      seen.rawHeaders[seen.rawHeaders.findIndex((it, i) => i % 2 === 0 && it === name) + 1]
    expect([got.headers[':status'], seen.method, seen.url]).toEqual([200, 'GET', '/a%2Fb?c=d'])
    expect(got.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect([valueOf('cookie'), valueOf('x-forwarded-proto'), valueOf('host')]).toEqual([
      'x=1; y=2',
      'https',
      `localhost:${stand?.ingress.port}`,
    ])
    await eventually('the event', async () => (await exchanges()).length === 1)
    const [event] = await exchanges()
    expect([event?.exchange?.protocol, event?.exchange?.complete]).toEqual(['HTTP/2', true])
  })

  it('passes bodies of any length, with and without one that is said, and trailers of both sides', async () => {
    await open((req, res) => {
      let length = 0
      req.on('data', (bytes: Buffer) => (length += bytes.length))
      req.on('end', () => {
        res.write('some ')
        if (req.method === 'POST') res.addTrailers({ 'x-sum': String(req.trailers['x-in']) })
        res.end(String(length))
      })
    })
    const big = Buffer.alloc(3 << 20, 'x')
    const answers = await Promise.all([
      ask({ ':path': '/', ':method': 'POST' }, 'hello', { 'x-in': '7' }),
      ask({ ':path': '/', ':method': 'POST', 'content-length': big.length }, big),
      ask({ ':path': '/', ':method': 'PUT' }, big),
      ask({ ':path': '/', ':method': 'HEAD' }),
    ])
    expect(answers.map(({ body }) => body)).toEqual(['some 5', `some ${big.length}`, `some ${big.length}`, ''])
    expect(answers[0]?.trailers['x-sum']).toBe('7')
  })

  it('is told interim answers, and gets a large answer at its own pace', async () => {
    const body = Buffer.alloc(5 << 20, 'y')
    await open((_req, res) => {
      res.writeEarlyHints({ link: '</a>; rel=preload' })
      res.end(body)
    })
    const got = await ask({ ':path': '/' })
    expect([got.interim, got.body.length]).toEqual([[103], body.length])
  })

  it('never sees a clean end of an answer that broke off', async () => {
    await open((req, res) => {
      res.writeHead(200, req.url === '/measured' ? { 'content-length': 100 } : {})
      res.write('some', () => setImmediate(() => res.destroy()))
    })
    const answers = await Promise.all([ask({ ':path': '/measured' }), ask({ ':path': '/chunked' })])
    for (const { headers, body, code } of answers) expect([headers[':status'], body, code]).toEqual([200, 'some', 2])
  })

  it('cancels the request at the upstream when the client cancels', async () => {
    let state = ''
    await open((req, res) => {
      state = 'asked'
      res.on('close', () => (state = req.complete && res.writableFinished ? 'answered' : 'cancelled'))
    })
    session = connect(`https://localhost:${stand?.ingress.port}`, { ca: certified.authority.cert })
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => undefined)
    await eventually('the request', () => state === 'asked')
    stream.close(8)
    await eventually('the cancel', () => state === 'cancelled')
    expect(stand?.ingress.status().inFlight).toBe(0)
  })

  it('is refused what cannot be passed on', async () => {
    await open(mirror)
    const answers = await Promise.all([
      ask({ ':path': `/${'a'.repeat(20_000)}` }),
      ask({ ':path': '/', ':method': 'TRACE' }),
      ask({ ':path': '/#x' }),
    ])
    expect(answers.map(({ headers }) => headers[':status'])).toEqual([414, 405, 400])
    const lines = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, 'y']))
    const long = [lines(250), { x: 'y'.repeat(40_000) }, lines(150)]
    const sized = await Promise.all(long.map((more) => ask({ ':path': '/', ...more })))
    expect(sized.map(({ headers }) => headers[':status'])).toEqual([431, 431, 200])
    const unread = await ask({ ':path': '/#x', ':method': 'POST' }, Buffer.alloc(1 << 20))
    expect(unread.headers[':status']).toBe(400)
    await eventually('nothing under way', () => stand?.ingress.status().inFlight === 0)
  })
})

it('serves HTTP/1.1 on the same port to who asks for it', async () => {
  const { ingress } = await open(mirror)
  const body = await new Promise<string>((resolve, reject) => {
    const asked = request(
      { port: ingress.port, host: 'localhost', ca: certified.authority.cert, agent: false },
      (res) => {
        let text = ''
        res.on('data', (bytes: Buffer) => (text += bytes.toString()))
        res.on('end', () => resolve(`${res.httpVersion} ${(JSON.parse(text) as Mirrored).rawHeaders.join(' ')}`))
      },
    )
    asked.on('error', reject)
    asked.end()
  })
  expect(body).toMatch(/^1\.1 .*x-forwarded-proto https/i)
})

it('believes the balancer about the client, before TLS, and cuts off who is none', async () => {
  const { ingress } = await open(mirror, { proxyProtocol: true })
  const socket = net.connect(ingress.port, '127.0.0.1', () => socket.write('PROXY TCP4 192.0.2.7 127.0.0.1 5 6\r\n'))
  await new Promise((resolve) => socket.once('ready', resolve))
  const text = await new Promise<string>((resolve, reject) => {
    const secure = connectTls({ socket, servername: 'localhost', ca: certified.authority.cert }, () =>
      secure.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
    )
    let got = ''
    secure.on('data', (bytes: Buffer) => (got += bytes.toString()))
    secure.on('error', reject)
    secure.on('close', () => resolve(got))
  })
  expect(text).toContain('"x-forwarded-for","192.0.2.7"')
  const stranger = net.connect(ingress.port, '127.0.0.1', () => stranger.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
  const reply = await new Promise<string>((resolve) => {
    let got = ''
    stranger.on('data', (bytes) => (got += bytes.toString()))
    stranger.on('error', () => undefined)
    stranger.on('close', () => resolve(got))
  })
  expect(reply).toBe('')
})

it('speaks TLS to upstreams, and only to those that prove who they are', async () => {
  const { readFileSync } = await import('node:fs')
  const { cert, key } = certified.tls
  const upstream = createHttps({ cert: readFileSync(cert), key: readFileSync(key) }, (_req, res) => res.end('secret'))
  const port = await listen(upstream as unknown as Server)
  const upstreams = [{ url: `https://localhost:${port}` }]
  const plain = { listen: { host: '127.0.0.1', port: 0 } }
  const service = { upstreams, ghost: { mode: 'off' as const } }
  stand = await openStand({
    backend: mirror,
    service: { ...service, shield: { tls: { ca: certified.ca } } },
    options: plain,
  })
  expect(await (await fetch(stand.url)).text()).toBe('secret')
  await stand.close()
  stand = await openStand({ backend: mirror, service, options: plain })
  expect((await fetch(stand.url)).status).toBe(502)
  upstream.close()
})

it('sees a reset where only that says that an answer broke off: the end of the connection is the end of its body', async () => {
  const { ingress } = await open((_req, res) => {
    res.write('half of it')
    setTimeout(() => res.destroy(), 50)
  })
  const socket = connectTls({
    port: ingress.port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: certified.authority.cert,
  })
  socket.write('GET / HTTP/1.0\r\nhost: a\r\n\r\n')
  socket.resume()
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ECONNRESET')
  expect((await ask({ ':path': '/' })).code).not.toBe(0)
})
