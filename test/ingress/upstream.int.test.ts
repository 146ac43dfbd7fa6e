/** The ingress's own client, against upstreams that say exact bytes. */
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, expect, it } from 'vitest'
import { certify } from './kit/certified.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

let stand: Stand | undefined
let server: Server | undefined
afterEach(async () => {
  await stand?.close()
  server?.close()
})

/** An upstream that does `each` on each piece that comes; `nth` counts a connection's pieces from 1. */
const open = async (
  each: (socket: Socket, text: string, nth: number) => void,
  tls?: { readonly cert: Buffer; readonly key: Buffer },
): Promise<string> => {
  const take = (socket: Socket): void => {
    let nth = 0
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => each(socket, bytes.toString('latin1'), ++nth))
  }
  const upstream = (server = tls === undefined ? createServer(take) : createTlsServer(tls, take))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  const service = {
    upstreams: [{ url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}` }],
    shield: { tls: { verify: false } },
    ghost: { mode: 'off' as const },
    timeouts: { response: 300 },
  }
  stand = await openStand({ backend: (_req, res) => res.end(), service })
  return stand.url
}

/** Everything that a client gets that sends `text`. */
const raw = (port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    let got = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'))
    socket.on('data', (bytes) => (got += bytes.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(got))
  })

it('passes interim answers on, also a 100 that was not asked for, and trailers', async () => {
  await open((socket) =>
    socket.write(
      'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' +
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n',
    ),
  )
  const { port } = (stand as Stand).ingress
  const got = await raw(port, 'GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\nconnection: te, close\r\n\r\n')
  expect([...got.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual(['102', '100', '103', '200'])
  expect(got).toContain('x-sum: 1')
})

it('answers 502 when an answer breaks off before a byte of it went out', async () => {
  const url = await open((socket) =>
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\nhello\r\n'),
  )
  const answer = await fetch(url)
  expect([answer.status, answer.headers.get('proxy-status')]).toEqual([
    502,
    expect.stringContaining('http_protocol_error'),
  ])
})

it('gives no bytes that nobody asked for to the next client', async () => {
  const url = await open((socket, _text, nth) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nmine')
    if (nth === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nEVIL')
  })
  for (let i = 0; i < 10; i++) expect(await (await fetch(url)).text()).toBe('mine')
})

it('takes a new connection for the second try, so that many stale ones fail no request', async () => {
  let closing = false
  const url = await open((socket, _text, nth) => {
    if (nth > 1 && closing) socket.destroy()
    else setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'), 20)
  })
  await Promise.all(Array.from({ length: 8 }, async () => (await fetch(url)).text()))
  closing = true
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await fetch(url)).status))
  expect(new Set(statuses)).toEqual(new Set([200]))
})

it('ends a body that stalls, and one that ends with the connection', async () => {
  const url = await open((socket, text) => {
    if (text.startsWith('GET /stall')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')
    else socket.end('HTTP/1.1 200 OK\r\n\r\nall of it')
  })
  expect(await (await fetch(`${url}/close`)).text()).toBe('all of it')
  await expect((await fetch(`${url}/stall`)).text()).rejects.toThrow()
})

it('sends nothing of a request whose body is broken from the start, and outlives clients that go at once', async () => {
  const seen: string[] = []
  const url = await open((socket, text) => {
    seen.push(text)
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
  })
  const { port } = (stand as Stand).ingress
  const head = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n'
  expect(await raw(port, `${head}ZZ\r\nhello\r\n`)).toMatch(/^HTTP\/1\.1 400/)
  expect(seen).toEqual([])
  for (let i = 0; i < 20; i++) {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${head}5\r\nhel`)
      setImmediate(() => socket.destroy())
    })
  }
  await eventually('an answer', async () => (await fetch(url)).status === 200)
  await eventually('no request in flight', () => (stand as Stand).ingress.status().inFlight === 0)
})

it.each(['plain', 'TLS'])('passes on what an upstream says that takes no more of a body and goes: %s', async (kind) => {
  const certified = await certify()
  const files = { cert: readFileSync(certified.tls.cert), key: readFileSync(certified.tls.key) }
  await open(
    (socket) => {
      socket.pause()
      socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig', () =>
        socket.destroy(),
      )
    },
    kind === 'TLS' ? files : undefined,
  )
  certified.remove()
  const { port } = (stand as Stand).ingress
  const upload = `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8000000\r\n\r\n${'x'.repeat(8_000_000)}`
  for (let i = 0; i < 4; i++) expect(await raw(port, upload)).toMatch(/^HTTP\/1\.1 413 [^]*\r\n\r\nbig$/)
})
