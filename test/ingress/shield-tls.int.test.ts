import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAuthority, createLeaf, type Pair } from '../../deploy/certs.ts'
import type { IngressOptions } from '../../ingress/options.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

let authority: Pair
let dir: string
let stand: Stand
let session: ClientHttp2Session | undefined
const BODY = JSON.stringify({ id: 7, price: 12, text: 'x'.repeat(300_000) })

beforeAll(async () => {
  authority = await createAuthority('ours')
})
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-shield-tls-'))
  await issue()
})
afterEach(async () => {
  session?.destroy()
  session = undefined
  await stand.close()
  rmSync(dir, { recursive: true, force: true })
})

const path = (name: string): string => join(dir, name)
const issue = async (): Promise<void> => {
  const { cert, key } = await createLeaf(authority, { names: ['localhost', '127.0.0.1'], days: 30, use: 'server' })
  writeFileSync(path('dev.pem'), cert)
  writeFileSync(path('dev.key'), key)
}
const listen = async (
  more: Partial<IngressOptions['listen']> = {},
  rest: Partial<IngressOptions> = {},
): Promise<void> => {
  const tls = { enabled: true, cert: path('dev.pem'), key: path('dev.key') }
  stand = await openStand({
    backend: (_req, res) => res.setHeader('content-type', 'application/json').end(BODY),
    service: { ghost: { mode: 'off' }, shield: { rateLimit: [{ limit: 100, per: 60_000, by: 'ip' }] } },
    options: { listen: { host: '127.0.0.1', port: 0, tls, ...more }, ...rest },
  })
}
const ask = (target = '/'): Promise<{ status: number; body: string; headers: IncomingHttpHeaders; error: string }> =>
  new Promise((resolve) => {
    session ??= connectHttp2(`https://localhost:${stand.ingress.port}`, { ca: authority.cert }).on(
      'error',
      () => undefined,
    )
    const stream = session.request({ ':path': target })
    const seen = { status: 0, body: '', headers: {} as IncomingHttpHeaders, error: '' }
    stream.on('response', (headers) => Object.assign(seen, { headers, status: headers[':status'] }))
    stream.setEncoding('utf8').on('data', (text: string) => (seen.body += text))
    stream.on('error', (error: NodeJS.ErrnoException) => (seen.error = error.code ?? error.message))
    stream.on('close', () =>
      resolve({ ...seen, error: seen.error || (stream.rstCode === 0 ? '' : `rst ${stream.rstCode}`) }),
    )
    stream.end()
  })
const order = (fault: object): Promise<void> =>
  stand.control('fault/f1', {
    id: 'f1',
    match: { service: 'shop', percent: 100 },
    seed: 1,
    until: (Date.now() + 60_000) * 1000,
    fault,
  })

describe('over HTTP/2 with TLS', () => {
  it('limits are said, and faults strike as over HTTP/1.1', async () => {
    await listen()
    expect(await ask()).toMatchObject({ status: 200, body: BODY, headers: { 'ratelimit-policy': '"ip";q=100;w=60' } })
    await order({ kind: 'failure', status: 500 })
    await eventually('the failure', async () => (await ask()).headers['x-chaos'] === 'failure;status=500;id=f1')
    await order({ kind: 'corruption', field: 'price', how: 'null' })
    await eventually('corruption', async () => (await ask()).body.startsWith('{"id":7,"price":null,'))
    await order({ kind: 'truncation', bytes: 50_000 })
    await eventually('a cut', async () => {
      const { status, body, error } = await ask()
      return status === 200 && body.length <= 50_000 && error !== ''
    })
    await order({ kind: 'abort' })
    await eventually('a reset', async () => {
      const { status, error } = await ask()
      return status === 0 && error !== ''
    })
    // More than a window of HTTP/2, slowly: backpressure at both ends of the distortion.
    await order({ kind: 'slow_body', bytes_per_second: 2_000_000 })
    await eventually('a slow body', async () => {
      const from = performance.now()
      const { body, headers } = await ask()
      return headers['x-chaos'] !== undefined && body === BODY && performance.now() - from > 100
    })
  })

  it('a client may show a certificate of ours or none, but not that of a stranger', async () => {
    writeFileSync(path('ca.pem'), authority.cert)
    const tls = { enabled: true, cert: path('dev.pem'), key: path('dev.key'), clientCa: path('ca.pem') }
    await listen({ tls: { ...tls, clientAuth: 'request' } })
    const as = (shown: Partial<Pair>): Promise<string> =>
      new Promise((resolve) => {
        const options = { port: stand.ingress.port, host: 'localhost', ca: authority.cert, ...shown }
        const socket = connectTls(options, () => socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'))
        let got = ''
        socket.on('data', (bytes: Buffer) => (got += bytes.toString('latin1')))
        socket.on('error', () => undefined)
        socket.on('close', () => resolve(got.slice(0, 12)))
      })
    const leaf = (by: Pair): Promise<Pair> => createLeaf(by, { names: ['ann'], days: 30, use: 'client' })
    expect(await as({})).toBe('HTTP/1.1 200')
    expect(await as(await leaf(authority))).toBe('HTTP/1.1 200')
    expect(await as(await leaf(await createAuthority('a stranger')))).toBe('')
  })

  it('shows a new certificate without a restart, and requests under way end', async () => {
    await listen()
    const serial = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const options = { port: stand.ingress.port, host: '127.0.0.1', ca: authority.cert, servername: 'localhost' }
        const socket = connectTls(options, () => {
          resolve(socket.getPeerX509Certificate()?.serialNumber ?? '')
          socket.destroy()
        }).on('error', reject)
      })
    expect((await ask()).status).toBe(200)
    const before = await serial()
    await issue()
    await eventually('the new certificate', async () => (await serial()) !== before)
    expect((await ask()).status).toBe(200)
  })
})

describe('behind a balancer that speaks the PROXY protocol', () => {
  const speak = (text: string): Promise<string> =>
    new Promise((resolve) => {
      let answer = ''
      const socket = connectTcp(stand.ingress.port, '127.0.0.1', () => socket.write(text))
      socket.setEncoding('utf8').on('data', (more: string) => (answer += more))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(answer))
    })
  const GET = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
  const plain = { enabled: false }

  it('its word is believed, and counted by', async () => {
    await listen({ proxyProtocol: true, trustedProxies: ['loopback'], tls: plain }, { accessLog: path('access.log') })
    expect(await speak(`PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n${GET}`)).toMatch(/^HTTP\/1\.1 200 /)
    const log = path('access.log')
    await eventually('its line', () => existsSync(log) && readFileSync(log, 'utf8').includes('"client":"203.0.113.9"'))
    expect(await speak(GET)).toBe('')
  })

  it('nobody else may speak it', async () => {
    await listen({ proxyProtocol: true, trustedProxies: ['192.0.2.0/24'], tls: plain })
    expect(await speak(`PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n${GET}`)).toBe('')
  })
})
