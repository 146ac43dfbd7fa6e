import { describe, expect, it } from 'vitest'
import { openRates } from '../../../ingress/limits/rates.ts'
import type { RateLimitOptions } from '../../../ingress/options-shield.ts'
import type { Context, Reply } from '../../../ingress/phases/context.ts'
import { contextOf, type Asked } from '../kit/context.ts'

const MINUTE = 60_000
const bearer = (lines: readonly string[]): string => lines[lines.indexOf('Authorization') + 1] ?? ''
const open = (...rules: Partial<RateLimitOptions>[]) =>
  openRates(
    rules.map((rule) => ({ limit: 2, per: MINUTE, by: 'ip' as const, ...rule })),
    { seed: 1, principalOf: (lines) => (lines.includes('Authorization') ? bearer(lines) : '') },
  )

interface Came extends Asked {
  readonly client?: string
  readonly at?: number
}
const ask = (limit: ReturnType<typeof open>, { client = '192.0.2.1', at = 1, ...asked }: Came = {}) => {
  const context: Context = contextOf(asked)
  context.head.client = client
  context.path = context.target.replace(/\?.*/, '')
  return { reply: limit.ask(context, at), own: context.own }
}
/** How many of so many the same get through. */
const through = (limit: ReturnType<typeof open>, times: number, came: Came = {}): number =>
  Array.from({ length: times }, () => ask(limit, came)).filter(({ reply }) => reply === undefined).length

const body = (reply: Reply | undefined) => JSON.parse(new TextDecoder().decode(reply?.body)) as Record<string, unknown>

describe('rate limits', () => {
  it('says on every answer what is left, as the draft wants it', () => {
    const limit = open({ limit: 20 })
    expect(ask(limit).own).toEqual(['ratelimit-policy', '"ip";q=20;w=60', 'ratelimit', '"ip";r=19;t=3'])
    expect(ask(limit).own).toEqual(['ratelimit-policy', '"ip";q=20;w=60', 'ratelimit', '"ip";r=18;t=6'])
  })

  it('says 3 s for 3 s at any time', () => {
    for (const at of [0.1, 987_654.321, 12_345_678.9])
      expect(ask(open({ limit: 20 }), { at }).own[3]).toBe('"ip";r=19;t=3')
  })

  it('refuses with 429, Retry-After and a problem that names the policy', () => {
    const limit = open({ limit: 1, name: 'burst' })
    ask(limit)
    const { reply, own } = ask(limit)
    expect(reply).toMatchObject({ status: 429, why: 'rate-limited', answeredBy: 'limiter' })
    expect(reply?.headers).toEqual(
      expect.arrayContaining(['content-type', 'application/problem+json', 'retry-after', '60']),
    )
    expect(own).toEqual(['ratelimit-policy', '"burst";q=1;w=60', 'ratelimit', '"burst";r=0;t=60'])
    expect(body(reply)).toMatchObject({
      type: 'urn:chaos-proxy:rate-limited',
      status: 429,
      'violated-policies': ['burst'],
      detail: 'More than 1 requests in 60 s from your address: ask again in 60 s.',
    })
  })

  it('counts each client, an IPv6 network as one', () => {
    const limit = open({})
    expect(through(limit, 5)).toBe(2)
    expect(through(limit, 5, { client: '192.0.2.2' })).toBe(2)
    expect(through(limit, 1, { client: '2001:db8::1' }) + through(limit, 5, { client: '2001:db8::2' })).toBe(2)
    expect(through(limit, 5, { client: '2001:db8:0:1::1' })).toBe(2)
  })

  it('counts each principal, and those without one by their address', () => {
    const limit = open({ by: 'principal' })
    const ann = { headers: ['Host', 'a', 'Authorization', 'ann'] }
    expect(through(limit, 5, ann)).toBe(2)
    expect(through(limit, 5, { ...ann, client: '192.0.2.9' })).toBe(0)
    expect(through(limit, 5, { headers: ['Host', 'a', 'Authorization', 'bob'] })).toBe(2)
    expect(through(limit, 5)).toBe(2)
    // A value cannot be made to look like somebody's address.
    expect(through(limit, 5, { headers: ['Host', 'a', 'Authorization', '@192.0.2.1'] })).toBe(2)
  })

  it('counts each value of a header, and everybody by route', () => {
    const limit = open({ by: 'header', header: 'X-Tenant' })
    expect(through(limit, 5, { headers: ['x-tenant', 'a'] })).toBe(2)
    expect(through(limit, 5, { headers: ['x-tenant', 'b'] })).toBe(2)
    const route = open({ by: 'route' })
    expect(through(route, 5) + through(route, 5, { client: '192.0.2.8' })).toBe(2)
  })

  it.each([
    ['/api/*', '/api/x', '/apis'],
    ['/api/*', '/api', '/'],
    ['/api/*', '/%61pi//x?y=1', '/x/api'],
    ['/users/{id}', '/users/7', '/users/7/orders'],
    ['/api/*', '/x/../api/./y', '/api/../x'],
    ['/api/*', '/x/%2E%2e/api', '/.api'],
    ['/users/{id}/*', '/users/7/orders/1', '/users'],
    ['/a b', '/a%20b', '/ab'],
  ])('a rule for %s means %s and not %s', (match, meant, other) => {
    const limit = open({ match })
    expect([through(limit, 5, { target: meant }), through(limit, 5, { target: other })]).toEqual([2, 5])
  })

  it('means the methods it names', () => {
    const limit = open({ methods: ['POST'] })
    expect([through(limit, 5), through(limit, 5, { method: 'POST' })]).toEqual([5, 2])
  })

  it('asks every rule, and one that refuses costs the others nothing', () => {
    const limit = open({ limit: 5, name: 'long' }, { limit: 1, per: 1000, name: 'short' })
    ask(limit)
    for (let i = 0; i < 20; i++) expect(ask(limit).reply?.status).toBe(429)
    const { reply, own } = ask(limit, { at: 1001 })
    expect(reply).toBeUndefined()
    expect(own[3]).toBe('"long";r=3;t=23, "short";r=0;t=1')
  })

  it('gives rules of one name names of their own', () => {
    expect(ask(open({}, { per: 1000 })).own[1]).toBe('"ip";q=2;w=60, "ip-2";q=2;w=1')
  })
})
