import { describe, expect, it } from 'vitest'
import { settle } from '../../../ingress/balance/breaker.ts'
import type { ServiceOptions } from '../../../ingress/options.ts'
import { choose, createBalance, release } from '../../../ingress/phases/balance.ts'
import type { Context, Failure, Service, Upstream } from '../../../ingress/phases/context.ts'
import { createRoute } from '../../../ingress/phases/route.ts'
import { outcomeOfExchange, triedMicros } from '../../../ingress/phases/outcome.ts'
import { contextOf, through, type Asked } from '../kit/context.ts'
import { serviceOf } from '../kit/services.ts'

const URLS = ['http://a', 'http://b', 'http://c']
const three = (rest: Partial<ServiceOptions> = {}): Service => serviceOf(URLS, rest)
const at = (service: Service, index: number): Upstream => service.upstreams[index] as Upstream
const of = (service: Service, asked: Asked = {}): Context => Object.assign(contextOf(asked), { service })

/** Who is asked, one request after the other; '' when nobody. */
const asked = (service: Service, times: number, nowUs = 0): string[] =>
  Array.from({ length: times }, () => {
    const context = of(service)
    const found = choose(context, service, nowUs) ? (context.upstream?.url ?? '') : ''
    release(context)
    return found
  })

describe('balance', () => {
  it('asks only those that are well, not drained, and not tried yet', () => {
    const service = three()
    expect(new Set(asked(service, 3))).toEqual(new Set(URLS))
    at(service, 0).drained = true
    expect(new Set(asked(service, 4))).toEqual(new Set(['http://b', 'http://c']))
    at(service, 1).health.state = 'down'
    expect(new Set(asked(service, 4))).toEqual(new Set(['http://c']))
    const context = of(service)
    context.tried.push(at(service, 2))
    expect(choose(context, service, 0)).toBe(false)
    for (let i = 0; i < 5; i++) settle(at(service, 2).breaker, 0, 'yes', 'bad')
    expect(asked(service, 1)).toEqual([''])
  })

  it('leaves the ejected alone while there are others, and asks them when there are none', () => {
    const service = three()
    at(service, 0).outlier.until = 10
    expect(new Set(asked(service, 4))).toEqual(new Set(['http://b', 'http://c']))
    for (const i of [1, 2]) at(service, i).drained = true
    expect(asked(service, 1)).toEqual(['http://a'])
    for (const i of [1, 2]) at(service, i).drained = false
    expect(new Set(asked(service, 3, 11_000))).toEqual(new Set(URLS))
  })

  it('probes with requests that may be sent again, and with others only when there is nobody else', () => {
    const service = three()
    for (let i = 0; i < 5; i++) settle(at(service, 0).breaker, 0, 'yes', 'bad')
    const of5s = (method: string): string => {
      const context = of(service, { method })
      choose(context, service, 5_000_000)
      release(context)
      return context.upstream?.url ?? ''
    }
    const posts = Array.from({ length: 4 }, () => of5s('POST'))
    expect(posts).not.toContain('http://a')
    expect(Array.from({ length: 4 }, () => of5s('GET'))).toContain('http://a')
    settle(at(service, 0).breaker, 5000, 'probe', 'neutral')
    for (const i of [1, 2]) at(service, i).drained = true
    expect(of5s('POST')).toBe('http://a')
  })

  it('counts each request at one upstream at a time, and no longer than it lasts', () => {
    const service = three()
    const context = of(service)
    choose(context, service, 0)
    context.tried.push(context.upstream as Upstream)
    choose(context, service, 0)
    expect(service.upstreams.map(({ inFlight }) => inFlight).toSorted()).toEqual([0, 0, 1])
    release(context)
    release(context)
    expect(service.upstreams.map(({ inFlight }) => inFlight)).toEqual([0, 0, 0])
  })

  it('gives one that came back its share little by little', () => {
    const service = three({ balance: { slowStart: 1000 } })
    at(service, 0).since = 0
    const share = (nowUs: number): number => asked(service, 300, nowUs).filter((url) => url === 'http://a').length
    expect(share(0)).toBeLessThan(20)
    expect(share(500_000)).toBeGreaterThan(50)
    expect(share(500_000)).toBeLessThan(70)
    expect(share(1_000_000)).toBe(100)
    expect(at(service, 0).since).toBe(-1)
  })

  it('binds a client by a cookie, tells it once, and binds it anew when its upstream is away', () => {
    const service = three({ balance: { sticky: { by: 'cookie', name: 'cp', ttl: 60_000 } } })
    const first = of(service)
    choose(first, service, 0)
    const cookie = /^cp=[^;]+/.exec(first.own[1] ?? '')?.[0] ?? ''
    expect(first.own).toEqual(['set-cookie', `${cookie}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax`])
    const again = (): Context => {
      const next = contextOf({ headers: ['Host', 'h', 'Cookie', `x=1; ${cookie}`] })
      next.path = '/'
      through(createRoute([service]), next)
      return next
    }
    for (let i = 0; i < 5; i++) {
      const next = again()
      choose(next, service, 0)
      expect([next.upstream, next.own]).toEqual([first.upstream, []])
    }
    const bound = first.upstream as Upstream
    bound.drained = true
    const other = again()
    choose(other, service, 0)
    expect(other.upstream).not.toBe(bound)
    expect(other.own.join()).toContain(`cp=${other.upstream?.token};`)
    other.tried.push(other.upstream as Upstream)
    choose(other, service, 0)
    expect(other.own.filter((text) => text === 'set-cookie')).toHaveLength(1)
    expect(other.own.join()).toContain(`cp=${other.upstream?.token};`)
  })

  it('asks nobody while the breaker of the service is open, and one request when it may try', () => {
    const service = three()
    const failures: Failure[] = []
    const reply = { status: 503, headers: [], body: new Uint8Array(), answeredBy: 'self', why: 'unavailable' } as const
    let now = 0
    const phase = createBalance({ clock: () => now * 1000, recover: (_, why) => (failures.push(why), reply) })
    for (let i = 0; i < 20; i++) settle(service.circuit, 0, 'yes', 'bad')
    expect(through(phase, of(service))).toBe(reply)
    expect(failures[0]?.detail).toMatch(/failed/)
    now = 5000
    expect([through(phase, of(service)), through(phase, of(service))]).toEqual(['next', reply])
  })

  it('takes its own cookie off at the door', () => {
    const service = three({ balance: { sticky: { by: 'cookie', name: 'cp', ttl: 60_000 } } })
    const context = contextOf({ headers: ['Cookie', 'a=1; cp=x', 'Accept', '*/*'] })
    Object.assign(context, { path: '/' })
    context.head.fields = [...context.arrival.rawHeaders]
    through(createRoute([service]), context)
    for (const lines of [context.head.fields, context.arrival.rawHeaders])
      expect(lines).toEqual(['Cookie', 'a=1', 'Accept', '*/*'])
    expect(context.bound).toBe('x')
  })
})

describe('what became of it', () => {
  it('is the time from the connection to the first byte, where that says something', () => {
    const context = Object.assign(contextOf(), { handedAt: 100, firstByteAt: 350 })
    expect(triedMicros(context, 'good', 999)).toBe(250)
    expect(triedMicros(context, 'neutral', 999)).toBe(0)
    expect(triedMicros(context, 'bad', 999)).toBe(1_000_000)
    expect(triedMicros(context, 'bad', 5_000_100)).toBe(5_000_000)
    expect(triedMicros({ ...context, handedAt: 0 }, 'good', 999)).toBe(0)
    context.head.chunked = true
    expect(triedMicros(context, 'good', 999)).toBe(0)
  })

  it.each([
    [{ answeredBy: 'upstream', status: 200 }, 'good'],
    [{ answeredBy: 'upstream', status: 200, firstByteAt: 300_000 }, 'slow'],
    [{ answeredBy: 'upstream', status: 500 }, 'bad'],
    [{ answeredBy: 'ghost', status: 200, why: 'timeout' }, 'bad'],
    [{ answeredBy: 'ghost', status: 200, why: 'unavailable' }, 'neutral'],
    [{ answeredBy: 'upstream', status: 0, why: 'client-gone' }, 'neutral'],
    [{ answeredBy: 'self', status: 502, why: 'reset' }, 'bad'],
  ] as const)('%j is %s for the service', (became, outcome) => {
    expect(outcomeOfExchange(Object.assign(contextOf(), became), 200)).toBe(outcome)
  })
})
