/** What the tables must do over every database, however they are cut: one call per kind. */
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import type { Window } from '../../schemas/events.ts'
import type { Database } from '../../sinks/kit/database.ts'
import { endpointMetrics } from '../../sinks/endpoint-metrics.ts'
import type { Storage } from '../../sinks/postgres/migrations/005-storage.ts'
import { migrations } from '../../sinks/postgres/migrations/migrations.ts'
import { rebuildTable } from '../../sinks/postgres/rebuild.ts'
import { keepTables } from '../../sinks/postgres/retention.ts'
import { storeState } from '../../sinks/postgres/status.ts'
import { migrate } from '../../sinks/sinks.ts'
import { aWindow, anEvent } from './events.ts'
import { count, openTestLog, until, upTo } from './kit.ts'
import { bench, type Place } from './place.ts'

const DAY = 86_400_000
const WEEK = 7 * DAY

const exchangeAt = (n: number, ms: number) => anEvent(n, { at: ms * 1000 })

/** What a version before left behind: its migrations, and rows. */
const migratedTo = async (database: Database, last: number): Promise<void> => {
  const register = `create table schema_migrations (number integer primary key, name text not null, applied_at timestamptz not null default now())`
  await database.transaction([
    { kind: 'script', sql: register },
    ...migrations
      .filter(({ number }) => number <= last)
      .flatMap(({ number, name, sql }) => [
        { kind: 'script' as const, sql: sql('plain') },
        { kind: 'query' as const, sql: 'insert into schema_migrations values ($1, $2)', params: [number, name] },
      ]),
  ])
}

/** A minute of a thousand endpoints, two requests each, and of one that nobody knows; e1000 is the most frequent. */
const THOUSAND = `
insert into endpoints select 'e' || n, 'shop', 'GET', '/e' || n, '[]', n, now(), now(), '', null, 0, 'k' || n, n from generate_series(1, 1000) n;
insert into windows select id, 'shop', date_trunc('minute', now()) - interval '2 minutes', 60, 2, 0, '{}', '{}', '{}', 1, 1, 1, 1, 1, 1, id, 0, scope, '', 0, true
  from (select 'e' || n as id, 'endpoint' as scope from generate_series(1, 1000) n union all select 'shop *', 'endpoint' union all select 'shop', 'service') s;
`

/** What Timescale's jobs do in their own time. */
const refresh = async (database: Database): Promise<void> => {
  const jobs = await database.query(
    `select job_id from timescaledb_information.jobs where proc_name = 'policy_refresh_continuous_aggregate' order by job_id`,
  )
  for (const { job_id: id } of jobs) await database.query(`call run_job(${id})`)
}

/** Compresses all minutes, and lets nobody who does not ask for it write to more than one of them again. */
const putAway = async (database: Database): Promise<void> => {
  await database.query(`select compress_chunk(chunk) from show_chunks('windows') chunk`)
  const limit = 'timescaledb.max_tuples_decompressed_per_dml_transaction = 1'
  await database.query(`do $$ begin execute format('alter database %I set ${limit}', current_database()); end $$`)
  await database.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and application_name = 'chaos-proxy'`)
}

export const storageContract = (name: string, make: () => Promise<Place>, storage: Storage): void => {
  describe(`storage contract: ${name}`, () => {
    const { place, opened, start } = bench(make)

    test('rows that were there before the tables were cut stay', async () => {
      const database = await opened(await place())
      await migratedTo(database, 3)
      const signal = `select now() - interval '1 hour' * n, 's' || n, 'shop', 'health', 'u', 'up', 'down', '', 0, 'i', 't', 0, n from generate_series(1, 300) n`
      const window = `select 'e' || n, 'shop', date_trunc('minute', now()), 60, 1, 0, '{}', '{}', '{}', 1, 1, 1, 1, 1, 1, 'k' || n, n from generate_series(1, 9) n`
      await database.transaction([
        { kind: 'script', sql: `insert into signals ${signal}; insert into windows ${window}` },
      ])
      expect(await migrate(database)).toEqual(migrations.slice(3).map(({ number }) => number))
      await keepTables(database, WEEK)
      await keepTables(database, WEEK)
      expect([await count(database, 'signals'), await count(database, 'windows')]).toEqual([300, 9])
      expect(await database.query('select distinct scope, partition from windows')).toEqual([
        { scope: 'endpoint', partition: 0 },
      ])
    })

    test('rows of any time find a place, once each; what is too old goes', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      const now = Date.now()
      const times = [now, now - DAY, now - 3 * DAY, now - 30 * DAY, now + DAY, now + 400 * DAY]
      await from.put(
        'exchanges',
        'shop',
        times.map((at, n) => exchangeAt(n, at)),
      )
      const first = await start(from, database)
      await until(
        'all',
        () => count(database, 'exchanges'),
        (n) => n === times.length,
      )
      await first.close()
      await database.transaction([{ kind: 'script', sql: 'update sink_offsets set position = 0' }])
      const second = await start(from, database)
      await until(
        'again',
        () => second.positions().get('exchanges/0'),
        (n) => n === times.length,
      )
      expect(await count(database, 'exchanges')).toBeGreaterThanOrEqual(times.length - 1)
      if (storage === 'plain') await keepTables(database, WEEK)
      else await database.query(`select drop_chunks('exchanges', older_than => interval '7 days')`)
      const left = await database.query('select id from exchanges order by id')
      expect(left.map(({ id }) => id)).toEqual(times.flatMap((_, n) => (n === 3 ? [] : [anEvent(n).id])))
    })

    test('windows of each span have their table, and a graph gets those it wants', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      const spans = [60, 3600, 86_400]
      const told: Window[] = spans.map((span) => aWindow({ span, endpoint: 'shop', scope: 'service', count: span }))
      for (const window of told) await from.put('windows', `shop@${window.span}`, [window, { ...window, count: 9 }])
      await from.put('windows', 'shop#1', [aWindow({ partition: 1, count: 5 })])
      await start(from, database)
      await until(
        'all',
        () => count(database, 'windows_day'),
        (n) => n === 1,
      )
      await until(
        'both partitions',
        () => count(database, 'windows'),
        (n) => n === 2,
      )
      const asked = async (from: string, to: string, step: string): Promise<unknown> => {
        const sql = `select sum(count)::int as count, max(span_seconds) as span from windows_between($1, $2, $3::interval)`
        return (await database.query(sql, [from, to, step]))[0]
      }
      expect(await asked('2026-01-31', '2026-02-01', '1 minute')).toEqual({ count: 14, span: 60 })
      expect(await asked('2026-01-28', '2026-02-04', '1 minute')).toEqual({ count: 9, span: 3600 })
      expect(await asked('2026-01-31', '2026-02-01', '1 hour')).toEqual({ count: 9, span: 3600 })
      expect(await asked('2026-01-01', '2026-03-01', '1 hour')).toEqual({ count: 9, span: 86_400 })
      expect(await asked('2026-01-31', '2026-02-01', '1 day')).toEqual({ count: 9, span: 86_400 })
    })

    test('who answered, by the hour and by the day', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      const ghost = { answeredBy: 'ghost', ghost: { kind: 'exact', confidence: 0.5, activation: 'a' } } as const
      await from.put('exchanges', 'shop', [...upTo(3).map((n) => anEvent(n)), anEvent(3, {}, ghost)])
      await start(from, database)
      await until(
        'all',
        () => count(database, 'exchanges'),
        (n) => n === 4,
      )
      for (const view of ['answers_hour', 'answers_day'])
        expect(
          await database.query(
            `select answered_by, ghost_kind, requests::int as requests, confidence from ${view} order by answered_by desc`,
          ),
        ).toEqual([
          { answered_by: 'upstream', ghost_kind: null, requests: 3, confidence: null },
          { answered_by: 'ghost', ghost_kind: 'exact', requests: 1, confidence: 0.5 },
        ])
      const seen = new Date(anEvent(3).at / 1000)
      for (const days of [1, 30, 300]) {
        const span = [-days, days].map((n) => new Date(seen.getTime() + n * DAY).toISOString())
        const sql = 'select answered_by, why, status, requests, last from unanswered_between($1, $2)'
        expect(await database.query(sql, span)).toMatchObject([{ answered_by: 'ghost', requests: 1 }])
      }
    })

    test('who answered days ago is told after a late filling, too', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      const now = Date.now()
      await from.put(
        'exchanges',
        'shop',
        upTo(6).map((n) => exchangeAt(n, now - n * DAY)),
      )
      await start(from, database)
      await until(
        'all',
        () => count(database, 'exchanges'),
        (n) => n === 6,
      )
      if (storage === 'timescale') await refresh(database)
      for (const view of ['answers_hour', 'answers_day'])
        expect(await database.query(`select sum(requests)::int as requests from ${view}`)).toEqual([{ requests: 6 }])
    })

    test('minutes of long ago are told again, and taken back', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      const old = Math.floor(Date.now() / 60_000) * 60_000_000 - 20 * DAY * 1000
      const at = (n: number): number => old + n * 60_000_000
      const told = (n: number, more: Partial<Window> = {}): Promise<unknown> =>
        from.put('windows', `shop@${at(n)}`, [aWindow({ endpoint: 'shop', start: at(n), ...more })])
      for (const n of upTo(3)) await told(n)
      await start(from, database)
      const minutes = () => database.query('select count::int as count from windows order by start')
      await until('all', minutes, ({ length }) => length === 3)
      if (storage === 'timescale') await putAway(database)
      await told(0, { count: 77 })
      await from.raw('windows', `shop@${at(1)}`, null)
      await until('the end of one', minutes, ({ length }) => length === 2)
      expect((await minutes())[0]).toEqual({ count: 77 })
    })

    test('a table is rebuilt from the log, whatever still runs', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      await from.put(
        'exchanges',
        'shop',
        upTo(20).map((n) => anEvent(n)),
      )
      const running = await start(from, database)
      await until(
        'all',
        () => count(database, 'exchanges'),
        (n) => n === 20,
      )
      expect(await rebuildTable(database, 'exchanges')).toBe('exchanges')
      await from.put('exchanges', 'shop', [anEvent(20)])
      await until(
        'the running one',
        () => running.positions().get('exchanges/0'),
        (n) => n === 21,
      )
      await running.close()
      expect(await count(database, 'exchanges')).toBe(1)
      const next = await start(from, database)
      await until(
        'all again',
        () => count(database, 'exchanges'),
        (n) => n === 21,
      )
      await until(
        'its position',
        () => next.positions().get('exchanges/0'),
        (n) => n === 21,
      )
      await expect(rebuildTable(database, 'nothing')).rejects.toThrow(/exchanges, signals/)
    })

    test('of a thousand endpoints two hundred have metrics of their own, the others are one', async () => {
      const database = await opened(await place())
      await migrate(database)
      await database.transaction([{ kind: 'script', sql: THOUSAND }])
      const registry = new Registry()
      endpointMetrics(registry, database)
      // A scrape does not wait long for a database; the next one finds what this one did not.
      const scraped = await until(
        'a scrape in time',
        () => registry.metrics(),
        (text) => text.includes('endpoint="e1000"'),
      )
      const lines = scraped.split('\n').filter((line) => !line.startsWith('#'))
      const of = (metric: string): string[] => lines.filter((line) => line.startsWith(`chaosproxy_endpoint_${metric}{`))
      expect([of('requests').length, of('errors').length, of('p95_seconds').length]).toEqual([201, 201, 201])
      expect(of('requests')).toContain('chaosproxy_endpoint_requests{service="shop",endpoint="e1000"} 2')
      expect(of('requests')).toContain('chaosproxy_endpoint_requests{service="shop",endpoint="other"} 1602')
    })

    test('says what stands', async () => {
      const database = await opened(await place())
      expect((await storeState(database)).migrations.map(({ appliedAt }) => appliedAt)).toContain(undefined)
      await migrate(database)
      await keepTables(database, WEEK)
      const state = await storeState(database)
      expect([state.storage, state.failing]).toEqual([storage, []])
      const pieces = new Map(state.tables.map(({ table, pieces: n }) => [table, n]))
      expect([pieces.get('endpoints'), pieces.has('exchanges')]).toEqual([1, true])
      if (storage === 'plain') expect(pieces.get('exchanges')).toBeGreaterThanOrEqual(3)
    })
  })
}
