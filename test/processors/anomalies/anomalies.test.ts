import { describe, expect, it } from 'vitest'
import { anomalies } from '../../../processors/anomalies/anomalies.ts'
import { anEvent, anExchange, aSignal, MINUTE } from '../kit/builders.ts'
import { given } from '../kit/given.ts'
import { AGENT, incidentsIn, stateOf, town } from './traffic.ts'

const HOURS = 60

describe('incidents', () => {
  it('given a calm half day, then nothing is told', () => {
    const shop = town(1)
    const then = given(anomalies, ...shop.spell({ minutes: 8 * HOURS })).when(...shop.spell({ minutes: 4 * HOURS }))
    expect(incidentsIn(then.said)).toEqual([])
  })

  it('when one upstream answers slowly at one endpoint, then one incident names both, and ends with it', () => {
    const shop = town(2)
    const before = shop.spell({ minutes: 8 * HOURS, over: () => ({ upstream: 'http://one' }) })
    let turn = 0
    const both = (target: string) => {
      const upstream = turn++ % 2 === 0 ? 'http://one' : 'http://two'
      const total = upstream === 'http://two' && target === '/books' ? 90_000 : 21_000
      return { upstream, timings: { queue: 0, connect: 0, firstByte: total, total } }
    }
    const ill = shop.spell({ minutes: 30, rate: 8, over: both })
    const well = shop.spell({ minutes: 60, over: () => ({ upstream: 'http://one' }) })
    const told = incidentsIn(given(anomalies, ...before).when(...ill, ...well).said).filter(
      ({ kind }) => kind === 'latency',
    )
    expect(told.map(stateOf)).toEqual(['open', 'closed'])
    expect(told[0]).toMatchObject({ endpoint: 'shop GET /books', kind: 'latency', endedAt: 0 })
    expect(told[1]?.sentence).toMatch(
      /^GET \/books is [\d.]+ times slower than usual for Thursday 20:00; started 20:0\d; .* only upstream http:\/\/two/,
    )
    expect(told[1]?.endedAt).toBeGreaterThan(told[0]?.at ?? 0)
    expect(told[1]?.id).toBe(told[0]?.id)
  })

  it('finds answers that are half as slow again', () => {
    const shop = town(3)
    const before = shop.spell({ minutes: 8 * HOURS })
    const told = incidentsIn(given(anomalies, ...before).when(...shop.spell({ minutes: 30, slower: 1.5 })).said)
    expect(told.map(({ kind }) => kind)).toContain('latency')
  })

  it('tells of errors as one incident of the service', () => {
    const shop = town(4)
    const before = shop.spell({ minutes: 8 * HOURS, failing: 0.005 })
    const ill = shop.spell({ minutes: 20, failing: 0.4 })
    const told = incidentsIn(given(anomalies, ...before).when(...ill, ...shop.spell({ minutes: 60 })).said)
    expect(told.map(stateOf)).toEqual(['open', 'closed'])
    expect(told[0]).toMatchObject({ kind: 'errors', endpoint: '', service: 'shop' })
    expect(told[0]?.sentence).toMatch(/^shop fails in \d+ % of answers, usually in 0\.\d %/)
  })

  it('hears silence, as heartbeats go on', () => {
    const shop = town(5)
    const told = incidentsIn(
      given(anomalies, ...shop.spell({ minutes: 8 * HOURS })).when(...shop.spell({ minutes: 20, rate: 0 })).said,
    )
    expect(told[0]).toMatchObject({ kind: 'traffic_drop' })
    expect(told[0]?.sentence).toContain('gets no requests any more')
  })

  it('does not miss somebody who tried things out for an hour', () => {
    const shop = town(14)
    const then = given(anomalies, ...shop.spell({ minutes: 60, rate: 6 })).when(...shop.spell({ minutes: 90, rate: 0 }))
    expect(incidentsIn(then.said)).toEqual([])
  })

  it('takes an hour in which nobody was there to see for no silence', () => {
    const shop = town(6)
    const before = shop.spell({ minutes: 8 * HOURS })
    const later = town(7, shop.now() + 60 * MINUTE)
    expect(incidentsIn(given(anomalies, ...before).when(...later.spell({ minutes: 60 })).said)).toEqual([])
  })

  it('takes lost events for no silence either', () => {
    const shop = town(8)
    const before = shop.spell({ minutes: 8 * HOURS })
    const lost = shop
      .spell({ minutes: 20, rate: 0 })
      .flatMap((beat) => [beat, anEvent({ ...beat, signal: aSignal({ kind: 'gap', count: 4 }) })])
    expect(incidentsIn(given(anomalies, ...before).when(...lost).said)).toEqual([])
  })

  it('is not alarmed by faults that were injected, by ghosts, or by what is replayed', () => {
    const shop = town(9)
    const before = shop.spell({ minutes: 8 * HOURS })
    const faulted = shop.spell({ minutes: 20, slower: 8, failing: 0.5, over: () => ({ faults: ['latency'] }) })
    const ghostly = shop.spell({ minutes: 20, slower: 8, failing: 0.5, over: () => ({ answeredBy: 'ghost' }) })
    const replayed = shop.spell({ minutes: 5, rate: 60, over: () => ({ replayed: true }) })
    const still = incidentsIn(given(anomalies, ...before).when(...faulted, ...ghostly).said)
    expect(still).toEqual([])
    const loud = incidentsIn(given(anomalies, ...before).when(...replayed).said)
    expect(loud.map(({ kind }) => kind)).not.toContain('traffic_spike')
  })

  it('accepts as usual what has stayed for six hours', () => {
    const shop = town(10)
    const before = shop.spell({ minutes: 6 * HOURS })
    const told = incidentsIn(given(anomalies, ...before).when(...shop.spell({ minutes: 9 * HOURS, slower: 2 })).said)
    expect(told.map(stateOf)).toEqual(['open', 'accepted'])
    expect(told[1]?.sentence).toContain('it stayed and is what is usual from now on')
  })
})

const asked = (id: string, over: Parameters<typeof anExchange>[0], at: number) =>
  anEvent({ id, at, exchange: anExchange({ requestHeaders: [AGENT], client: 'mallory', ...over }) })

describe('strange requests', () => {
  it('tells of an attack in a parameter, with the reason', () => {
    const shop = town(11)
    const before = shop.spell({ minutes: 3 * HOURS })
    const attack = asked('x', { target: '/books?page=1%27%20OR%201%3D1--', status: 400 }, shop.now())
    const [told] = given(anomalies, ...before)
      .when(attack)
      .on('anomalies')
    expect(told).toMatchObject({ id: 'request:x', kind: 'request', endpoint: 'shop GET /books' })
    expect(told?.sentence).toMatch(/^a strange request to GET \/books: SQL in a parameter/)
    expect(told?.score).toBeGreaterThan(0.5)
  })

  it('tells of a client that does so again and again as one incident, and of few of its requests', () => {
    const shop = town(12)
    const before = shop.spell({ minutes: 3 * HOURS })
    const scan = Array.from({ length: 60 }, (_, i) =>
      asked(`x${i}`, { target: `/books?page=../../etc/passwd${i}`, status: 404 }, shop.now() + i * 1_000_000),
    )
    const told = given(anomalies, ...before)
      .when(...scan)
      .on('anomalies')
    const incidents = told.filter(({ kind }) => kind !== 'request')
    expect(incidents).toHaveLength(1)
    expect(incidents[0]).toMatchObject({ kind: 'scan', endpoint: '' })
    expect(incidents[0]?.sentence).toContain('is scanned by client mallory')
    expect(told.length - incidents.length).toBeLessThanOrEqual(3)
  })

  it('has nothing to say of ordinary requests', () => {
    const shop = town(13)
    const then = given(anomalies, ...shop.spell({ minutes: 3 * HOURS })).when(...shop.spell({ minutes: 60 }))
    expect(then.on('anomalies')).toEqual([])
  })
})
