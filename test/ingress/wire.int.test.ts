/**
 * What the wire may hold: hundreds of requests and answers as bytes, right and wrong ones, each judged at the other end by
 * a strict reader. Nothing that two readers could take differently passes; what passes is framed anew.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStand, type Stand } from './kit/stand.ts'
import { answerCases, type AnswerCase } from './kit/wire-answers.ts'
import type { RequestCase } from './kit/wire-case.ts'
import { requestCases } from './kit/wire-requests.ts'
import { converse, openRawBackend, valuesOf, type Message, type RawBackend } from './kit/wire.ts'

let stand: Stand
let backend: RawBackend

const pathOf = (n: number): string => `/w${String(n).padStart(4, '0')}`
const ANSWERS = 5000
const canned = new Map(answerCases.map((each, i) => [pathOf(ANSWERS + i), each]))
const placed = (text: string, path: string): string => text.replaceAll('§', path)

beforeAll(async () => {
  backend = await openRawBackend((line) => canned.get((line.split(' ')[1] ?? '').replace('?cut', '')))
  stand = await openStand({
    backend: (_req, res) => res.end(),
    service: {
      upstreams: [{ url: `http://127.0.0.1:${backend.port}` }],
      ghost: { mode: 'off' },
      breaker: { minRequests: 1_000_000 },
    },
    options: { listen: { host: '127.0.0.1', port: 0, timeouts: { stall: 2000, head: 2000 } } },
  })
})
afterAll(async () => {
  backend.close()
  await stand.close()
})

/** `*` at the end: begins with. */
const isLike = (value: string, wanted: string): boolean =>
  wanted.endsWith('*') ? value.startsWith(wanted.slice(0, -1)) : value === wanted

const expectFields = (message: Message | undefined, wanted: RequestCase['fields'] = {}, path = ''): void => {
  for (const [name, values] of Object.entries(wanted)) {
    const found = message === undefined ? undefined : valuesOf(message, name)
    const same = found?.length === values.length && found.every((it, i) => isLike(it, placed(values[i] ?? '', path)))
    expect(same ? values : found, name).toEqual(values)
  }
}

/** Whole, and in pieces: a reader must not care where the packets end. */
const WAYS = [
  ['whole', 0],
  ['in pieces', 2000],
] as const

describe.each(WAYS)('requests, %s', (_way, first) => {
  it.each(requestCases.map((each, i) => [each.name, each, i] as const))('%s', async (_name, each, i) => {
    const path = pathOf(first + i)
    const cut = first > 0
    const { bytes, status, lines = [], fields, body, trailers, answers = 1, end = false } = each
    const heard = await converse(stand.ingress.port, placed(bytes, path), { count: answers, end, cut })
    expect([status].flat()).toContain(heard.status)
    const seen = backend.requests(path.slice(1))
    expect(seen.map(({ line }) => line.replace(/ HTTP\/1\.1$/, ''))).toEqual(lines.map((it) => placed(it, path)))
    expectFields(seen[0], fields, path)
    if (body !== undefined) expect(seen[0]?.body).toBe(placed(body, path))
    if (trailers !== undefined) expect(seen[0]?.trailers).toEqual(trailers)
    expect(backend.faults).toEqual([])
  })
})

const asked = ({ method = 'GET', version = 'HTTP/1.1', rest = '\r\n' }: AnswerCase, path: string): string =>
  `${method} ${path} ${version}\r\nHost: a.test\r\n${rest}`

describe.each(WAYS)('answers, %s', (_way, first) => {
  it.each(answerCases.map((each, i) => [each.name, each, i] as const))('%s', async (_name, each, i) => {
    const path = pathOf(ANSWERS + i)
    const heard = await converse(stand.ingress.port, asked(each, first > 0 ? `${path}?cut` : path))
    expect(heard.text).not.toContain('EVIL')
    if (each.broken === true) {
      // What is broken while its head is still held becomes an honest 502.
      expect(heard.status === 502 || (heard.message === undefined && heard.closed), heard.text).toBe(true)
    } else {
      expect(heard.status).toBe(each.status)
      if (each.status !== 502) expect(heard.message?.body).toBe(each.body)
      if (each.trailers !== undefined) expect(heard.message?.trailers).toEqual(each.trailers)
      if (each.interim !== undefined) expect(heard.interim).toEqual(each.interim)
      expectFields(heard.message, each.fields)
    }
    // Nothing that was left over is somebody else's answer.
    const next = await converse(stand.ingress.port, `GET ${path}/next HTTP/1.1\r\nHost: a.test\r\n\r\n`)
    expect([next.status, next.message?.body]).toEqual([200, 'ok'])
  })
})
