/** An ingress that closes under the load of HTTP/2 clients fails none of their requests (RFC 9113 section 6.8). */
import { connect, type ClientHttp2Session } from 'node:http2'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { certify, type Certified } from './kit/certified.ts'
import { GET, openRaw, type RawClient } from './kit/frames.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

let certified: Certified
beforeAll(async () => {
  certified = await certify()
})
afterAll(() => certified.remove())

const open = (ms = 20): Promise<Stand> =>
  openStand({
    backend: (_req, res) => setTimeout(() => res.end('ok'), ms),
    service: { ghost: { mode: 'off' } },
    options: {
      listen: {
        host: '127.0.0.1',
        port: 0,
        tls: certified.tls,
      },
    },
  })

/** A client that keeps one connection, and opens another one when it is told to go. */
const openClient = (portNow: () => number) => {
  let session: ClientHttp2Session | undefined
  const connected = (): ClientHttp2Session => {
    if (session !== undefined && !session.closed && !session.destroyed) return session
    session = connect(`https://localhost:${portNow()}`, { ca: certified.authority.cert })
    session.on('error', () => undefined)
    return session
  }
  const ask = (): Promise<string> =>
    new Promise((resolve) => {
      const stream = connected().request({ ':path': '/x' })
      let text = ''
      let status = 0
      stream.on('response', (headers) => (status = Number(headers[':status'])))
      stream.on('data', (bytes: Buffer) => (text += bytes.toString()))
      stream.on('error', (error) => (text = error.message))
      stream.on('close', () => resolve(`${status} ${text}`))
    })
  return { ask, close: () => session?.destroy() }
}

it('fails no request of clients that keep asking while one process takes over from another', async () => {
  const [old, successor] = await Promise.all([open(), open()])
  let port = old.ingress.port
  let stopped = false
  const answers: string[] = []
  const clients = Array.from({ length: 4 }, () => openClient(() => port))
  const asking = clients.flatMap(({ ask }) =>
    Array.from({ length: 8 }, async () => {
      while (!stopped) answers.push(await ask())
    }),
  )
  await eventually('load', () => answers.length > 200)
  // What a load balancer or a shared socket does: new connections come to the new one.
  port = successor.ingress.port
  const closing = old.ingress.close()
  await eventually('all have moved', async () => (await successor.exchanges()).length > 200)
  await closing
  stopped = true
  await Promise.all(asking)
  expect(answers.filter((answer) => answer !== '200 ok')).toEqual([])
  for (const client of clients) client.close()
  await successor.close()
  expect((await old.exchanges()).length + (await successor.exchanges()).length).toBe(answers.length)
  expect((await old.exchanges()).every(({ exchange }) => exchange?.complete === true)).toBe(true)
  await old.stopBackend()
})

const lastStreams = ({ got }: RawClient): number[] =>
  got.filter(({ type }) => type === 7).map(({ payload }) => payload.readUInt32BE(0))
const answered = ({ got }: RawClient, on: number): boolean =>
  got.some(({ type, flags, stream }) => type === 0 && stream === on && (flags & 1) !== 0)

it('answers what was asked before the client heard of it, and names the last stream that it answers', async () => {
  const stand = await open(1000)
  const client = await openRaw(stand.ingress.port, certified.authority.cert)
  client.send({ type: 1, flags: 5, stream: 1, payload: GET })
  await eventually('the first request', () => stand.ingress.status().inFlight === 1)
  const closing = stand.ingress.close()
  await eventually('the first word', () => lastStreams(client).length === 1)
  client.send({ type: 1, flags: 5, stream: 3, payload: GET })
  await eventually('both answers', () => answered(client, 1) && answered(client, 3))
  await eventually('the end', () => client.closed())
  expect([...new Set(lastStreams(client))]).toEqual([2 ** 31 - 1, 3])
  await closing
  await stand.stopBackend()
})
