/** Reports, from exchanges to figures: the real processor, the real sink, over every database. One call per kind. */
import { describe, expect, test } from 'vitest'
import { startProcessors } from '../../processors/runtime/host.ts'
import { traffic } from '../../processors/traffic/traffic.ts'
import type { Event } from '../../schemas/events.ts'
import { periodOf } from '../../sinks/console/reports/period.ts'
import { makeReport, type Report } from '../../sinks/console/reports/report.ts'
import { literalLocator } from '../processors/kit/given.ts'
import { anActivation, anEvent, aSignal } from './events.ts'
import { count, openTestLog, until, upTo } from './kit.ts'
import { bench, type Place } from './place.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const DAY_START = Date.UTC(2026, 0, 31)

/** `at` in ms. */
const call = (n: number, at: number, part: Parameters<typeof anEvent>[2] = {}): Event =>
  anEvent(n, { id: `c${n}`, sequence: 0, at: at * 1000 }, { target: '/books', client: `c${n % 7}`, ...part })
const beat = (at: number): Event => aSignal(0, { kind: 'heartbeat' }, { sequence: 0, at: at * 1000 })
const timed = (ms: number) => ({ timings: { queue: 0, connect: 0, firstByte: 0, total: ms * 1000 } })
const FAR = 10 * 60_000

/** The day before: 40 calls at 9. The day: 10 at 9, 60 at 10 (one in four from a ghost, five errors, five refused), 30 of another at 14:30. */
const recorded = (): Event[] => [
  ...upTo(40).map((n) => call(n, DAY_START - DAY + 9 * HOUR + n * 1000, timed(10))),
  beat(DAY_START + 9 * HOUR - 30_000),
  beat(DAY_START + 9 * HOUR - 10_000),
  ...upTo(10).map((n) => call(100 + n, DAY_START + 9 * HOUR + n * 1000, timed(10))),
  ...upTo(60).map((n) =>
    call(200 + n, DAY_START + 10 * HOUR + n * 1000, {
      ...timed(n + 1),
      ...(n % 4 === 0 ? { answeredBy: 'ghost', upstream: '' } : {}),
      ...(n % 12 === 1 ? { status: 500 } : {}),
      ...(n % 14 === 3 ? { answeredBy: 'self', upstream: '', why: 'unavailable', status: 503 } : {}),
    }),
  ),
  ...upTo(4).map((n) => beat(DAY_START + (11 + n) * HOUR - 60_000)),
  ...upTo(30).map((n) => call(300 + n, DAY_START + 14.5 * HOUR + n * 1000, { ...timed(20), target: '/cart' })),
  beat(DAY_START + 14.5 * HOUR + FAR),
]

export const reportContract = (name: string, make: () => Promise<Place>): void => {
  describe(`report contract: ${name}`, () => {
    const { place, opened, start } = bench(make)

    test('a day and an hour, from what passed', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      const topology = { locator: literalLocator(), processors: [traffic] }
      const processors = await startProcessors({ log: from.log, codecs: from.codecs, topology, commitIntervalMs: 20 })
      await from.put('exchanges', 'shop', recorded())
      const upstream = 'http://127.0.0.1:4001'
      const turned = (n: number, at: number, to: string): Event =>
        aSignal(n, { kind: 'health', subject: upstream, to }, { id: `s${n}`, at: at * 1000 })
      const down = DAY_START + 10 * HOUR
      await from.put('exchanges', 'shop', [turned(1, down, 'down'), turned(2, down + 36_000, 'up')])
      const span = { startedAt: down * 1000, lastAt: (down + 30_000) * 1000, endedAt: (down + 36_000) * 1000 }
      await from.put('activations', 'a', [
        { ...anActivation, ...span },
        { ...anActivation, ...span, endpoint: 'shop GET /cart', answers: [{ name: 'template', count: 2 }] },
      ])
      await start(from, database)
      const now = DAY_START + 15 * HOUR
      const report = (): Promise<Report> => makeReport(database, periodOf('day', '2026-01-31', now), '')
      const day = await until(
        'everything counted',
        report,
        (r) => r.total.requests === 100 && r.before?.requests === 40,
      )
      await until(
        'the activation',
        () => count(database, 'activations'),
        (n) => n === 2,
      )
      expect(day.total).toMatchObject({ errors: 10, by_ghosts: 15, errors_without_ghosts: 25, clients: 7, late: 0 })
      expect(day.total.answered_by).toEqual({ upstream: 80, ghost: 15, self: 5 })
      expect(Math.abs(day.total.p99_ms / 59 - 1)).toBeLessThan(0.03)
      expect(day.before).toMatchObject({ requests: 40, errors: 0 })
      expect([day.peak?.start, day.peak?.requests]).toEqual(['2026-01-31T10:00:00.000Z', 60])
      expect([day.lowest?.start, day.lowest?.requests]).toEqual(['2026-01-31T11:00:00.000Z', 0])
      expect(day.endpoints.map((e) => [e.endpoint, e.requests, e.errors])).toEqual([
        ['shop GET /books', 70, 10],
        ['shop GET /cart', 30, 0],
      ])
      expect(day.movers.map(({ endpoint, what }) => `${endpoint} ${what}`)).toContain('shop GET /cart requests')
      expect(day.top_paths).toEqual([
        { name: '/books', count: 70 },
        { name: '/cart', count: 30 },
      ])
      const later = await until('the refusals', report, ({ ghosts }) => ghosts.refused === 5)
      // Also what was refused where no ghost answered, which no activation tells of: three of them in its 36 seconds.
      const refused = [later.ghosts.refused, ...later.ghosts.items.map((item) => item.refused)]
      expect(later.ghosts).toMatchObject({ activations: 1, seconds: 36, answers: 6 })
      expect(refused).toEqual([5, 3])
      // From nine on: before, nobody watched.
      const uptime = 1 - 36 / (6 * 3600)
      expect(later.upstreams).toMatchObject([
        { service: 'shop', upstream, down_seconds: 36, outages: 1, errors: 5, uptime },
      ])

      const hour = await makeReport(database, periodOf('hour', '2026-01-31T10', now), 'shop')
      expect(hour.total).toMatchObject({ requests: 60, clients: 7 })
      expect([hour.peak?.requests, hour.before?.requests]).toEqual([60, 10])
      const nobody = await makeReport(database, periodOf('day', '2026-01-30', now), 'another')
      expect([nobody.total.requests, nobody.peak, nobody.endpoints]).toEqual([0, null, []])
      await processors.close()
    })
  })
}
