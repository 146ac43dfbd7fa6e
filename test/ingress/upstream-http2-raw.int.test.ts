/** Upstreams that speak HTTP/2 as no library does: what of it a client may see, and that they do no lasting harm. */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openFrames, readFrames } from '../../ingress/edge/http2/frames.ts'
import { frame, literal, uint32, type WireFrame } from './kit/frames.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'
import { converse, type Heard } from './kit/wire.ts'

const [DATA, HEADERS, RST, SETTINGS] = [0, 1, 3, 4]
const END = 1
const END_HEADERS = 4
const sockets = new Set<Socket>()

/** What it says to a request; the stream is the request's unless it is given. */
let answer: readonly WireFrame[] = []
const upstream = createServer((socket) => {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
  const say = (frames: readonly WireFrame[]): void => void socket.write(Buffer.concat(frames.map(frame)))
  const reader = openFrames()
  say([{ type: SETTINGS }])
  socket.on('data', (bytes) =>
    readFrames(reader, bytes, {
      judge: ({ type, stream }) => {
        if (type === HEADERS)
          setImmediate(
            say,
            answer.map((each) => ({ stream, ...each })),
          )
        return 'pass'
      },
      grown: () => true,
      pass: () => undefined,
    }),
  )
})

let stand: Stand
beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  stand = await openStand({
    backend: (_, res) => res.end(),
    service: {
      upstreams: [{ url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` }],
      protocol: 'h2',
      ghost: { mode: 'off' },
      health: 'off',
      passive: 'off',
      timeouts: { response: 1000 },
    },
  })
})
afterAll(async () => {
  await stand.close()
  upstream.close()
  for (const socket of sockets) socket.destroy()
})

const ask = (): Promise<Heard> => converse(stand.ingress.port, 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n')
const head = (status: string, flags = END_HEADERS, length = ''): WireFrame => {
  const fields = length === '' ? [] : [literal('content-length', length)]
  return { type: HEADERS, flags, payload: Buffer.concat([literal(':status', status), ...fields]) }
}
const ok: WireFrame = { type: DATA, payload: Buffer.from('ok') }
const reset: WireFrame = { type: RST, payload: uint32(0) }

beforeEach(async () => {
  answer = [head('200'), { ...ok, flags: END }]
  await eventually('a good answer', async () => (await ask()).message?.body === 'ok')
})

it.each(['099', '000', '101', '20x'])('no client sees a status of %s', async (status) => {
  answer = [head(status, END | END_HEADERS)]
  expect((await ask()).status).toBe(502)
})

it.each([
  ['no length', ''],
  ['a length', '9'],
])('a reset without an error is no end of an answer with %s', async (_, length) => {
  answer = [head('200', END_HEADERS, length), ok, reset]
  expect(await ask()).toMatchObject({ message: undefined, closed: true })
})

it('a reset behind its end takes nothing away from an answer', async () => {
  answer = [head('200'), { ...ok, flags: END }, reset]
  expect((await ask()).message?.body).toBe('ok')
})

it('a connection on which nothing comes any more is left for another one', async () => {
  answer = []
  expect((await ask()).status).toBe(504)
  answer = [head('200'), { ...ok, flags: END }]
  expect((await ask()).message?.body).toBe('ok')
  await eventually('only one of them is left', () => sockets.size === 1)
})
