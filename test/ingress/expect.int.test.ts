/** Who says whether a body may come, to a client that waits to be told (RFC 9110 section 10.1.1). */
import { connect } from 'node:net'
import type { RequestListener } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually, openStand, type Stand } from './kit/stand.ts'

const seen: string[] = []
const answer: RequestListener = (req, res) => {
  seen.push(`${req.method} ${req.url} ${req.headers.expect}`)
  req.resume().on('end', () => res.end('done'))
}

let stand: Stand
/** What it does with a request that expects. */
let onExpect = answer
beforeAll(async () => {
  const options = { listen: { host: '127.0.0.1', port: 0, h2c: true } }
  stand = await openStand({ backend: answer, service: { ghost: { mode: 'off' } }, options })
  stand.backend.on('checkContinue', (req, res) => onExpect(req, res))
})
afterAll(() => stand.close())

/** Unless given, a request that expects is served like any other, and the upstream says nothing. */
const open = (does: RequestListener = answer): number => {
  seen.length = 0
  onExpect = does
  return stand.ingress.port
}

const HEAD = 'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n'
const EXPECTED = 'POST /p 100-continue'

const speak = (port: number) => {
  let got = ''
  let closed = false
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('data', (bytes) => (got += bytes.toString('latin1'))).on('error', () => undefined)
  socket.on('close', () => (closed = true))
  const hears = (text: string): Promise<void> => eventually(text, () => got.includes(text))
  return { say: (text: string) => socket.write(text), hears, got: () => got, closed: () => closed }
}

const willing: RequestListener = (req, res) => {
  res.writeContinue()
  answer(req, res)
}

it('the upstream says it, and the client hears it once', async () => {
  const client = speak(open(willing))
  client.say(HEAD)
  await client.hears('HTTP/1.1 100 Continue\r\n\r\n')
  expect(seen).toEqual([EXPECTED])
  client.say('some body')
  await client.hears('done')
  expect(client.got().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200'])
})

it('the upstream refuses: nothing is asked for, and what follows is no request', async () => {
  const client = speak(open((_, res) => res.writeHead(401).end('no')))
  client.say(HEAD)
  await client.hears('connection: close')
  client.say('GET /evil HTTP/1.1\r\nHost: a\r\n\r\n')
  await eventually('the end', client.closed)
  expect(client.got()).toMatch(/^HTTP\/1\.1 401 /)
  expect(seen).toEqual([])
})

it('the proxy says it where the upstream does not', async () => {
  const client = speak(open())
  client.say(HEAD)
  await client.hears('HTTP/1.1 100 Continue\r\n\r\n')
  expect(seen).toEqual([EXPECTED])
  client.say('some body')
  await client.hears('done')
})

it('nobody says it to a client that did not wait', async () => {
  const client = speak(open())
  client.say(`${HEAD}some body`)
  await client.hears('done')
  expect(client.got()).toMatch(/^HTTP\/1\.1 200 /)
  expect(seen).toEqual(['POST /p undefined'])
})

it('the upstream says it to a client of HTTP/2', async () => {
  const session = connectHttp2(`http://127.0.0.1:${open(willing)}`)
  const stream = session.request({ ':path': '/p', ':method': 'POST', expect: '100-continue' })
  await new Promise((resolve) => stream.once('continue', resolve))
  expect(seen).toEqual([EXPECTED])
  stream.end('some body')
  const status = await new Promise((resolve) => stream.once('response', (fields) => resolve(fields[':status'])))
  session.destroy()
  expect(status).toBe(200)
})
