import { describe, expect, it } from 'vitest'
import type { Event } from '../../../schemas/events.ts'
import { anomalies } from '../../../processors/anomalies/anomalies.ts'
import { random } from '../../topology/recording.ts'
import { anEvent, anExchange, aSignal, MINUTE } from '../kit/builders.ts'
import { given, givenTopology, literalLocator } from '../kit/given.ts'
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
    expect(told.map(stateOf).join()).toMatch(/^open(,changed)?,closed$/)
    expect(told[0]).toMatchObject({ endpoint: 'shop GET /books', kind: 'latency', endedAt: 0 })
    expect(told.at(-1)?.sentence).toMatch(
      /^GET \/books is [\d.]+ times slower than usual for Thursday 20:00; started 20:0\d; .* only upstream http:\/\/two/,
    )
    expect(told.at(-1)?.endedAt).toBeGreaterThan(told[0]?.at ?? 0)
    expect(new Set(told.map(({ id }) => id)).size).toBe(1)
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

  it.each([40, 41, 44, 46])('names the endpoint that is ill, and not the service that it makes ill: %i', (seed) => {
    const shop = town(seed)
    const next = random(seed)
    // Of eight requests four are to /books; times lie between 6 and 60 ms, and then 400 ms more.
    const half = (more: number) => (path: string) => {
      const total = Math.round(6_000 * 10 ** next()) + (path === '/books' ? more : 0)
      return { timings: { queue: 0, connect: 0, firstByte: total, total } }
    }
    const paths = ['/books', '/carts']
    const before = shop.spell({ minutes: 60, rate: 8, paths, over: half(0) })
    const ill = shop.spell({ minutes: 12, rate: 8, paths, over: half(400_000) })
    const told = incidentsIn(given(anomalies, ...before).when(...ill).said)
    expect(told.at(-1)?.sentence).toMatch(/^GET \/books is /)
    expect(told[0]?.id).toBe(told.at(-1)?.id)
    expect(told.map(stateOf).join()).toMatch(/^open(,changed){0,2}$/)
  })

  it('ends what is wrong with an endpoint that is never asked for again', () => {
    const shop = town(50)
    const paths = [...Array.from({ length: 40 }, () => '/books'), '/rare']
    const before = shop.spell({ minutes: 4 * HOURS, rate: 10, paths })
    const ill = shop.spell({ minutes: 60, rate: 10, paths, over: (path) => (path === '/rare' ? { status: 500 } : {}) })
    const after = shop.spell({ minutes: 7 * HOURS, rate: 2, paths: ['/books'] })
    const told = incidentsIn(given(anomalies, ...before).when(...ill, ...after).said)
    expect(told[0]).toMatchObject({ endpoint: 'shop GET /rare', kind: 'errors' })
    expect(told.filter((one) => one.id === told[0]?.id && one.endedAt > 0)).toHaveLength(1)
  })

  it('ends what is wrong with an endpoint that turns out to be another', () => {
    const shop = town(51)
    const before = shop.spell({ minutes: 2 * HOURS, rate: 8 })
    const ill = shop.spell({ minutes: 15, rate: 8, over: (path) => (path === '/carts' ? { status: 500 } : {}) })
    const [first, ...after] = shop.spell({ minutes: 60, paths: ['/books'], rate: 8 }).filter((e) => e.exchange !== null)
    const locator = literalLocator({ [first?.id ?? '']: { from: 'shop GET /carts', into: 'shop GET /orders' } })
    const merged = givenTopology({ locator, processors: [anomalies] }, [...before, ...ill])
    const told = incidentsIn(merged.when(first as Event, ...after).said)
    expect(told.filter((one) => stateOf(one) === 'closed').map(({ details }) => details)).toEqual([
      expect.stringContaining('shop GET /carts'),
    ])
  })

  it('tells of the first quiet weekend once, and takes it as it comes from then on', () => {
    const shop = town(60)
    const before = shop.spell({ minutes: 26 * HOURS, rate: 6 })
    const quiet = shop.spell({ minutes: 10 * HOURS, rate: 1 })
    const told = incidentsIn(given(anomalies, ...before).when(...quiet).said).filter((one) => stateOf(one) === 'open')
    expect(told.map(({ kind }) => kind)).toEqual(['traffic_drop'])
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
