/** An ingress that closes under the load of HTTP/2 clients fails none of their requests (RFC 9113 section 6.8). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { certify, type Certified } from './kit/certified.ts'
import { GET, openRaw, type RawClient } from './kit/frames.ts'
import { openClient } from './kit/http2-client.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

let certified: Certified
beforeAll(async () => {
  certified = await certify()
})
afterAll(() => certified.remove())

const open = (): Promise<Stand> =>
  openStand({
    backend: (_req, res) => setTimeout(() => res.end('ok'), 20),
    service: { ghost: { mode: 'off' } },
    options: {
      listen: {
        host: '127.0.0.1',
        port: 0,
        tls: certified.tls,
      },
    },
  })

it('fails no request of clients that keep asking while one process takes over from another', async () => {
  const [old, successor] = await Promise.all([open(), open()])
  let port = old.ingress.port
  let stopped = false
  const answers: string[] = []
  const clients = Array.from({ length: 4 }, () => openClient(() => port, certified.authority.cert))
  const asking = clients.flatMap(({ ask }) =>
    Array.from({ length: 8 }, async () => {
      while (!stopped) answers.push(await ask('/x'))
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

const PING = 6
const ACK = 1

it('takes what a client asks until it has heard that it shall go, and names the last stream then', async () => {
  const stand = await open()
  const client = await openRaw(stand.ingress.port, certified.authority.cert)
  const ask = async (stream: number): Promise<void> => {
    client.send({ type: 1, flags: 5, stream, payload: GET })
    await eventually(`the answer on ${stream}`, () => answered(client, stream))
  }
  await ask(1)
  const closing = stand.ingress.close()
  const pings = () => client.got.filter(({ type, flags }) => type === PING && flags === 0)
  await eventually('the first word, and whether it was heard', () => pings().length === 1)
  for (const stream of [3, 5]) await ask(stream)
  expect(lastStreams(client)).toEqual([2 ** 31 - 1])
  client.send({ type: PING, flags: ACK, payload: pings()[0]?.payload ?? Buffer.alloc(8) })
  await eventually('the end', () => client.closed())
  expect([...new Set(lastStreams(client))]).toEqual([2 ** 31 - 1, 5])
  await closing
  await stand.stopBackend()
})
