import { describe, expect, it } from 'vitest'
import type { LimitCount } from '../../../ingress/options.ts'
import type { Context, Service } from '../../../ingress/phases/context.ts'
import { createLimit, limitConcurrency, limitRates, shedLoad } from '../../../ingress/phases/limit.ts'
import { contextOf, through } from '../kit/context.ts'

const serviceOf = (shield: Service['shield'], name = 'shop'): Service => ({ name, shield }) as Service
const to = (service: Service): Context => Object.assign(contextOf(), { service })

describe('limit', () => {
  it('lets everybody through without limiters', () => {
    expect(through(createLimit([]), contextOf())).toBe('next')
  })

  it('keeps what it counted when the configuration is read again and says the same', () => {
    const rule = { limit: 1, per: 60_000, by: 'ip' as const }
    const phase = createLimit([limitRates({ seed: 1, principalOf: () => '', clock: () => 5, services: [] }).limiter])
    expect(through(phase, to(serviceOf({ rateLimit: [rule] })))).toBe('next')
    expect(through(phase, to(serviceOf({ rateLimit: [{ ...rule }] })))).toMatchObject({ status: 429 })
    expect(through(phase, to(serviceOf({ rateLimit: [{ ...rule, limit: 2 }] })))).toBe('next')
    expect(through(phase, to(serviceOf({})))).toBe('next')
    expect(through(phase, to(serviceOf({ rateLimit: [rule] }, 'other')))).toBe('next')
  })

  it('counts together with other processes that share the port', () => {
    const shield = { rateLimit: [{ limit: 3, per: 60_000, by: 'ip' as const }] }
    const told: LimitCount[] = []
    const process = (services: readonly Service[]) =>
      limitRates({
        seed: services.length,
        principalOf: () => '',
        clock: () => 5,
        services,
        onCounted: (service, rule, key) => told.push({ service, rule, key, count: 1 }),
      })
    const [here, there] = [serviceOf(shield), serviceOf(shield)]
    const [one, other] = [process([here]), process([there])]
    for (let i = 0; i < 2; i++) expect(one.limiter(to(here))).toBeUndefined()
    expect(told).toEqual([0, 1].map(() => ({ service: 'shop', rule: 'ip', key: '192.0.2.1', count: 1 })))
    // Before its own first request, and of what it does not know.
    other.absorb([...told.splice(0), { service: 'gone', rule: 'ip', key: 'x', count: 1 }])
    expect(other.limiter(to(there))).toBeUndefined()
    expect(other.limiter(to(there))).toMatchObject({ status: 429 })
    expect(told).toHaveLength(1)
    one.absorb([{ service: 'shop', rule: 'ip', key: '192.0.2.1', count: 1000 }])
    expect(one.limiter(to(here))).toMatchObject({
      status: 429,
      headers: expect.arrayContaining(['retry-after', '20']) as string[],
    })
  })

  it('counts requests under way, each once, and no tunnels', () => {
    const { limiter, over } = limitConcurrency(() => 1)
    const phase = createLimit([limiter])
    const service = serviceOf({ concurrency: { max: 1 } })
    const first = to(service)
    expect(through(phase, first)).toBe('next')
    const second = to(service)
    expect(through(phase, second)).toMatchObject({ status: 503, why: 'too-many', answeredBy: 'limiter' })
    over(second)
    over(first)
    over(first)
    const third = to(service)
    expect(through(phase, third)).toBe('next')
    expect(through(phase, to(service))).toMatchObject({ status: 503 })
    const tunnel = to(service)
    Object.assign(tunnel.arrival, { upgrade: 'websocket' })
    expect(through(phase, tunnel)).toBe('next')
  })

  it('sheds load when memory runs short, and above so many requests', () => {
    const load = { memory: 0.5, inFlight: 1 }
    const shed = (maxMemory: number) =>
      createLimit([
        shedLoad({ maxMemory, maxRequests: 10 }, { memory: () => load.memory, inFlight: () => load.inFlight }),
      ])
    expect(through(shed(0.9), contextOf())).toBe('next')
    load.memory = 0.91
    expect(through(shed(0.9), contextOf())).toMatchObject({ status: 503, why: 'overloaded', close: true })
    expect(through(shed(1), contextOf())).toBe('next')
    load.inFlight = 11
    expect(through(shed(1), contextOf())).toMatchObject({ status: 503, why: 'too-many' })
  })
})
