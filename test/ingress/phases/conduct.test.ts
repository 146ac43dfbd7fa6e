import { beforeEach, describe, expect, it } from 'vitest'
import type { Outcome } from '../../../ingress/balance/breaker.ts'
import { createSettling } from '../../../ingress/edge/settle.ts'
import type { ServiceOptions } from '../../../ingress/options.ts'
import { choose } from '../../../ingress/phases/balance.ts'
import { createConduct, type Conduct } from '../../../ingress/phases/conduct.ts'
import type { Context, Service } from '../../../ingress/phases/context.ts'
import { noteAnswer, openVitals } from '../../../schemas/semantics/vitals.ts'
import { contextOf } from '../kit/context.ts'
import { serviceOf } from '../kit/services.ts'

let now: number
let service: Service
let conduct: Conduct
let told: string[]
/** What is said of endpoints. */
let routes: string[]

const open = (urls: readonly string[], rest: Partial<ServiceOptions> = {}): void => {
  service = serviceOf(urls, { breaker: { window: 10_000, openFor: 1000 }, ...rest })
}
const settling = () =>
  createSettling({
    conduct,
    clock: () => now * 1000,
    signals: {
      breaker: (_service, { url }, { to }) => told.push(`${url} ${to}`),
      route: (_service, { url }, { to }, { endpoint }) => routes.push(`${url} ${endpoint} ${to}`),
      circuit: (_service, { to }) => told.push(`* ${to}`),
      ejected: (_service, { url }) => told.push(`${url} ejected`),
    },
  })

beforeEach(() => {
  now = 100_000
  told = []
  routes = []
  conduct = createConduct()
})

/** One request to its end; which upstream was asked, undefined: none. */
const ask = (target: string, become: (url: string) => Outcome, handed = true): string | undefined => {
  now += 10
  const context: Context = Object.assign(contextOf({ target }), { service, target, chosenAt: now * 1000 })
  const { tried, over } = settling()
  if (!choose(context, service, now * 1000, conduct)) return undefined
  const { url } = context.upstream ?? { url: '' }
  const outcome = become(url)
  if (handed) context.handedAt = now * 1000
  if (handed) context.status = outcome === 'bad' ? 503 : 200
  tried(context, outcome, 'it was tested')
  over(context)
  return url
}
const broken = (): Outcome => 'bad'
const fine = (): Outcome => 'good'

describe('one broken endpoint', () => {
  it('is left alone, and nothing else is', () => {
    open(['http://a'])
    for (let i = 0; i < 40; i++) {
      expect(ask('/books', fine)).toBe('http://a')
      ask('/cart', broken)
      ask('/cart', broken)
    }
    expect(ask('/cart', broken)).toBeUndefined()
    expect(service.upstreams[0]?.breaker.state).toBe('closed')
    expect(told).toEqual([])
  })

  it('is told of once when it is left alone, and once when it is back, by its learned name alone', () => {
    open(['http://a'])
    conduct.learnFrom((_service, _method, target) =>
      target === '/cart' ? { endpoint: 'shop GET /cart', vitals: undefined } : undefined,
    )
    for (let i = 0; i < 40; i++) {
      ask('/books', fine)
      ask('/cart', broken)
      ask('/joe@example.com', broken)
    }
    expect(routes.toSorted()).toEqual(['http://a  open', 'http://a shop GET /cart open'])
    for (let i = 0; i < 400; i++) ask('/cart', fine)
    expect(routes).toContain('http://a shop GET /cart closed')
    expect(routes).toHaveLength(3)
  })

  it('is asked by one request at a time, seldom, and comes back by itself', () => {
    open(['http://a'])
    ask('/books', fine)
    for (let i = 0; i < 5; i++) ask('/cart', broken)
    let probes = 0
    for (let i = 0; i < 400; i++) {
      ask('/books', fine)
      if (ask('/cart', broken) !== undefined) probes++
    }
    // 8 s: after 1, 2 and 4 s.
    expect(probes).toBe(3)
    now += 8000
    expect([ask('/cart', fine), ask('/cart', fine)]).toEqual(['http://a', 'http://a'])
    expect(told).toEqual([])
  })

  it('is asked for elsewhere where it is broken at one upstream only', () => {
    open(['http://a', 'http://b'])
    for (let i = 0; i < 200; i++) {
      ask('/books', fine)
      for (let n = 0; n < 2; n++) ask('/cart', (url) => (url === 'http://a' ? 'bad' : 'good'))
    }
    expect(ask('/cart', fine)).toBe('http://b')
    expect(told).toEqual([])
    const asked = new Set(Array.from({ length: 6 }, () => ask('/books', fine)))
    expect(asked).toEqual(new Set(['http://a', 'http://b']))
  })
})

describe('a broken upstream', () => {
  it('is known by a second endpoint that fails', () => {
    open(['http://a'])
    for (const target of ['/books', '/cart', '/me']) ask(target, fine)
    for (let i = 0; i < 3; i++) for (const target of ['/books', '/cart']) ask(target, broken)
    expect(told).toEqual(['http://a open'])
    expect(ask('/me', fine)).toBeUndefined()
  })

  it('is known at once where nothing can be sent', () => {
    open(['http://a'])
    ask('/books', fine)
    for (let i = 0; i < 5; i++) ask('/cart', broken, false)
    expect(told).toEqual(['http://a open'])
  })

  it('is known by its only endpoint where no other speaks for it', () => {
    open(['http://a'])
    for (let i = 0; i < 5; i++) ask('/cart', broken)
    expect(told).toEqual(['http://a open'])
  })
})

describe('what was learned', () => {
  const learn = (statuses: readonly number[], micros = 10_000): void => {
    const vitals = openVitals()
    for (const status of statuses) noteAnswer(vitals, status, micros)
    conduct.learnFrom(() => ({ endpoint: 'shop GET /books/{id}', vitals }))
  }
  const at = (target: string): Context =>
    Object.assign(contextOf({ target }), { service, target, upstream: service.upstreams[0] })
  const well = Array.from({ length: 50 }, () => 200)

  it('tells a 500 that is far from normal from one that is not', () => {
    open(['http://a'])
    expect(conduct.judge500(at('/books/1'), true, now)).toBe('unknown')
    learn(well)
    expect(conduct.judge500(at('/books/1'), true, now)).toBe('normal')
    expect(conduct.judge500(at('/books/2'), false, now)).toBe('far')
    expect(conduct.judge500(at('/books/2'), false, now)).toBe('far')
    learn(well.map((status, i) => (i % 2 === 0 ? 500 : status)))
    conduct = createConduct()
    learn(well.map((status, i) => (i % 2 === 0 ? 500 : status)))
    for (let i = 0; i < 30; i++) expect(conduct.judge500(at(`/books/${i}`), true, now)).toBe('normal')
  })

  it('says how long to wait: no shorter than configured, and not beyond the timeout', () => {
    open(['http://a'], { timeouts: { response: 5000 } })
    expect(conduct.patience(at('/books/1'))).toBeUndefined()
    learn(well)
    expect(conduct.patience(at('/books/1'))).toBe(1000)
    learn(well, 500_000)
    expect(conduct.patience(at('/books/1'))).toBeGreaterThanOrEqual(2000)
    expect(conduct.patience(at('/books/1'))).toBeLessThan(2500)
    learn(well, 2_000_000)
    expect(conduct.patience(at('/books/1'))).toBeUndefined()
    open(['http://a'], { ghost: { patience: 0 } })
    learn(well)
    expect(conduct.patience(at('/books/1'))).toBeUndefined()
  })
})
