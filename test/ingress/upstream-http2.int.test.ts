/** Upstreams that speak HTTP/2 in clear text, as gRPC servers do; the client speaks HTTP/1.1 or HTTP/2. */
import { createServer, type Http2Server, type ServerHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { ServiceOptions } from '../../ingress/options.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

let stand: Stand | undefined
let server: Http2Server | undefined
afterEach(async () => {
  await stand?.close()
  stand = undefined
  server?.close()
  server = undefined
})

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, nth: number) => void

const open = async (answer: Answer, rest: Partial<ServiceOptions> = {}): Promise<Stand> => {
  let nth = 0
  const upstream = createServer()
  server = upstream
  upstream.on('session', (session) => session.on('error', () => undefined))
  upstream.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    answer(stream, headers, ++nth)
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const service = {
    upstreams: [{ url }],
    protocol: 'h2',
    ghost: { mode: 'off' },
    timeouts: { response: 500 },
    ...rest,
  } as const
  stand = await openStand({ backend: (_req, res) => res.end(), service })
  return stand
}

const bodyOf = (stream: ServerHttp2Stream, ready: (length: number) => void): void => {
  let length = 0
  stream.on('data', (bytes: Buffer) => (length += bytes.length))
  stream.on('end', () => ready(length))
}

const ask = (url: string, body?: Buffer): Promise<{ status: number; text: string; trailers: NodeJS.Dict<string> }> =>
  new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'transfer-encoding': 'chunked', te: 'trailers', connection: 'te' }
    const asked = request(url, { method: body === undefined ? 'GET' : 'POST', agent: false, headers }, (res) => {
      let text = ''
      res.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
      res.on('end', () => resolve({ status: res.statusCode ?? 0, text, trailers: res.trailers }))
      res.on('error', reject)
    })
    asked.on('error', reject)
    if (body !== undefined) asked.addTrailers({ 'x-in': '7' })
    asked.end(body)
  })

describe('an upstream that speaks HTTP/2', () => {
  it('gets many requests on one connection, and gives its answers with their fields and trailers', async () => {
    let sessions = 0
    const { url } = await open((stream, headers) => {
      let trailers: IncomingHttpHeaders = {}
      stream.on('trailers', (got) => (trailers = got))
      bodyOf(stream, (length) => {
        stream.respond({ ':status': 200, 'x-te': String(headers['te']) }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-in': String(trailers['x-in']) }))
        stream.end(`${headers[':method']} ${headers[':path']} ${length}`)
      })
    })
    server?.on('session', () => sessions++)
    const bodies = [5, 100_000, 3_000_000].map((length) => Buffer.alloc(length, 'x'))
    const answers = await Promise.all(bodies.map((body) => ask(`${url}/svc/Method?q=1`, body)))
    expect(answers.map(({ text }) => text)).toEqual(bodies.map(({ length }) => `POST /svc/Method?q=1 ${length}`))
    expect(answers.map(({ trailers }) => [trailers['grpc-status'], trailers['x-in']])).toEqual(
      bodies.map(() => ['0', '7']),
    )
    expect(sessions).toBeLessThanOrEqual(1)
  })

  it('is held back by a client that does not read, and by nothing else', async () => {
    const whole = Buffer.alloc(8 << 20, 'y')
    const { url } = await open((stream) => {
      stream.respond({ ':status': 200 })
      stream.end(whole)
    })
    expect((await ask(url)).text.length).toBe(whole.length)
  })

  it('that breaks an answer off breaks the client’s message', async () => {
    const { url } = await open((stream) => {
      stream.respond({ ':status': 200 })
      stream.write('some', () => setImmediate(() => stream.destroy(new Error('gone'))))
    })
    await expect(ask(url)).rejects.toThrow()
  })

  it('that refuses a stream is asked again; that does not answer is given up', async () => {
    const { url } = await open((stream, _headers, nth) => {
      if (nth === 1) return stream.close(7)
      if (nth === 2) return stream.respond({ ':status': 204 }, { endStream: true })
    })
    expect((await ask(url)).status).toBe(204)
    expect((await ask(url)).status).toBe(504)
  })

  it('sees that a request was given up, never the end of half a body', async () => {
    let seen = ''
    const { url, ingress } = await open((stream) => {
      stream.on('data', () => (seen ||= 'begun'))
      stream.on('end', () => (seen = stream.rstCode === 0 && !stream.aborted ? 'ended' : seen))
      stream.on('aborted', () => (seen = 'aborted'))
    })
    const asked = request(url, { method: 'POST', headers: { 'content-length': 1_000_000 } })
    asked.on('error', () => undefined)
    asked.write(Buffer.alloc(200_000))
    await eventually('some of the body', () => seen === 'begun')
    asked.destroy()
    await eventually('the end', () => seen !== 'begun')
    expect(seen).toBe('aborted')
    await eventually('nothing under way', () => ingress.status().inFlight === 0)
  })

  it('is checked in its own protocol; one that is away is told as such', async () => {
    const health = { path: '/healthz', every: 50, timeout: 500, unhealthyAfter: 1, healthyAfter: 1 }
    const { url, ingress } = await open(
      (stream, headers) =>
        stream.respond({ ':status': headers[':path'] === '/healthz' ? 200 : 201 }, { endStream: true }),
      { health },
    )
    await eventually('a check', () => ingress.status().services[0]?.upstreams[0]?.health === 'up')
    expect((await ask(url)).status).toBe(201)
    server?.close()
    await stand?.close()
    stand = await openStand({
      backend: (_req, res) => res.end(),
      service: { upstreams: [{ url: 'http://127.0.0.1:9' }], protocol: 'h2', ghost: { mode: 'off' } },
    })
    expect((await ask(stand.url)).status).toBe(502)
  })

  it('that speaks HTTP/1.1 in truth is a bad gateway', async () => {
    const plain = await openStand({ backend: (_req, res) => res.end('plain') })
    const upstreams = [{ url: `http://127.0.0.1:${plain.backendPort}` }]
    stand = await openStand({
      backend: (_req, res) => res.end(),
      service: { upstreams, protocol: 'h2', ghost: { mode: 'off' } },
    })
    expect((await ask(stand.url)).status).toBe(502)
    await plain.close()
  })
})
