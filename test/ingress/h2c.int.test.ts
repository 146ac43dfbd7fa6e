/** HTTP/2 without TLS, on the port on which HTTP/1.1 is spoken (RFC 9113 section 3.3): off unless it is asked for. */
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { PREFACE } from './kit/frames.ts'
import { eventually, get, openStand, type Stand } from './kit/stand.ts'

let stand: Stand
afterEach(() => stand.close())

const open = async (h2c?: boolean): Promise<void> => {
  stand = await openStand({
    backend: (req, res) => void req.on('data', (bytes) => res.write(bytes)).on('end', () => res.end(said(req.headers))),
    options: { listen: { host: '127.0.0.1', port: 0, ...(h2c === undefined ? {} : { h2c }) } },
  })
}
const said = ({ host = '', 'x-forwarded-proto': scheme = '' }): string => `${String(scheme)} ${host}`

const ask = (body?: string): Promise<string> => {
  const session = connectHttp2(stand.url)
  return new Promise<string>((resolve, reject) => {
    session.on('error', reject)
    const stream = session.request({ ':path': '/', ':method': body === undefined ? 'GET' : 'POST' })
    let text = ''
    stream.on('response', (headers) => (text += `${headers[':status']} `))
    stream.on('data', (bytes: Buffer) => (text += bytes.toString()))
    stream.on('error', reject)
    stream.on('end', () => resolve(text))
    stream.end(body)
  }).finally(() => session.destroy())
}

/** What comes back for these bytes, each sent when the one before has had its time. */
const send = async (...pieces: readonly string[]): Promise<string> => {
  const socket = connect(stand.ingress.port, '127.0.0.1').setNoDelay(true)
  let got = ''
  socket.on('data', (bytes: Buffer) => (got += bytes.toString('latin1')))
  for (const piece of pieces) {
    socket.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await eventually('an answer', () => got.includes('\r\n\r\n'))
  socket.destroy()
  return got
}

it('serves both protocols on one port, and tells upstreams that no TLS was there', async () => {
  await open(true)
  const { host } = new URL(stand.url)
  expect(await ask()).toBe(`200 http ${host}`)
  expect(await ask('a body ')).toBe(`200 a body http ${host}`)
  expect((await get(stand.url)).body).toBe(`http ${host}`)
  // It begins as the other protocol does.
  expect(await send('P', 'R', 'OPFIND / HTTP/1.1\r\nHost: a\r\n', '\r\n')).toMatch(/^HTTP\/1\.1 200 /)
})

it('lets go of who says nothing and ends', async () => {
  await open(true)
  const socket = connect(stand.ingress.port, '127.0.0.1').resume()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.end(PREFACE.subarray(0, 5))
  await closed
})

it('is refused unless it was switched on', async () => {
  await open()
  expect(await send(PREFACE.toString('latin1'))).toMatch(/^HTTP\/1\.1 (400|505) /)
})
