import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAccept } from '../../../ingress/phases/accept.ts'
import { contextOf, through, type Asked } from '../kit/context.ts'

const accept = createAccept({ newSpan: () => 'b'.repeat(16), newTrace: () => 'a'.repeat(32) })
const accepted = (asked: Asked) => {
  const context = contextOf(asked)
  return { context, outcome: through(accept, context) }
}
const host = ['Host', 'shop.test']

describe('accept', () => {
  it.each<[string, Asked]>([
    ['two hosts', { headers: [...host, 'host', 'evil.test'] }],
    ['no host', { headers: [] }],
    ['a host with a path', { headers: ['Host', 'a/b'] }],
    ['a host with a user', { headers: ['Host', 'u@a'] }],
    ['a host with a bad port', { headers: ['Host', 'a:abc'] }],
    ['a port out of range', { headers: ['Host', 'a:65536'] }],
    ['a target that is no path', { target: 'books' }],
    ['a fragment', { target: '/books#7' }],
  ])('refuses %s', (_name, asked) => expect(accepted(asked).outcome).toMatchObject({ status: 400, close: true }))

  it('takes HTTP/1.0 without a host, IPv6, and absolute targets, whose authority wins', () => {
    expect(accepted({ protocol: 'HTTP/1.0', headers: [] }).outcome).toBe('next')
    expect(accepted({ headers: ['Host', '[::1]:8080'] }).outcome).toBe('next')
    const { context } = accepted({ target: 'http://other.test?q=1', headers: host })
    expect([context.head.host, context.target, context.path]).toEqual(['other.test', '/?q=1', '/'])
  })

  it('drops what is between neighbours, what Connection names and what only the proxy says', () => {
    const gone = ['Connection', 'x-mine, Keep-Alive', 'X-Mine', '1', 'Keep-Alive', '5', 'TE', 'gzip', 'Upgrade', 'h2c']
    const marks = ['X-Ghost', 'exact', 'x-chaos', '1', 'X-Forwarded-Proto', 'https', 'Expect', '100-continue']
    const { context } = accepted({ headers: [...host, ...gone, 'Accept', '*/*', ...marks] })
    expect(context.head.fields).toEqual(['Accept', '*/*'])
    expect(context.head.expectsContinue).toBe(true)
  })

  it('keeps Authorization and Content-Length although Connection names them', () => {
    const { context } = accepted({
      headers: [...host, 'Connection', 'authorization, content-length', 'Authorization', 'x', 'Content-Length', '3'],
    })
    expect(context.head.fields).toEqual(['Authorization', 'x', 'Content-Length', '3'])
  })

  it('continues a trace with a new span, and starts one where there is none that is valid', () => {
    const parent = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`
    const state = ['tracestate', 'v=1']
    const kept = accepted({ headers: [...host, 'traceparent', parent, ...state] }).context.head
    expect([kept.traceparent, kept.fields]).toEqual([`00-${'c'.repeat(32)}-${'b'.repeat(16)}-01`, state])
    const made = accepted({ headers: [...host, 'traceparent', '00-0-0-01', ...state] }).context.head
    expect([made.traceparent, made.fields]).toEqual([`00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`, []])
  })

  it('keeps a request id that is one, and makes one otherwise', () => {
    expect(accepted({ headers: [...host, 'X-Request-Id', 'abc-1'] }).context.head.requestId).toBe('abc-1')
    expect(accepted({ headers: [...host, 'X-Request-Id', 'a b'] }).context.head.requestId).toMatch(/^01900000-/)
  })

  it('leaves every other field as it is: order, case, repeats, values', () => {
    const name = fc.stringMatching(/^X-[A-Za-z]{1,8}$/).filter((n) => !/^x-(ghost|chaos|request|real)/i.test(n))
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ unit: 'grapheme-ascii' }))), (pairs) => {
        const lines = pairs.flat()
        expect(accepted({ headers: [...host, ...lines] }).context.head.fields).toEqual(lines)
      }),
    )
  })
})
