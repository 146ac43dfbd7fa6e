/** What a client may do to an HTTP/2 connection, and what it costs: attacks that are known, and rules that nghttp2 does not hold. */
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { certify, type Certified } from './kit/certified.ts'
import { GET, goneWith, openRaw, POST, uint32, type RawClient, type WireFrame } from './kit/frames.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

const [DATA, HEADERS, RST, CONTINUATION] = [0, 1, 3, 9]
const END = 1
const END_HEADERS = 4
const WHOLE = END | END_HEADERS
const [STREAM_CLOSED, CALM] = [5, 11]
const BODY = 'x'.repeat(100_000)

let certified: Certified
let stand: Stand
let asked = 0

beforeAll(async () => {
  certified = await certify()
  stand = await openStand({
    backend: (req, res) => {
      asked++
      req.resume()
      req.on('end', () => res.end(BODY))
    },
    service: { ghost: { mode: 'off' } },
    options: {
      listen: {
        host: '127.0.0.1',
        port: 0,
        timeouts: { send: 400, head: 2000 },
        tls: certified.tls,
      },
    },
  })
})
afterAll(async () => {
  await stand.close()
  certified.remove()
})

const raw = (settings?: Buffer): Promise<RawClient> => openRaw(stand.ingress.port, certified.authority.cert, settings)
const get = (stream: number): WireFrame => ({ type: HEADERS, flags: WHOLE, stream, payload: GET })
const answered = ({ got }: RawClient, on: number): boolean =>
  got.some(({ type, flags, stream }) => type === DATA && stream === on && (flags & END) !== 0)

/** Somebody else is served all the same. */
const stillServes = async (): Promise<void> => {
  const session = connectHttp2(`https://localhost:${stand.ingress.port}`, { ca: certified.authority.cert })
  const status = await new Promise<unknown>((resolve, reject) => {
    const stream = session.request({ ':path': '/' }).resume()
    stream.on('response', (headers) => resolve(headers[':status']))
    stream.on('error', reject)
  })
  session.destroy()
  expect(status).toBe(200)
}

it('ends a connection on which a closed stream is sent on, and says why', async () => {
  const client = await raw()
  client.send(get(1))
  await eventually('the answer', () => client.got.some(({ type, stream }) => type === HEADERS && stream === 1))
  client.send({ type: DATA, stream: 1, payload: Buffer.from('more') })
  await eventually('the end', client.closed)
  expect(goneWith(client)).toBe(STREAM_CLOSED)
  await stillServes()
})

it('lets a client send on what was answered early', async () => {
  const client = await raw()
  const post = Buffer.concat([POST, Buffer.from([0x00, 0x01, 0x41, 0x01, 0x62])])
  // A field name in capitals: the stream is reset, and what was on its way is no offence.
  client.send({ type: HEADERS, flags: END_HEADERS, stream: 1, payload: post })
  await eventually('the reset', () => client.got.some(({ type, stream }) => type === RST && stream === 1))
  client.send({ type: DATA, stream: 1, payload: Buffer.from('late') }, { type: DATA, flags: END, stream: 1 }, get(3))
  await eventually('another answer', () => client.got.some(({ type, stream }) => type === HEADERS && stream === 3))
  expect([goneWith(client), client.closed()]).toEqual([undefined, false])
  client.socket.destroy()
})

it('bounds requests that are reset at once (CVE-2023-44487)', async () => {
  const client = await raw()
  asked = 0
  const reset = (stream: number): WireFrame[] => [get(stream), { type: RST, stream, payload: uint32(8) }]
  for (let i = 0; i < 5000 && !client.closed(); i++) client.send(...reset(2 * i + 1))
  await eventually('the end', client.closed)
  expect(asked).toBeLessThan(1100)
  await eventually('nothing under way', () => stand.ingress.status().inFlight === 0)
  await stillServes()
})

it('bounds heads in pieces without an end (CVE-2024-28182)', async () => {
  const client = await raw()
  client.send({ type: HEADERS, flags: END, stream: 1, payload: GET })
  for (let i = 0; i < 200; i++) client.send({ type: CONTINUATION, stream: 1 })
  await eventually('the end', client.closed)
  await stillServes()
})

it('does not wait for the end of a head, or for its beginning, longer than it does for HTTP/1.1', async () => {
  const client = await raw()
  client.send({ type: HEADERS, flags: END, stream: 1, payload: GET })
  const silent = connect({
    port: stand.ingress.port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: certified.authority.cert,
    ALPNProtocols: ['h2'],
  }).resume()
  const ended = new Promise((resolve) => silent.once('close', resolve))
  await eventually('the end', client.closed)
  expect(goneWith(client)).toBe(CALM)
  await ended
})

it('does not keep for long what a client does not take', async () => {
  const none = Buffer.concat([Buffer.from([0, 4]), uint32(0)])
  const client = await raw(none)
  client.send(get(1))
  await eventually('the head', () => client.got.some(({ type, stream }) => type === HEADERS && stream === 1))
  await eventually('the reset', () => client.got.some(({ type, stream }) => type === RST && stream === 1))
  expect(stand.ingress.status().inFlight).toBe(0)
  // Its connection is well, and so is an answer that it takes.
  client.send({ type: 4, payload: Buffer.concat([Buffer.from([0, 4]), uint32(1 << 20)]) })
  client.send({ type: 8, payload: uint32(1 << 20) }, get(3))
  await eventually('an answer', () => answered(client, 3))
  client.socket.destroy()
})

it('keeps nothing of a client that has ended its side', async () => {
  const client = await raw()
  client.send(get(1))
  await eventually('the answer', () => client.got.some(({ type, stream }) => type === HEADERS && stream === 1))
  client.socket.end()
  await eventually('the end', client.closed)
  await eventually('nothing under way', () => stand.ingress.status().inFlight === 0)
})
