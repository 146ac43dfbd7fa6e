/** The client's side of HTTP/1.1, by clients that say exact bytes. */
import fc from 'fast-check'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { createServer as createHttp, type IncomingMessage, type RequestListener } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { readRequestHead } from '../../ingress/edge/http1/request-head.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'

let stand: Stand | undefined
let server: Server | undefined
afterEach(async () => {
  await stand?.close()
  stand = undefined
  server?.close()
  server = undefined
})

interface Said {
  readonly pieces: readonly string[]
  readonly half?: boolean
}

/** Everything that a client gets that sends `pieces`, each in a packet of its own, until the connection ends. */
const raw = (port: number, { pieces, half = false }: Said): Promise<string> =>
  new Promise((resolve) => {
    let got = ''
    const rest = pieces.slice()
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: half })
    const say = (): void => {
      const next = rest.shift()
      if (next !== undefined) socket.write(next, 'latin1', () => setImmediate(say))
      else if (half) socket.end()
    }
    socket.on('connect', say)
    socket.on('data', (bytes) => (got += bytes.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(got))
  })

const statuses = (got: string): string[] =>
  [...got.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status as string)

const bodyOf = async (req: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const bytes of req) text += (bytes as Buffer).toString('latin1')
  return text
}

const echo: RequestListener = (req, res) => {
  void bodyOf(req).then((body) => res.end(`<${req.method} ${req.url} ${body.length}:${body}>`))
}

const open = async (backend: RequestListener, listen: object = {}): Promise<number> => {
  const options = { listen: { host: '127.0.0.1', port: 0, ...listen } }
  stand = await openStand({ backend, service: { ghost: { mode: 'off' } }, options })
  return stand.ingress.port
}

const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

describe('many requests on one connection', () => {
  it('reads them the same however they are cut into packets', async () => {
    const port = await open(echo)
    const text = fc.stringMatching(/^[ -~\r\n]{0,60}$/)
    const counted = text.map((body) => ({ body, sent: `Content-Length: ${body.length}\r\n\r\n${body}` }))
    const chunks = fc
      .array(
        text.filter((piece) => piece !== ''),
        { maxLength: 3 },
      )
      .map((pieces) => ({
        body: pieces.join(''),
        sent: `Transfer-Encoding: chunked\r\n\r\n${pieces.map((p) => `${p.length.toString(16)}\r\n${p}\r\n`).join('')}0\r\n\r\n`,
      }))
    const given = fc.record({
      requests: fc.array(fc.oneof(counted, chunks), { minLength: 1, maxLength: 4 }),
      cuts: fc.array(fc.nat(400), { maxLength: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(given, async ({ requests, cuts }) => {
        const all = requests.map(({ sent }) => `POST /e HTTP/1.1\r\nHost: a\r\n${sent}`).join('') + LAST
        const places = [0, ...cuts.toSorted((a, b) => a - b), all.length]
        const pieces = places.slice(1).map((to, i) => all.slice(places[i], to))
        const got = await raw(port, { pieces: pieces.filter((piece) => piece !== '') })
        const said = [...got.matchAll(/<POST \/e (\d+):([^]*?)>(?=\r\n0|HTTP\/1\.1|$)/g)]
        expect(statuses(got)).toHaveLength(requests.length + 1)
        expect(said.map(([, length]) => Number(length))).toEqual(requests.map(({ body }) => body.length))
      }),
      { numRuns: 40 },
    )
  })

  it('answers what came before a broken request, then refuses it', async () => {
    const port = await open(echo)
    const got = await raw(port, {
      pieces: ['GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost : a\r\n\r\n' + LAST],
    })
    expect(statuses(got)).toEqual(['200', '400'])
    expect(got).toContain('A field line has no valid name.')
  })

  it('keeps the connection of a client whose body came after the answer', async () => {
    const port = await open((_req, res) => res.writeHead(200, { 'content-length': 2 }).end('no'))
    const body = 'x'.repeat(200_000)
    const got = await raw(port, {
      pieces: [`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`, body, LAST],
    })
    expect(statuses(got)).toEqual(['200', '200'])
  })

  it('serves HTTP/1.0 with and without keep-alive', async () => {
    const port = await open((_req, res) => {
      res.write('a')
      setImmediate(() => res.end('b'))
    })
    const got = await raw(port, { pieces: ['GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'] })
    expect(got).not.toMatch(/transfer-encoding/i)
    expect(got.endsWith('\r\n\r\nab')).toBe(true)
  })
})

describe('a client that is slow, gone or half gone', () => {
  it('gets its answer after it said that it will send no more', async () => {
    let release: (() => void) | undefined
    const port = await open((_req, res) => (release = () => res.end('late')))
    const answer = raw(port, { pieces: ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'], half: true })
    await eventually('the request', () => release !== undefined)
    release?.()
    expect((await answer).endsWith('late')).toBe(true)
  })

  it('gets 408 for a head, and for a body, that does not come', async () => {
    const port = await open(echo, { timeouts: { head: 200, stall: 200 } })
    const [head, body] = await Promise.all([
      raw(port, { pieces: ['GET / HTTP/1.1\r\nHo'] }),
      raw(port, { pieces: ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc'] }),
    ])
    expect([statuses(head), statuses(body)]).toEqual([['408'], ['408']])
  })

  it('is told which limit it passed', async () => {
    const limits = { head: 300, target: 100, fields: 5, body: 10, connectionsPerClient: 2 }
    const port = await open(echo, { limits })
    const ask = async (text: string): Promise<string> => statuses(await raw(port, { pieces: [text] }))[0] as string
    const close = 'Host: a\r\nConnection: close\r\n'
    expect(await ask(`GET /${'a'.repeat(100)} HTTP/1.1\r\n${close}\r\n`)).toBe('414')
    expect(await ask(`GET / HTTP/1.1\r\n${close}X: ${'a'.repeat(300)}\r\n\r\n`)).toBe('431')
    expect(await ask(`GET / HTTP/1.1\r\n${close}${'X: 1\r\n'.repeat(4)}\r\n`)).toBe('431')
    expect(await ask(`POST / HTTP/1.1\r\n${close}Content-Length: 11\r\n\r\n12345678901`)).toBe('413')
    expect(
      await ask(`POST / HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n`),
    ).toBe('413')
    expect(await ask(`POST / HTTP/1.1\r\n${close}Content-Length: 10\r\n\r\n1234567890`)).toBe('200')
    const idle = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    expect(await ask(`GET / HTTP/1.1\r\n${close}\r\n`)).toBe('429')
    for (const socket of idle) socket.destroy()
    await eventually('a free place', async () => (await ask(`GET / HTTP/1.1\r\n${close}\r\n`)) === '200')
  })

  it('may expect nothing but to be told to go on', async () => {
    const head = 'POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: miracles\r\nConnection: close\r\n\r\n'
    expect(statuses(await raw(await open(echo), { pieces: [head] }))).toEqual(['417'])
  })
})

describe('what goes to the upstream', () => {
  it('has the trailers of the request, but none that route or authorise', async () => {
    const seen: NodeJS.Dict<string>[] = []
    const port = await open((req, res) => {
      void bodyOf(req).then(() => {
        seen.push(req.trailers)
        res.end()
      })
    })
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
    await raw(port, { pieces: [`${head}1\r\na\r\n0\r\nX-Sum: 1\r\nAuthorization: me\r\n\r\n`] })
    expect(seen).toEqual([{ 'x-sum': '1' }])
  })

  it('is read the same by a strict and by a lenient reader, whatever bytes came', async () => {
    const heard: string[] = []
    const upstream = createServer((socket) => {
      let text = ''
      socket.on('error', () => undefined)
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1')
        if (text.endsWith('0\r\n\r\n') || !/transfer-encoding/i.test(text))
          socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n')
      })
      socket.on('close', () => heard.push(text))
    })
    server = upstream
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    const service = { upstreams: [{ url }], ghost: { mode: 'off' as const }, timeouts: { response: 300 } }
    stand = await openStand({
      backend: echo,
      service,
      options: { listen: { host: '127.0.0.1', port: 0, timeouts: { head: 100, stall: 100 } } },
    })
    const { port } = stand.ingress
    const valid =
      'POST /e HTTP/1.1\r\nHost: a\r\nX-A: b\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
    const odd = fc.constantFrom(
      '\r',
      '\n',
      '\0',
      ' ',
      '\t',
      ',',
      ':',
      ';',
      '\u00a0',
      '\r\n',
      '\r\n\r\n',
      'Content-Length: 3\r\n',
      'chunked',
      '0\r\n\r\n',
    )
    const change = fc.record({ at: fc.nat(valid.length), cut: fc.nat(3), put: odd })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const bytes = changes.reduce((text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut), valid)
        await raw(port, { pieces: [bytes], half: true })
      }),
      { numRuns: 150 },
    )
    await stand.close()
    stand = undefined
    for (const text of heard) {
      const stop = text.indexOf('\r\n\r\n')
      const head = readRequestHead(text.slice(0, stop), { target: 1000, fields: 50 })
      expect(head.block.lines.join('')).not.toMatch(/[\0\r\n]/)
      // Nothing, if Node does not know the method; never something else, and never two.
      expect(['', head.target]).toContain(await leniently(text))
    }
    expect(heard.length).toBeGreaterThan(0)
  })
})

/** The targets of all requests that Node's parser finds in it when it is told to be lenient. */
const leniently = async (text: string): Promise<string> => {
  const targets: string[] = []
  const http = createHttp({ insecureHTTPParser: true }, (req, res) => {
    targets.push(req.url ?? '')
    req
      .resume()
      .on('end', () => res.end())
      .on('error', () => undefined)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  await raw((http.address() as AddressInfo).port, { pieces: [text], half: true })
  http.close()
  return targets.join(' ')
}
