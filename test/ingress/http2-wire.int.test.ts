/**
 * Requests of HTTP/2 as they become those of HTTP/1.1: what could say something else there than here never reaches the
 * backend (RFC 9113 sections 8.2 and 8.3, and what "HTTP/2: the sequel is always worse" has taught).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chance } from './kit/candidates.ts'
import { certify, type Certified } from './kit/certified.ts'
import { literal, openRaw, type RawClient, type WireFrame } from './kit/frames.ts'
import { mutate } from './kit/mutate.ts'
import { eventually, openStand, type Stand } from './kit/stand.ts'
import { openRawBackend, valuesOf, type RawBackend } from './kit/wire.ts'

let certified: Certified
let stand: Stand
let backend: RawBackend

beforeAll(async () => {
  certified = await certify()
  backend = await openRawBackend(() => undefined)
  stand = await openStand({
    backend: (_req, res) => res.end(),
    service: { upstreams: [{ url: `http://127.0.0.1:${backend.port}` }], ghost: { mode: 'off' }, health: 'off' },
    options: {
      listen: {
        host: '127.0.0.1',
        port: 0,
        tls: certified.tls,
      },
    },
  })
})
afterAll(async () => {
  backend.close()
  await stand.close()
  certified.remove()
})

type Fields = readonly (readonly [name: string, value: string])[]

interface Case {
  readonly name: string
  readonly fields: Fields
  readonly body?: string
  readonly trailers?: Fields
  /** What reaches the backend; nothing unless given. */
  readonly line?: string
  readonly got?: Readonly<Record<string, readonly string[]>>
}

const pseudo = (rest: Readonly<Record<string, string | undefined>> = {}): [string, string][] =>
  Object.entries({ ':method': 'GET', ':scheme': 'https', ':authority': 'a.test', ':path': '§', ...rest }).filter(
    (field): field is [string, string] => field[1] !== undefined,
  )
const bad = (name: string, fields: Fields, rest: Partial<Case> = {}): Case => ({ name, fields, ...rest })
const withField = (name: string, value: string): Case =>
  bad(`${JSON.stringify(name)}: ${JSON.stringify(value)}`, [...pseudo(), [name, value]])
const withPseudo = (name: string, value: string | undefined): Case =>
  bad(`${name} ${JSON.stringify(value)}`, pseudo({ [name]: value }))
const good = (name: string, fields: Fields, got: Case['got'] = {}, rest: Partial<Case> = {}): Case => ({
  name,
  fields,
  line: 'GET §',
  got,
  ...rest,
})
const POST = { ':method': 'POST' }
const SMUGGLED = 'GET /evil HTTP/1.1\r\nHost: b.test\r\n\r\n'

/** nghttp2 leaves such fields out, and the request goes on without them. */
const leftOut: Fields = [
  ['x\r\ny', 'z'],
  ['x\n', 'y'],
  ['x\0', 'y'],
  ['x y', 'z'],
  ['x:y', 'z'],
  ['x: y\r\ntransfer-encoding', 'chunked'],
  ['', 'x'],
  ['x\xe9', 'y'],
  ['x(', 'y'],
  ['x-a', 'b\r\nx-c: d'],
  ['x-a', 'b\nx-c: d'],
  ['x-a', 'b\rc'],
  ['x-a', 'b\0c'],
  ['x-a', `b\r\n\r\n${SMUGGLED}`],
]
const badFields: Fields = [
  ['X-A', 'y'],
  ['connection', 'close'],
  ['keep-alive', 'timeout=5'],
  ['proxy-connection', 'keep-alive'],
  ['transfer-encoding', 'chunked'],
  ['upgrade', 'h2c'],
  ['te', 'gzip'],
  ['host', 'b.test'],
  ['content-length', '-1'],
  ['content-length', '1, 1'],
  ['content-length', '0x1'],
  ['content-length', '7'],
  [':path', '/other'],
  [':x', 'y'],
  [':status', '200'],
]
const badPseudos: readonly (readonly [string, string | undefined])[] = [
  [':path', undefined],
  [':path', ''],
  [':path', 'a'],
  [':path', '§ HTTP/1.1\r\nx: y'],
  [':path', '§ x'],
  [':path', '§\t'],
  [':path', '§\0'],
  [':path', '§#f'],
  [':path', 'https://b.test§'],
  [':path', '*'],
  [':method', undefined],
  [':method', ''],
  [':method', 'G T'],
  [':method', 'GET / HTTP/1.1\r\nx:'],
  [':method', 'TRACE'],
  [':method', 'CONNECT'],
  [':scheme', undefined],
  [':authority', 'a test'],
  [':authority', 'u\x40a.test'],
  [':authority', 'a.test/x'],
  [':authority', 'a.test\r\nx: y'],
  [':authority', 'a.test:x'],
  [':authority', ''],
]

const cases: readonly Case[] = [
  ...leftOut.map(([name, value]) => ({
    ...withField(name, value),
    line: 'GET §',
    got: { 'x-a': [], x: [], 'x-c': [] },
  })),
  ...badFields.map(([name, value]) => withField(name, value)),
  ...badPseudos.map(([name, value]) => withPseudo(name, value)),
  bad('a pseudo-field behind a field', [...pseudo({ ':path': undefined }), ['x-a', 'b'], [':path', '§']]),
  bad('no host at all', pseudo({ ':authority': undefined })),
  bad('two hosts', [...pseudo({ ':authority': undefined }), ['host', 'a.test'], ['host', 'b.test']]),
  bad('two lengths', [...pseudo(POST), ['content-length', '2'], ['content-length', '3']], { body: 'hi' }),
  bad('less than its length', [...pseudo(POST), ['content-length', '9']], { body: 'hi' }),
  bad('more than its length', [...pseudo(POST), ['content-length', '0']], { body: SMUGGLED }),
  bad('a pseudo-field in the trailers', pseudo(POST), { body: 'hi', trailers: [[':path', '/x']] }),
  bad('another expectation', [...pseudo(POST), ['expect', 'cake']], { body: 'hi' }),
  good('fields, their order and repeats', [...pseudo(), ['x-a', '1'], ['x-b', ''], ['x-a', '\xe9 2']], {
    'x-a': ['1', '\xe9 2'],
    'x-b': [''],
    host: ['a.test'],
    via: ['2 chaos-proxy*'],
  }),
  good('crumbs of a cookie', [...pseudo(), ['cookie', 'a=1'], ['x', 'y'], ['cookie', 'b=2']], {
    cookie: ['a=1; b=2'],
  }),
  good('te: trailers', [...pseudo(), ['te', 'trailers']], { te: ['trailers'], connection: ['te'] }),
  good('a host in place of an authority', [...pseudo({ ':authority': undefined }), ['host', 'b.test:8']], {
    host: ['b.test:8'],
  }),
  good('a host that is the authority', [...pseudo({ ':authority': 'A.test' }), ['host', 'a.test:443']], {
    host: ['A.test'],
  }),
  good('a target is left alone', pseudo({ ':path': '§/..//%2f?a=b?&' }), {}, { line: 'GET §/..//%2f?a=b?&' }),
  good('a body that is a request', pseudo(POST), {}, { line: 'POST §', body: SMUGGLED }),
  good(
    'no "go on" where that is not awaited',
    [...pseudo(POST), ['expect', '100-continue']],
    { expect: [] },
    { line: 'POST §', body: 'hi' },
  ),
  good('trailers', pseudo(POST), {}, { line: 'POST §', body: 'hi', trailers: [['x-sum', '1']] }),
]

const frames = ({ fields, body, trailers }: Case, path: string): WireFrame[] => {
  const block = (all: Fields): Buffer =>
    Buffer.concat(all.map(([name, value]) => literal(name, value.replaceAll('§', path))))
  const sent: WireFrame[] = [{ type: 1, flags: body === undefined ? 5 : 4, stream: 1, payload: block(fields) }]
  if (body !== undefined)
    sent.push({ type: 0, flags: trailers === undefined ? 1 : 0, stream: 1, payload: Buffer.from(body, 'latin1') })
  if (trailers !== undefined) sent.push({ type: 1, flags: 5, stream: 1, payload: block(trailers) })
  return sent
}

/** An answer, a reset of the stream, or the end of the connection. */
const isOver = ({ got, closed }: RawClient): boolean =>
  closed() ||
  got.some(
    ({ type, flags, stream }) => type === 7 || (stream === 1 && (type === 3 || (type <= 1 && (flags & 1) !== 0))),
  )

const same = (found: readonly string[], wanted: readonly string[]): boolean =>
  found.length === wanted.length &&
  found.every((it, i) => (wanted[i]?.endsWith('*') === true ? it.startsWith(wanted[i].slice(0, -1)) : it === wanted[i]))

/** What the backend has of it. */
const judge = (each: Case, path: string): void => {
  const seen = backend.requests(path.slice(1))
  const lines = each.line === undefined ? [] : [`${each.line.replace('§', path)} HTTP/1.1`]
  expect([seen.map(({ line }) => line), backend.faults, backend.requests('')]).toEqual([lines, [], []])
  const [got] = seen
  if (got === undefined) return
  for (const [name, values] of Object.entries(each.got ?? {}))
    expect(same(valuesOf(got, name), values), name).toBe(true)
  expect([got.body, got.trailers]).toEqual([each.body ?? '', each.trailers ?? []])
}

describe('a request of HTTP/2', () => {
  it.each(cases.map((each, i) => [each.name, each, i] as const))('%s', async (_name, each, i) => {
    const path = `/w${String(7000 + i)}`
    const client = await openRaw(stand.ingress.port, certified.authority.cert)
    client.send(...frames(each, path))
    await eventually('an end', () => isOver(client))
    client.socket.destroy()
    judge(each, path)
    const heads = client.got.filter(({ type, stream }) => type === 1 && stream === 1)
    if (each.line !== undefined) expect(heads.length).toBe(1)
  })
})

it('is read in one way only behind us, whatever its fields are made of', async () => {
  const seeds = Number(process.env['CHAOS_PROXY_TEST_SEEDS'] ?? 200)
  const one = async (seed: number): Promise<void> => {
    const random = chance(seed)
    const path = `/w${String(seed).padStart(4, '0')}`
    const each = cases[Math.floor(random() * cases.length)] as Case
    const spoilt = Math.floor(random() * each.fields.length)
    const fields = each.fields.map(([name, value], i) => {
      if (i !== spoilt) return [name, value] as const
      return random() < 0.4 ? ([mutate(name, random), value] as const) : ([name, mutate(value, random)] as const)
    })
    const client = await openRaw(stand.ingress.port, certified.authority.cert)
    client.send(...frames({ ...each, fields }, path))
    await eventually(`an end of ${JSON.stringify(fields)}`, () => isOver(client))
    client.socket.destroy()
  }
  for (let from = 0; from < seeds; from += 10) await Promise.all(Array.from({ length: 10 }, (_, i) => one(from + i)))
  expect(backend.faults).toEqual([])
})
