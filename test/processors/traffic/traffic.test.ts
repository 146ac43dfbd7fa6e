import { describe, expect, it } from 'vitest'
import { decodeSketch, quantile } from '../../../processors/kit/ddsketch.ts'
import { traffic } from '../../../processors/traffic/traffic.ts'
import type { Event, Exchange, Window } from '../../../schemas/events.ts'
import { random } from '../../topology/recording.ts'
import { anEvent, anExchange, aSignal, MINUTE, NOON, SECOND } from '../kit/builders.ts'
import { given, givenTopology, literalLocator, type Then } from '../kit/given.ts'

const call = (seconds: number, over: Partial<Exchange> = {}, id = 'e'): Event =>
  anEvent({ id, at: NOON + seconds * SECOND, exchange: anExchange({ target: '/a', ...over }) })
const beat = (seconds: number): Event => anEvent({ at: NOON + seconds * SECOND, signal: aSignal() })
const timed = (total: number): Partial<Exchange> => ({ timings: { queue: 0, connect: 0, firstByte: 0, total } })

/** The last word on each window, tombstones included. */
const last = (told: Then): Map<string, Window | null> =>
  new Map(told.said.filter(({ topic }) => topic === 'windows').map(({ key, value }) => [key, value as Window | null]))

describe('a window', () => {
  it('closes a grace after its end, by heartbeats alone', () => {
    const before = given(traffic, call(0), call(10)).when(beat(119))
    expect(before.on('windows').at(-1)).toMatchObject({ count: 2, start: NOON })
    given(traffic, call(0), call(10), beat(119)).when(beat(125), beat(300)).then([])
  })
  it('tells who answered what, how large and how fast', () => {
    const told = given(traffic).when(
      call(1, { ...timed(1000), status: 200, upstream: 'u1' }),
      call(2, { ...timed(3000), status: 503, answeredBy: 'ghost', upstream: '' }),
      call(3, { ...timed(2000), status: 200, upstream: 'u2' }),
      beat(180),
    )
    const window = told.on('windows').at(-1) as Window
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
    expect(told.on('windows').map(({ count }) => count)).toEqual([2, 4, 5])
  })
  it('passes over what was replayed', () => {
    given(traffic)
      .when(call(1, { replayed: true }), beat(300))
      .then([])
  })
  it('counts what is too late in the window that is current', () => {
    const told = given(traffic, call(0)).when(beat(200), call(30), call(200), beat(400))
    const windows = [...last(told).values()]
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
    expect(last(sorted).size).toBe(6)
  })
})
