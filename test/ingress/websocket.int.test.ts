/** WebSocket from clients and to upstreams of either version of HTTP (RFC 6455, RFC 8441), and other upgrades. */
import { request, type IncomingMessage } from 'node:http'
import { connect, createServer, type ClientHttp2Session, type ClientHttp2Stream, type Http2Server } from 'node:http2'
import { connect as tcp, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ListenTimeouts, ServiceOptions } from '../../ingress/options.ts'
import { certify, type Certified } from './kit/certified.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'
import { acceptOf, readTexts, shout, textFrame } from './kit/websocket.ts'

let certified: Certified
let stand: Stand | undefined
let session: ClientHttp2Session | undefined
let upstream: Http2Server | undefined

beforeAll(async () => {
  certified = await certify()
})
afterAll(() => certified.remove())
afterEach(async () => {
  session?.destroy()
  await stand?.close()
  upstream?.close()
  session = stand = upstream = undefined
})

interface Wanted {
  readonly service?: Partial<ServiceOptions>
  readonly timeouts?: Partial<ListenTimeouts>
  readonly tls?: boolean
}

const open = async ({ service = {}, timeouts = {}, tls = true }: Wanted = {}): Promise<Stand> => {
  const secure = tls ? { tls: certified.tls } : {}
  stand = await openStand({
    backend: (_req, res) => res.end('no socket here'),
    service: { ghost: { mode: 'off' }, ...service },
    options: { listen: { host: '127.0.0.1', port: 0, timeouts, ...secure } },
  })
  return stand
}

interface Opened {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly stream: ClientHttp2Stream
  readonly texts: string[]
}

/** Asks for a WebSocket over HTTP/2; resolves with the answer's head. */
const ask = async (path = '/chat', protocol = 'websocket'): Promise<Opened> => {
  session ??= connect(`https://localhost:${stand?.ingress.port}`, { ca: certified.authority.cert })
  const known = session
  if (known.remoteSettings.enableConnectProtocol !== true)
    await new Promise((resolve) => known.once('remoteSettings', resolve))
  expect(known.remoteSettings.enableConnectProtocol).toBe(true)
  const fields = { 'sec-websocket-version': '13', 'sec-websocket-protocol': 'chat' }
  const stream = known.request(
    { ':method': 'CONNECT', ':protocol': protocol, ':path': path, ...fields },
    { endStream: false },
  )
  stream.on('error', () => undefined)
  const texts: string[] = []
  readTexts(stream, (text) => texts.push(text))
  const headers = await new Promise<NodeJS.Dict<string | string[]>>((resolve) => stream.once('response', resolve))
  return { status: Number(headers[':status']), headers, stream, texts }
}

const closed = (stream: Duplex): Promise<void> => new Promise((resolve) => stream.once('close', resolve))
const lastExchange = async () => (await stand?.exchanges())?.at(-1)?.exchange

describe('a client of HTTP/2', () => {
  it('gets a WebSocket of an upstream that speaks HTTP/1.1, and it is recorded as an upgrade', async () => {
    const asked: IncomingMessage[] = []
    const { backend } = await open()
    backend.on('upgrade', (request: IncomingMessage, socket: Duplex) => (asked.push(request), shout(request, socket)))
    const { status, headers, stream, texts } = await ask('/chat?room=1')
    expect([status, headers['x-chat'], headers['sec-websocket-accept'], headers['upgrade']]).toEqual([
      200,
      '1',
      undefined,
      undefined,
    ])
    expect([asked[0]?.method, asked[0]?.url, asked[0]?.headers['sec-websocket-protocol']]).toEqual([
      'GET',
      '/chat?room=1',
      'chat',
    ])
    const long = 'x'.repeat(60_000)
    stream.write(textFrame('hello', true))
    stream.write(textFrame(long, true))
    await eventually('both answers', () => texts.length === 2)
    expect(texts).toEqual(['HELLO', long.toUpperCase()])
    stream.end()
    await closed(stream)
    await eventually('the exchange', async () => (await lastExchange()) !== undefined)
    expect(await lastExchange()).toMatchObject({
      method: 'GET',
      target: '/chat?room=1',
      status: 101,
      protocol: 'HTTP/2',
      complete: true,
    })
  })

  it('may end first, and hears the upstream to its end; an upstream that breaks off breaks the stream', async () => {
    const { backend } = await open()
    let upper: Socket | undefined
    backend.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      shout(request, socket)
      if (request.url === '/break') upper = socket
      else socket.prependOnceListener('end', () => socket.write(textFrame('the last word', false)))
    })
    const ended = await ask()
    ended.stream.end(textFrame('a', true))
    await closed(ended.stream)
    expect([ended.texts, ended.stream.rstCode]).toEqual([['A', 'the last word'], 0])
    const broken = await ask('/break')
    broken.stream.write(textFrame('a', true))
    await eventually('the answer', () => broken.texts.length === 1)
    upper?.resetAndDestroy()
    await closed(broken.stream)
    expect(broken.stream.rstCode).not.toBe(0)
  })

  it('is told what the upstream says instead, but never that a page were a WebSocket', async () => {
    const { backend } = await open()
    backend.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      const wrong = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n'
      const says: Readonly<Record<string, string>> = {
        '/401': 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno',
        '/page': 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi',
        '/proof': `${wrong}sec-websocket-accept: ${acceptOf('another key')}\r\n\r\n`,
        '/other': 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: chat\r\n\r\n',
      }
      socket.end(says[request.url ?? ''])
    })
    const statuses = []
    for (const path of ['/401', '/page', '/proof', '/other']) statuses.push((await ask(path)).status)
    expect(statuses).toEqual([401, 502, 502, 502])
    expect([(await ask('/', 'connect-udp')).status]).toEqual([501])
  })

  it('goes on past the time for idle connections, and ends when nobody has said anything for too long', async () => {
    const { backend } = await open({ timeouts: { idle: 100, tunnel: 600 } })
    backend.on('upgrade', shout)
    const began = performance.now()
    const { stream, texts } = await ask()
    const over = closed(stream)
    const speak = setInterval(() => stream.write(textFrame('still here', true)), 150)
    await eventually('it outlives the idle time', () => texts.length >= 3)
    clearInterval(speak)
    await over
    expect(performance.now() - began).toBeGreaterThan(600)
  })
})

/** An upstream of HTTP/2 in clear text. `offers`: the extended CONNECT. */
const openUpstream = async (offers: boolean, status = 200): Promise<string> => {
  const server = (upstream = createServer({ settings: { enableConnectProtocol: offers } }))
  server.on('session', (each) => each.on('error', () => undefined))
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    if (headers[':protocol'] !== 'websocket') return stream.respond({ ':status': 200 }, { endStream: true })
    expect(headers['sec-websocket-key']).toBeUndefined()
    stream.respond({ ':status': status })
    if (status !== 200) return stream.end('no')
    readTexts(stream, (text) => stream.write(textFrame(text.toUpperCase(), false)))
    stream.on('end', () => stream.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A client of HTTP/1.1. */
const askOld = (
  port: number,
): Promise<{ readonly answer: IncomingMessage; readonly socket: Duplex; readonly texts: string[] }> =>
  new Promise((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
    const asked = request({ port, headers: { ...headers, 'sec-websocket-version': '13' }, agent: false }).end()
    asked.on('upgrade', (answer, socket: Duplex) => {
      const texts: string[] = []
      readTexts(socket, (text) => texts.push(text))
      resolve({ answer, socket, texts })
    })
    asked.on('response', (answer) => resolve({ answer, socket: answer.socket, texts: [] }))
    asked.on('error', reject)
  })

describe('an upstream of HTTP/2', () => {
  it('that offers WebSocket is asked there, and a client of HTTP/1.1 gets its proof', async () => {
    const url = await openUpstream(true)
    const { ingress } = await open({ service: { protocol: 'h2', upstreams: [{ url }] }, tls: false })
    const { answer, socket, texts } = await askOld(ingress.port)
    expect([answer.statusCode, answer.headers['sec-websocket-accept']]).toEqual([101, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='])
    socket.write(textFrame('over both', true))
    await eventually('the answer', () => texts.length === 1)
    expect(texts).toEqual(['OVER BOTH'])
    const over = closed(socket)
    socket.end()
    await over
  })

  it('serves a client of HTTP/2 too, and its refusal is passed on', async () => {
    const url = await openUpstream(true)
    await open({ service: { protocol: 'h2', upstreams: [{ url }] } })
    const { status, stream, texts } = await ask()
    stream.end(textFrame('two', true))
    await closed(stream)
    expect([status, texts, stream.rstCode]).toEqual([200, ['TWO'], 0])
    upstream?.close()
    session?.destroy()
    session = undefined
    await stand?.close()
    await open({ service: { protocol: 'h2', upstreams: [{ url: await openUpstream(true, 403) }] } })
    expect((await ask()).status).toBe(403)
  })
})

it('passes other protocols on as it does WebSocket, with what comes behind the head, but never HTTP in a tunnel', async () => {
  const { backend, ingress } = await open({ tls: false })
  const asked: IncomingMessage[] = []
  backend.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    asked.push(request)
    if (request.url === '/no') return socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno')
    socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\nwelcome ')
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => socket.end(bytes.toString().toUpperCase()))
  })
  const ask = (path: string, protocol: string): Promise<string> =>
    new Promise((resolve) => {
      let got = ''
      const socket = tcp(ingress.port, '127.0.0.1', () =>
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\nX-A: 1\r\n\r\nhello`,
        ),
      )
      socket.on('data', (bytes) => (got += bytes.toString()))
      socket.on('end', () => resolve(got))
    })
  const switched = await ask('/exec', 'SPDY/3.1')
  expect(switched).toMatch(/^HTTP\/1\.1 101 UPGRADED\r\n[^]*\r\nupgrade: SPDY\/3\.1\r\n\r\nwelcome HELLO$/)
  expect([asked[0]?.method, asked[0]?.headers.upgrade, asked[0]?.headers['x-a']]).toEqual(['POST', 'SPDY/3.1', '1'])
  expect(await ask('/no', 'SPDY/3.1')).toMatch(/^HTTP\/1\.1 403 [^]*\r\n\r\nno/)
  expect(await ask('/', 'h2c')).toMatch(/^HTTP\/1\.1 200 [^]*no socket here/)
  expect(asked.length).toBe(2)
  await eventually('the exchange', async () => (await stand?.exchanges())?.length === 3)
  const recorded = await stand?.exchanges()
  expect(recorded?.map(({ exchange }) => `${exchange?.method} ${exchange?.status}`).toSorted()).toEqual([
    'POST 101',
    'POST 200',
    'POST 403',
  ])
})

it('asks another upstream when one cannot be reached', async () => {
  const { backend, ingress } = await open({ tls: false })
  backend.on('upgrade', shout)
  await ingress.reload([
    {
      name: 'shop',
      match: '/*',
      upstreams: [{ url: 'http://127.0.0.1:9' }, { url: `http://127.0.0.1:${stand?.backendPort}` }],
      ghost: { mode: 'off' },
    },
  ])
  for (let i = 0; i < 3; i++) {
    const { answer, socket } = await askOld(ingress.port)
    expect(answer.statusCode).toBe(101)
    socket.destroy()
  }
})
