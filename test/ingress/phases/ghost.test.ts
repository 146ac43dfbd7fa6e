/** A ghost's answer as HTTP, by the sections of RFC 9110 and 9111. */
import { describe, expect, it } from 'vitest'
import { ghostReply } from '../../../ingress/phases/ghost.ts'
import { fieldOf } from '../../../ingress/phases/fields.ts'
import { capture } from '../../../ingress/phases/capture.ts'
import type { Reply, Why } from '../../../ingress/phases/context.ts'
import type { GhostAnswer } from '../../../schemas/semantics/ghost-port.ts'
import { createRedactor } from '../../../schemas/semantics/redaction.ts'
import { testKeyed } from '../../kit/keyed.ts'
import { contextOf } from '../kit/context.ts'

const NOW = 1_700_000_100_000_000
const TAG = '"v1"'
const MODIFIED = 'Tue, 14 Nov 2023 10:00:00 GMT'
const LATER = 'Tue, 14 Nov 2023 11:00:00 GMT'

interface Case {
  readonly method?: string
  readonly headers?: readonly string[]
  readonly learned?: Readonly<Record<string, string>>
  readonly status?: number
  readonly confidence?: number
  readonly why?: Why
}

const reply = (asked: Case): Reply => {
  const { method = 'GET', headers = [], learned = {}, status = 200, confidence = 0.95, why = 'unavailable' } = asked
  const all = { 'content-type': 'application/json', etag: TAG, 'last-modified': MODIFIED, ...learned }
  const answer: GhostAnswer = {
    kind: 'answer',
    ghost: 'exact',
    endpoint: 'shop GET /books/{id}',
    status,
    headers: Object.entries(all).map(([name, value]) => ({ name, value })),
    body: Buffer.from('{"id":7}'),
    confidence,
    learnedAt: NOW - 5_000_000,
  }
  return ghostReply(contextOf({ method, headers: ['host', 'shop.test', ...headers] }), answer, {
    why,
    now: NOW,
    activation: 'a',
    unseal: (text) => text,
    unsealBody: (body) => body,
  })
}
const field = (case_: Case, name: string): string | undefined => fieldOf(reply(case_).headers, name)

describe('conditional requests (9110 §13)', () => {
  it.each<[string, readonly string[], number]>([
    ['the same tag', ['if-none-match', TAG], 304],
    ['a weak one of the same', ['if-none-match', 'W/"v1"'], 304],
    ['one of a list', ['if-none-match', '"v0", "v1"'], 304],
    ['any', ['if-none-match', '*'], 304],
    ['another tag', ['if-none-match', '"v2"'], 200],
    ['another tag, though not modified since', ['if-none-match', '"v2"', 'if-modified-since', LATER], 200],
    ['not modified since', ['if-modified-since', LATER], 304],
    ['modified since', ['if-modified-since', 'Tue, 14 Nov 2023 09:00:00 GMT'], 200],
    ['no date', ['if-modified-since', 'yesterday'], 200],
  ])('%s', (_, headers, status) => {
    expect(reply({ headers }).status).toBe(status)
    expect(reply({ headers, method: 'HEAD' }).status).toBe(status)
  })

  it('asks them of GET and HEAD only, and of 200 only', () => {
    const headers = ['if-none-match', TAG]
    expect(reply({ headers, method: 'OPTIONS' }).status).toBe(200)
    expect(reply({ headers, status: 404 }).status).toBe(404)
  })

  it('says in a 304 what a cache needs, marked, and nothing of the body', () => {
    const { headers, body } = reply({ headers: ['if-none-match', TAG], learned: { vary: 'accept' } })
    expect([body.length, fieldOf(headers, 'content-type')]).toEqual([0, undefined])
    expect([fieldOf(headers, 'etag'), fieldOf(headers, 'vary'), fieldOf(headers, 'x-ghost')]).toEqual([
      TAG,
      'accept',
      'exact',
    ])
  })
})

describe('content coding (9110 §8.4, §12.5.3)', () => {
  it('answers uncoded what was coded, with a weak tag and no digest of other bytes', () => {
    const learned = { 'content-encoding': 'gzip', 'repr-digest': 'sha-256=:x:', vary: 'accept-encoding' }
    const { headers } = reply({ learned })
    expect(fieldOf(headers, 'content-encoding')).toBeUndefined()
    expect(fieldOf(headers, 'repr-digest')).toBeUndefined()
    expect([fieldOf(headers, 'etag'), fieldOf(headers, 'vary')]).toEqual(['W/"v1"', 'accept-encoding'])
    expect(reply({ learned, headers: ['if-none-match', TAG] }).status).toBe(304)
  })
})

describe('what else holds', () => {
  it('ignores a range: all of it, with 200 (9110 §14.2)', () => {
    const { status, body } = reply({ headers: ['range', 'bytes=0-1'] })
    expect([status, Buffer.from(body).toString()]).toEqual([200, '{"id":7}'])
  })

  it('is never stored, tells its age and that it is not fresh (9111 §5, 9211)', () => {
    expect(field({}, 'cache-control')).toBe('no-store')
    expect(field({}, 'age')).toBe('5')
    expect(field({}, 'cache-status')).toBe('chaos-proxy; hit; ttl=-5; detail=exact')
    expect(field({}, 'proxy-status')).toBe('chaos-proxy; error=destination_unavailable')
  })

  it('never repeats what is between neighbours, of one time, or a mark', () => {
    const once = { 'Set-Cookie': 'sid=1', Connection: 'close', Date: MODIFIED, Expires: LATER, 'x-ghost-evil': '1' }
    const { headers } = reply({ learned: once })
    for (const name of Object.keys(once)) expect(fieldOf(headers, name.toLowerCase())).toBeUndefined()
  })
})

describe('marks that many answers share', () => {
  const redactor = createRedactor(testKeyed, { headers: ['x-ghost-activation'], fields: [], pii: 'pseudonymise' })
  const settings = {
    redactor,
    bodies: 'json',
    pseudonym: (text: string) => text,
    concat: () => Buffer.alloc(0),
    clock: () => 0,
  } as const

  it.each<[string, Case]>([
    ['as before', {}],
    ['other fields', { learned: { location: '/next?token=canary' } }],
    ['304', { headers: ['if-none-match', TAG] }],
    ['another probability', { confidence: 0.7 }],
    ['another reason', { why: 'timeout' }],
  ])('are said and logged as if each answer had its own: %s', (_, asked) => {
    reply({})
    const { headers, marks } = reply(asked)
    const context = contextOf()
    for (let times = 0; times < 2; times++) {
      Object.assign(context, { responseHeaders: headers, marks })
      expect(capture(context, settings).responseHeaders).toEqual(redactor.lines(headers))
    }
    expect(fieldOf(headers, 'x-ghost-confidence')).toBe((asked.confidence ?? 0.95).toFixed(2))
    expect(fieldOf(headers, 'proxy-status')).toBe(fieldOf(reply({ ...asked, learned: {} }).headers, 'proxy-status'))
  })
})
