import { describe, expect, it } from 'vitest'
import { openTee, tee } from '../../../ingress/phases/tee.ts'
import { clientFields, failureOf, illStatus, retryOf } from '../../../ingress/phases/forward.ts'
import { contextOf } from '../kit/context.ts'
import { serviceOf } from '../kit/services.ts'

const stale = { code: 'ECONNRESET', message: '', handed: true, reused: true, replayable: true }

describe('forward', () => {
  it('gives the client end-to-end fields only, in order, with repeats', () => {
    const fields = 'Set-Cookie|a|Connection|x-hop|X-Hop|1|set-cookie|b|X-Ghost|exact|Content-Length|3'.split('|')
    const head = clientFields(fields)
    expect(head).toEqual({
      lines: ['Set-Cookie', 'a', 'set-cookie', 'b', 'Content-Length', '3'],
      contentLength: 3,
      retryAfter: false,
    })
  })

  it.each([
    ['a GET on a stale connection', 'GET', {}, false, 'same'],
    ['the same a second time', 'GET', {}, true, 'no'],
    ['a POST on a stale connection', 'POST', {}, false, 'no'],
    ['a GET on a new connection', 'GET', { reused: false }, false, 'no'],
    ['a timeout', 'GET', { code: 'ETIMEDOUT' }, false, 'no'],
    ['a POST that was never sent', 'POST', { handed: false }, false, 'other'],
    ['a body that is gone', 'GET', { replayable: false }, false, 'no'],
  ])('tries again after %s: %s', (...[, method, trouble, again, expected]) => {
    expect(retryOf(contextOf({ method }), { ...stale, ...trouble }, again)).toBe(expected)
  })

  it.each([
    ['a reset on a new connection', 'GET', { reused: false }, 'other'],
    ['a timeout', 'PUT', { code: 'ETIMEDOUT' }, 'other'],
    ['what was no HTTP', 'DELETE', { code: 'HPE_INVALID_CONSTANT' }, 'other'],
    ['a POST that was sent', 'POST', { reused: false }, 'no'],
    ['a PATCH that was sent', 'PATCH', { code: 'ETIMEDOUT' }, 'no'],
    ['a body that is gone', 'PUT', { reused: false, replayable: false }, 'no'],
  ])('with another upstream, after %s: %s %j is tried on %s', (_, method, trouble, expected) => {
    const context = contextOf({ method })
    context.service = serviceOf(['http://a', 'http://b'])
    expect(retryOf(context, { ...stale, ...trouble }, false)).toBe(expected)
  })

  it('repeats a request only on so many upstreams, while the budget lasts, and before an answer began', () => {
    const context = contextOf()
    context.service = serviceOf(['http://a', 'http://b'], { retry: { attempts: 1, perSecond: 0.2, budget: 0 } })
    const fresh = { ...stale, reused: false }
    expect([1, 2, 3].map(() => retryOf(context, fresh, false))).toEqual(['other', 'other', 'no'])
    context.service = serviceOf(['http://a', 'http://b'], { retry: { attempts: 1 } })
    context.status = 200
    expect(retryOf(context, fresh, false)).toBe('no')
    context.status = 0
    expect(retryOf(context, fresh, false)).toBe('other')
    context.tried.push(...context.service.upstreams)
    expect(retryOf(context, fresh, false)).toBe('no')
    expect(retryOf(context, { ...fresh, handed: false }, false)).toBe('other')
  })

  it.each([
    [{ handed: false, code: 'ECONNREFUSED' }, 'connect-failed', false],
    [{ code: 'ETIMEDOUT' }, 'timeout', true],
    [{ code: 'ECONNRESET' }, 'reset', true],
    [{ code: 'HPE_INVALID_CONSTANT' }, 'protocol-error', true],
  ])('names %j', (trouble, why, sent) => expect(failureOf({ ...stale, ...trouble }, 'u')).toMatchObject({ why, sent }))

  it('takes 502, 503 and 504 for illness, and nothing else', () => {
    const ill = Array.from({ length: 400 }, (_, i) => i + 200).filter(
      (status) => illStatus(status, false) !== undefined,
    )
    expect(ill).toEqual([502, 503, 504])
    expect(illStatus(503, true)).toBeUndefined()
  })

  it('keeps the first bytes of a body and counts them all', () => {
    const kept = openTee(5)
    for (const part of ['abc', 'def', 'ghi']) tee(kept, Buffer.from(part))
    expect([Buffer.concat(kept.chunks).toString(), kept.kept, kept.length]).toEqual(['abcde', 5, 9])
  })
})
