import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type ConnectionOptions, type Server } from 'node:tls'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAuthority, createLeaf, type LeafOptions, type Pair } from '../../../deploy/certs.ts'
import { openTickets, ticketOptions, ticketSeeds, useTickets } from '../../../ingress/edge/tickets.ts'
import { openListenTls, openUpstreamTls, type ListenTls } from '../../../ingress/edge/tls.ts'
import type { ListenTlsOptions } from '../../../ingress/options.ts'
import { eventually } from '../kit/stand.ts'

let authority: Pair
let stranger: Pair
let dir: string
let opened: ListenTls | undefined
let server: Server | undefined
const told: string[] = []
const note = (_: object, message: string): void => void told.push(message)
const logger = { debug: note, info: note, warn: note, error: note }

beforeAll(async () => {
  authority = await createAuthority('ours')
  stranger = await createAuthority('a stranger')
})
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cp-tls-'))
  told.length = 0
  write('ca', authority)
})
afterEach(() => {
  opened?.close()
  server?.close()
  opened = undefined
  server = undefined
  rmSync(dir, { recursive: true, force: true })
})

const path = (name: string): string => join(dir, name)
const write = (name: string, { cert, key }: Pair): void => {
  writeFileSync(path(`${name}.pem`), cert)
  writeFileSync(path(`${name}.key`), key)
}
const issue = async (name: string, rest: Partial<LeafOptions> = {}, by = authority): Promise<void> =>
  write(name, await createLeaf(by, { names: [name], days: 30, use: 'server', ...rest }))
const files = (name: string) => ({ cert: path(`${name}.pem`), key: path(`${name}.key`) })

const listen = async (options: Partial<ListenTlsOptions>): Promise<number> => {
  opened = openListenTls({ enabled: true, ...options }, logger, 10)
  server = createServer(opened.options, (socket) => socket.on('error', () => undefined).end('hello'))
  server.on('tlsClientError', () => undefined)
  opened.renew(server)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Whose certificate is shown, or why there is no connection. */
const shown = (port: number, options: ConnectionOptions = {}): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, ...options })
    let subject = ''
    // With TLS 1.3 a refusal of our certificate comes after the handshake: only what is said then counts.
    socket.on('data', () => {
      subject = socket.getPeerX509Certificate()?.subject ?? ''
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.on('close', () => resolve(subject || 'refused'))
  })

describe('what clients are shown', () => {
  it('is chosen by the name they ask for', async () => {
    await issue('first.test')
    await issue('shop.test')
    await issue('wild', { names: ['*.api.test'] })
    const sni = [
      { names: ['shop.test'], ...files('shop.test') },
      { names: ['*.api.test'], ...files('wild') },
    ]
    const port = await listen({ ...files('first.test'), sni })
    expect(await shown(port, { servername: 'first.test' })).toBe('CN=first.test')
    expect(await shown(port, { servername: 'SHOP.test' })).toBe('CN=shop.test')
    expect(await shown(port, { servername: 'v1.api.test' })).toBe('CN=*.api.test')
    expect(await shown(port, { servername: 'a.v1.api.test' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(await shown(port, { checkServerIdentity: () => undefined })).toBe('CN=first.test')
  })

  it('changes with the files while connections stay; what does not fit changes nothing', async () => {
    await issue('old.test')
    await issue('next', { names: ['shop.test'] })
    const sni = [{ names: ['shop.test'], ...files('next') }]
    const port = await listen({ ...files('old.test'), sni })
    expect(await shown(port, { servername: 'old.test' })).toBe('CN=old.test')
    const serial = async (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, servername: 'shop.test' }, () => {
          resolve(socket.getPeerX509Certificate()?.serialNumber ?? '')
          socket.destroy()
        })
        socket.on('error', reject)
      })
    const before = await serial()
    write('old.test', await createLeaf(authority, { names: ['new.test'], days: 30, use: 'server' }))
    await issue('next', { names: ['shop.test'] })
    await eventually(
      'the new certificate',
      async () => (await shown(port, { servername: 'new.test' })) === 'CN=new.test',
    )
    await eventually('the new one by name', async () => (await serial()) !== before)
    writeFileSync(path('old.test.pem'), 'half a fi')
    await eventually('a complaint', () => told.includes('new certificates cannot be used; the old ones stay'))
    expect(opened?.reload()).toMatch(/listen\.tls\.cert: .*old\.test\.pem is no PEM file/)
    expect(await shown(port, { servername: 'new.test' })).toBe('CN=new.test')
    write('old.test', await createLeaf(authority, { names: ['last.test'], days: 30, use: 'server' }))
    expect(opened?.reload()).toBeUndefined()
    expect(await shown(port, { servername: 'last.test' })).toBe('CN=last.test')
  })

  it('can want a certificate of clients (mTLS)', async () => {
    await issue('first.test')
    await issue('ann', { use: 'client' })
    await issue('eve', { use: 'client' }, stranger)
    const port = await listen({ ...files('first.test'), clientCa: path('ca.pem'), clientAuth: 'require' })
    const as = (name?: string): Promise<string> => {
      const pair = name === undefined ? {} : { cert: read(`${name}.pem`), key: read(`${name}.key`) }
      return shown(port, { servername: 'first.test', ...pair })
    }
    expect(await as('ann')).toBe('CN=first.test')
    expect(await as()).toMatch(/^ERR_SSL_|ECONNRESET|refused/)
    expect(await as('eve')).toMatch(/^ERR_SSL_|ECONNRESET|refused/)
  })

  it('speaks no version that is too old', async () => {
    await issue('first.test')
    const port = await listen({ ...files('first.test'), minVersion: 'TLSv1.3' })
    expect(await shown(port, { servername: 'first.test', maxVersion: 'TLSv1.2' })).toMatch(/PROTOCOL_VERSION/)
    expect(await shown(port, { servername: 'first.test' })).toBe('CN=first.test')
  })

  it('warns of one that ends soon', async () => {
    await issue('first.test', { days: 2 })
    await listen(files('first.test'))
    expect(told.join()).toMatch(/the certificate of CN=first\.test ends on .*; renew it/)
  })

  it.each<[string, Partial<ListenTlsOptions>, RegExp]>([
    ['no certificate', {}, /there is no certificate; .*chaos-proxy certs/],
    [
      'a file that is not there',
      { cert: '/no/such.pem', key: '/no/such.key' },
      /listen\.tls\.cert: \/no\/such\.pem: there is no such file/,
    ],
    ['half a pair', { cert: '/no/such.pem' }, /cert and key go together/],
    ['clients without an authority', { clientAuth: 'require' }, /needs listen\.tls\.clientCa/],
  ])('says what is wrong: %s', (_name, options, message) => {
    expect(() => openListenTls({ enabled: true, ...options }, logger)).toThrow(message)
  })

  it('says whose key is not whose', async () => {
    await issue('a.test')
    await issue('b.test')
    const mixed = { cert: path('a.test.pem'), key: path('b.test.key') }
    expect(() => openListenTls({ enabled: true, ...mixed }, logger)).toThrow(
      /b\.test\.key is not the key of .*a\.test\.pem/,
    )
  })
})

const read = (name: string): string => readFileSync(path(name), 'utf8')

describe('what is wanted of upstreams', () => {
  const reach = (port: number, options: Parameters<typeof openUpstreamTls>[0], host = 'first.test'): Promise<string> =>
    shown(port, { ca: undefined, ...openUpstreamTls(options, logger)(host) })

  it('is a certificate that somebody we know signed, for the name that was asked for', async () => {
    await issue('first.test')
    const port = await listen(files('first.test'))
    expect(await reach(port, {})).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    expect(await reach(port, { ca: path('ca.pem') })).toBe('CN=first.test')
    expect(await reach(port, { ca: path('ca.pem') }, 'other.test')).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(await reach(port, { ca: path('ca.pem'), serverName: 'first.test' }, 'other.test')).toBe('CN=first.test')
    expect(await reach(port, { verify: false }, 'other.test')).toBe('CN=first.test')
    write('other', stranger)
    expect(await reach(port, { ca: path('other.pem') })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })

  it('can show our certificate, and a new one once it is there', async () => {
    await issue('first.test')
    await issue('us', { use: 'client' })
    const port = await listen({ ...files('first.test'), clientCa: path('ca.pem'), clientAuth: 'require' })
    expect(await reach(port, { ca: path('ca.pem') })).toMatch(/^ERR_SSL_|ECONNRESET|refused/)
    let now = 0
    const options = openUpstreamTls({ ca: path('ca.pem'), ...files('us') }, logger, () => now)
    expect(await shown(port, options('first.test'))).toBe('CN=first.test')
    const serial = (): string => new X509Certificate(options('first.test').cert as Buffer).serialNumber
    const before = serial()
    await issue('us', { use: 'client' })
    expect(serial()).toBe(before)
    now = 10_000
    expect(serial()).not.toBe(before)
    writeFileSync(path('us.key'), 'broken')
    now = 20_000
    expect(await shown(port, options('first.test'))).toBe('CN=first.test')
    expect(told).toContain('new certificates for upstreams cannot be used')
  })

  it('asks for no name where there is only an address', () => {
    expect(openUpstreamTls({}, logger)('192.0.2.1')).toEqual({ rejectUnauthorized: true, servername: '' })
  })
})

it('lets a client go on with its session at whoever has the same ticket seed, after new certificates too', async () => {
  await issue('a.test')
  const ticketSeed = ticketSeeds()()
  const one = await listen({ ...files('a.test'), ticketSeed })
  let session: Buffer | undefined
  const reused = (port: number): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', servername: 'a.test', ca: authority.cert, session }).resume()
      socket.on('session', (ticket: Buffer) => (session = ticket))
      socket.on('error', reject)
      let again = false
      socket.once('secureConnect', () => (again = socket.isSessionReused()))
      socket.on('close', () => resolve(again))
    })
  expect(await reused(one)).toBe(false)
  opened?.close()
  server?.close()
  const two = await listen({ ...files('a.test'), ticketSeed })
  expect(await reused(two)).toBe(true)
  opened?.reload()
  expect(await reused(two)).toBe(true)
  opened?.close()
  server?.close()
  const stranger = await listen(files('a.test'))
  expect(await reused(stranger)).toBe(false)
})

it('takes the ticket of the key before, gives a new one for it, and takes none that is older', async () => {
  const every = 1000
  let now = 5 * every
  const tickets = openTickets(ticketSeeds(every, () => now)(), every, () => now)
  await issue('a.test')
  const [cert, key] = [readFileSync(path('a.test.pem')), readFileSync(path('a.test.key'))]
  const secure = (server = createServer({ cert, key, ...ticketOptions(tickets) }, (socket) => socket.end('hi')))
  useTickets(secure, tickets)
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
  const { port } = secure.address() as AddressInfo
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    let newest: Buffer | undefined
    const reused = (session?: Buffer): Promise<boolean> =>
      new Promise((resolve, reject) => {
        const only = { minVersion: version, maxVersion: version, ca: authority.cert, servername: 'a.test' }
        const socket = connect({ port, host: '127.0.0.1', ...only, session }).resume()
        socket.on('session', (ticket: Buffer) => (newest = ticket))
        socket.on('error', reject)
        let again = false
        socket.once('secureConnect', () => {
          again = socket.isSessionReused()
          // Node tells of no renewed ticket in TLS 1.2.
          if (version === 'TLSv1.2') newest = socket.getSession()
        })
        socket.on('close', () => resolve(again))
      })
    expect(await reused()).toBe(false)
    const first = newest
    now += every
    expect(await reused(first)).toBe(true)
    const renewed = newest
    now += every
    expect([await reused(first), await reused(renewed)]).toEqual([false, true])
  }
})
