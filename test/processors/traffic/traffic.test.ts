import { describe, expect, it } from 'vitest'
import { windowCodec } from '../../../processors/traffic/codec.ts'
import { traffic, windowKey } from '../../../processors/traffic/traffic.ts'
import type { Event, Exchange, Window } from '../../../schemas/events.ts'
import { decodeSketch, quantile } from '../../../schemas/semantics/sketches/ddsketch.ts'
import { decodeDistinct, distinct } from '../../../schemas/semantics/sketches/hyperloglog.ts'
import { random } from '../../topology/recording.ts'
import { anEvent, anExchange, aSignal, json, MINUTE, NOON, SECOND } from '../kit/builders.ts'
import { given, givenTopology, literalLocator, type Then } from '../kit/given.ts'

const call = (seconds: number, over: Partial<Exchange> = {}, id = 'e'): Event =>
  anEvent({ id, at: NOON + seconds * SECOND, exchange: anExchange({ target: '/a', ...over }) })
const beat = (seconds: number): Event => anEvent({ at: NOON + seconds * SECOND, signal: aSignal() })
const timed = (total: number): Partial<Exchange> => ({ timings: { queue: 0, connect: 0, firstByte: 0, total } })

const PLACE = { id: 'shop', service: 'shop', scope: 'service', name: '' } as const

/** Minutes of endpoints, as they are told. */
const minutes = (told: Then): readonly Window[] =>
  told.on('windows').filter(({ scope, span }) => scope === 'endpoint' && span === 60)

/** The last word on each window, tombstones included. */
const last = (told: Then): Map<string, Window | null> =>
  new Map(told.said.filter(({ topic }) => topic === 'windows').map(({ key, value }) => [key, value as Window | null]))

describe('a window', () => {
  it('closes a grace after its end, by heartbeats alone', () => {
    const before = given(traffic, call(0), call(10)).when(beat(119))
    expect(minutes(before).at(-1)).toMatchObject({ count: 2, start: NOON, closed: false })
    const after = given(traffic, call(0), call(10), beat(119)).when(beat(125), beat(300))
    expect(minutes(after)).toMatchObject([{ count: 2, start: NOON, closed: true }])
  })
  it('tells who answered what, how large and how fast', () => {
    const told = given(traffic).when(
      call(1, { ...timed(1000), status: 200, upstream: 'u1' }),
      call(2, { ...timed(3000), status: 503, answeredBy: 'ghost', upstream: '' }),
      call(3, { ...timed(2000), status: 200, upstream: 'u2' }),
      beat(180),
    )
    const window = minutes(told).at(-1) as Window
    expect(window).toMatchObject({
      endpoint: 'shop GET /a',
      service: 'shop',
      span: 60,
      count: 3,
      late: 0,
      statuses: [
        { name: '200', count: 2 },
        { name: '503', count: 1 },
      ],
      answeredBy: [
        { name: 'ghost', count: 1 },
        { name: 'upstream', count: 2 },
      ],
      upstreams: [
        { name: 'u1', count: 1 },
        { name: 'u2', count: 1 },
      ],
      latencySum: 6000,
    })
    expect(Math.abs(window.p50 - 2000)).toBeLessThanOrEqual(20)
    expect(quantile(decodeSketch(window.latency), 0.5)).toBe(window.p50)
  })
  it('is published while open, every five seconds and only when something came', () => {
    const told = given(traffic, beat(0)).when(call(1), call(2), call(6), call(7), call(12), beat(20), beat(30))
    expect(minutes(told).map(({ count }) => count)).toEqual([2, 4, 5])
  })
  it('stands for each scope, and the parts add up', () => {
    const told = given(traffic).when(
      call(1, { status: 200, upstream: 'u1', client: 'a' }),
      call(2, { status: 503, upstream: 'u2', client: 'b', principal: 'p' }),
      call(3, { target: '/b', status: 200, answeredBy: 'ghost', upstream: '', client: 'b', principal: 'p' }),
      beat(180),
    )
    const of = (scope: string) =>
      [...last(told).values()]
        .filter((w) => w?.scope === scope && w.span === 60)
        .map((w) => [w?.endpoint, w?.name, w?.count, w?.clients, w?.principals])
        .sort()
    expect(of('service')).toEqual([['shop', '', 3, 2, 1]])
    expect(of('endpoint')).toEqual([
      ['shop GET /a', '', 2, 2, 1],
      ['shop GET /b', '', 1, 1, 1],
    ])
    expect(of('upstream')).toEqual([
      ['shop upstream u1', 'u1', 1, 1, 0],
      ['shop upstream u2', 'u2', 1, 1, 1],
    ])
    expect(of('answered-by').map(([, name, n]) => [name, n])).toEqual([
      ['ghost', 1],
      ['upstream', 2],
    ])
    expect(of('status-class').map(([, name, n]) => [name, n])).toEqual([
      ['2xx', 2],
      ['5xx', 1],
    ])
  })
  it('lists paths, agents and bodies of errors, numbers left out', () => {
    const failed = { status: 404, ...json({ error: 'no book 7', id: 'x9f' }) }
    const agent = { requestHeaders: [{ name: 'User-Agent', value: 'curl/8' }] }
    const told = given(traffic).when(
      call(1, { ...failed, ...agent }),
      call(2, { status: 404, ...json({ error: 'no book 8', id: 'y7' }) }),
      call(3, { status: 500 }),
      call(4),
      beat(180),
    )
    expect(minutes(told).at(-1)).toMatchObject({
      closed: true,
      topPaths: [{ name: '/a', count: 4, error: 0 }],
      topAgents: [{ name: 'curl/8', count: 1, error: 0 }],
      topErrors: [
        { name: '404 {"error":"no book #","id":"#"}', count: 2, error: 0 },
        { name: '500 without a body', count: 1, error: 0 },
      ],
    })
  })
  it('is told short while it is open', () => {
    const [open, whole] = minutes(given(traffic, beat(0)).when(call(1), beat(10), beat(180)))
    expect([open?.closed, open?.clients, open?.clientsSketch.length, open?.topPaths]).toEqual([false, 1, 0, []])
    expect([whole?.closed, distinct(decodeDistinct(whole?.clientsSketch ?? new Uint8Array()))]).toEqual([true, 1])
  })
  it('keeps apart what several partitions count', () => {
    expect(windowKey({ ...PLACE, partition: 0 }, NOON, 60)).toBe(`shop@${NOON}`)
    expect(windowKey({ ...PLACE, partition: 2 }, NOON, 3600)).toBe(`shop@${NOON}/3600#2`)
  })
  it('passes over what was replayed', () => {
    given(traffic)
      .when(call(1, { replayed: true }), beat(300))
      .then([])
  })
  it('counts what is too late in the window that is current', () => {
    const told = given(traffic, call(0)).when(beat(200), call(30), call(200), beat(400))
    const windows = [...last(told).values()].filter((w) => w?.scope === 'endpoint' && w.span === 60)
    expect(windows.map((w) => [(w?.start ?? 0) - NOON, w?.count, w?.late])).toEqual([
      [0, 1, 0],
      [3 * MINUTE, 1, 1],
    ])
  })
  it('goes over to the endpoint that its own became part of', () => {
    const merge = { from: 'shop GET /a', into: 'shop GET /b' }
    const topology = { locator: literalLocator({ m: merge }), processors: [traffic] }
    const told = givenTopology(topology, [call(1), call(6), call(7, { target: '/b' })]).when(
      call(8, { target: '/b' }, 'm'),
      beat(300),
    )
    expect(last(told).get(`shop GET /a@${NOON}`)).toBeNull()
    expect(last(told).get(`shop GET /b@${NOON}`)).toMatchObject({ count: 4, endpoint: 'shop GET /b' })
  })
})

describe('F12: late and out of order', () => {
  it('gives the same windows as sorted input when nothing comes later than the grace', () => {
    const next = random(12)
    const calls = Array.from({ length: 400 }, (_, i) => ({
      at: i * 0.9,
      arrives: i * 0.9 + (next() < 0.1 ? next() * 60 : 0),
    }))
    const events = (list: typeof calls): Event[] => list.map(({ at }) => call(at, timed(Math.round(1000 + at))))
    const ends = [beat(500), beat(600)]
    const sorted = given(traffic).when(...events(calls), ...ends)
    const shuffled = given(traffic).when(...events(calls.sort((a, b) => a.arrives - b.arrives)), ...ends)
    expect([...last(shuffled)].sort()).toEqual([...last(sorted)].sort())
    expect([...last(sorted).values()].filter((w) => w?.scope === 'endpoint' && w.span === 60)).toHaveLength(6)
  })
})

describe('hours and days', () => {
  const HOUR = 3600
  const DAY_START = Math.floor(NOON / (24 * HOUR * SECOND)) * 24 * HOUR * SECOND
  const wide = (told: Then, span: number): readonly (Window | null)[] =>
    [...last(told).values()].filter((w) => w?.span === span && w.scope === 'service')

  it('are their minutes, merged: what one window of all of it would say', () => {
    const next = random(3)
    const calls = Array.from({ length: 300 }, (_, i) =>
      call(i * 20, { ...timed(Math.round(1000 * (1 + 50 * next()))), client: `c${Math.floor(next() * 40)}` }),
    )
    const told = given(traffic).when(...calls, beat(2 * HOUR + 200), beat(30 * HOUR), beat(30 * HOUR + 11))
    const hours = wide(told, HOUR)
    expect(hours.map((w) => [w?.start, w?.count, w?.closed])).toEqual([
      [NOON, 180, true],
      [NOON + HOUR * SECOND, 120, true],
    ])
    expect(wide(told, 24 * HOUR)).toMatchObject([{ start: DAY_START, count: 300, clients: 40, closed: true }])
    const totals = calls.map(({ exchange }) => exchange?.timings.total ?? 0).sort((a, b) => a - b)
    const exact = totals[Math.floor(0.95 * 299)] ?? 0
    expect(Math.abs((wide(told, 24 * HOUR)[0]?.p95 ?? 0) / exact - 1)).toBeLessThanOrEqual(0.0101)
  })
  it('are told while they are open, and only now and then', () => {
    const calls = Array.from({ length: 60 }, (_, i) => call(i * 60))
    const told = given(traffic, beat(0)).when(...calls)
    const counts = told.on('windows').filter(({ span, scope }) => span === HOUR && scope === 'service')
    expect(counts.length).toBeGreaterThan(5)
    expect(counts.length).toBeLessThan(14)
  })
  it('take over windows of a version that knew minutes only', () => {
    const old = { endpoint: 'shop GET /a', service: 'shop', start: NOON, count: 3, statuses: [['200', 3]] }
    expect(windowCodec.fromJson(old)).toMatchObject({ id: 'shop GET /a', scope: 'endpoint', span: 60, count: 3 })
  })
})
