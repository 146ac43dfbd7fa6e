import { beforeEach, describe, expect, it } from 'vitest'
import { createSettling } from '../../../ingress/edge/settle.ts'
import type { ServiceOptions } from '../../../ingress/options.ts'
import { choose } from '../../../ingress/phases/balance.ts'
import type { Context, Service } from '../../../ingress/phases/context.ts'
import { contextOf } from '../kit/context.ts'
import { serviceOf } from '../kit/services.ts'

let now: number
let told: string[]
let service: Service

const settling = () =>
  createSettling({
    clock: () => now * 1000,
    signals: {
      breaker: (_service, { url }, { from, to }, reason) => told.push(`${url} ${from}-${to}: ${reason}`),
      circuit: (_service, { from, to }) => told.push(`* ${from}-${to}`),
      ejected: (_service, { url }, reason) => told.push(`${url} ejected: ${reason}`),
    },
  })
const open = (urls: readonly string[], rest: Partial<ServiceOptions> = {}): void => {
  service = serviceOf(urls, rest)
}
/** A request on its way; undefined when nobody may be asked. */
const ask = (): Context | undefined => {
  const context = Object.assign(contextOf(), { service, chosenAt: now * 1000 })
  if (!choose(context, service, now * 1000)) return undefined
  context.handedAt = now * 1000
  return context
}

beforeEach(() => {
  now = 1
  told = []
})

describe('what requests say', () => {
  it('moves a breaker, and each step is told in its order', () => {
    open(['http://a'])
    const { tried, over } = settling()
    for (let i = 0; i < 5; i++) tried(ask() as Context, 'bad', 'it answered 500')
    expect(ask()).toBeUndefined()
    now += 5000
    const probe = ask() as Context
    expect(ask()).toBeUndefined()
    tried(probe, 'good', 'it answered 200')
    over(probe)
    expect(told).toEqual([
      'http://a closed-open: it answered 500',
      'http://a open-half-open: a request may try',
      'http://a half-open-closed: it answered 200',
    ])
    expect(service.upstreams[0]?.since).toBe(now)
  })

  it('never keeps an upstream out for a probe that nobody decided', () => {
    open(['http://a'])
    const { tried, over } = settling()
    for (let i = 0; i < 5; i++) tried(ask() as Context, 'bad', 'it failed')
    now += 5000
    over(ask() as Context)
    expect(ask()?.permission).toBe('probe')
  })

  it('is slow when it took too long until the first byte', () => {
    open(['http://a'], { breaker: { slowCall: 100, openAtSlowRate: 0.5, minRequests: 4 } })
    const { tried } = settling()
    for (let i = 0; i < 4; i++) {
      const context = ask() as Context
      now += 101
      context.firstByteAt = now * 1000
      tried(context, 'good', 'it answered 200')
    }
    expect(told).toEqual(['http://a closed-open: it answered 200, too late'])
  })

  it('teaches latency, and what fails at once does not look fast', () => {
    open(['http://a', 'http://b'], { balance: { strategy: 'round-robin' }, passive: 'off' })
    const { tried } = settling()
    const first = ask() as Context
    first.firstByteAt = now * 1000 + 2000
    tried(first, 'good', '')
    tried(ask() as Context, 'bad', '')
    expect(service.upstreams.map(({ latency }) => latency.micros)).toEqual([2000, 1_000_000])
  })

  it('ejects, and counts tries after the first one', () => {
    open(['http://a', 'http://b'], { passive: { consecutiveErrors: 1 } })
    const { tried, over } = settling()
    const context = ask() as Context
    context.attempts = 3
    tried(context, 'bad', 'it answered 500')
    over(context)
    expect(told).toEqual(['http://a ejected: 1 error in a row, the last: it answered 500'])
    expect([service.retried, service.upstreams[0]?.inFlight]).toEqual([2, 0])
  })

  it('opens the breaker of the service by what its clients got', () => {
    open(['http://a', 'http://b'], { passive: 'off', breaker: { minRequests: 20 } })
    const { over } = settling()
    const lose = (): void => over(Object.assign(ask() as Context, { passage: 'yes', why: 'timeout' } as const))
    for (let i = 0; i < 19; i++) lose()
    expect(told).toEqual([])
    lose()
    expect(told).toEqual(['* closed-open'])
  })

  it('does not open the breaker of the service when all that one upstream had is lost at once', () => {
    open(['http://a', 'http://b'], { breaker: { minRequests: 20 } })
    const { over } = settling()
    const end = (why: 'live' | 'reset'): void => {
      const became = why === 'live' ? ({ answeredBy: 'upstream', status: 200 } as const) : { status: 502 }
      over(Object.assign(ask() as Context, { passage: 'yes', why, ...became } as const))
    }
    for (let i = 0; i < 40; i++) end('live')
    for (let i = 0; i < 30; i++) end('reset')
    expect(told).toEqual([])
  })
})
