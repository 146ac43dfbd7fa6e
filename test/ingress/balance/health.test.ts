import { describe, expect, it } from 'vitest'
import { checked, nextCheck, openHealth, wrongAnswer } from '../../../ingress/balance/health.ts'

const options = { path: '/healthz', every: 5000, timeout: 100, healthyAfter: 2, unhealthyAfter: 3 }

describe('active health', () => {
  it('calls an upstream down after so many bad checks in a row, and up after so many good ones', () => {
    const health = openHealth()
    const results = [true, false, false, true, false, false, false, true, false, true, true]
    const changes = results.map((ok) => checked(health, ok, options)?.to)
    const none = Array<undefined>(5).fill(undefined)
    expect(changes).toEqual(['up', ...none, 'down', undefined, undefined, undefined, 'up'])
  })

  it.each([
    [200, 'all is well', undefined],
    [404, 'all is well', undefined],
    [500, 'all is well', '/healthz answered 500'],
  ])('takes %i by itself for %j', (status, body, expected) =>
    expect(wrongAnswer({ status, body }, options)).toBe(expected),
  )

  it.each([
    [200, 'all is well', undefined],
    [204, 'all is well', '/healthz answered 204'],
    [404, 'all is well', '/healthz answered 404'],
    [302, 'all is well', undefined],
    [200, 'well', '/healthz answered without "all is"'],
  ])('holds %i and %j against what is expected', (status, body, expected) => {
    const expect200 = { status: [[200, 200] as const, [300, 399] as const], body: 'all is' }
    expect(wrongAnswer({ status, body }, { ...options, expect: expect200 })).toBe(expected)
  })

  it('checks at its interval, sooner while it is ill, and never all proxies at once', () => {
    expect(nextCheck(options, false, 0.9)).toBe(5000)
    expect(nextCheck(options, true, 0.9)).toBe(250)
    const jittery = { ...options, jitter: 0.1 }
    expect([0, 0.5, 1].map((chance) => nextCheck(jittery, false, chance))).toEqual([4500, 5000, 5500])
    expect(nextCheck({ ...options, every: 300_000 }, false, 0)).toBe(300_000)
  })
})
