/**
 * A year of a hundred endpoints in Postgres: how long the overview takes, whatever Grafana shows of it, and a report. Days and
 * hours of a year, minutes of the last three days (older ones nobody reads), exchanges of a week, of which ghosts answered one
 * in fifty; sketches and lists as large as such traffic makes them.
 */
import { addValue, emptySketch, encodeSketch } from '../../schemas/semantics/sketches/ddsketch.ts'
import { addHash, emptyDistinct, encodeDistinct } from '../../schemas/semantics/sketches/hyperloglog.ts'
import { periodOf } from '../../sinks/console/reports/period.ts'
import { makeReport } from '../../sinks/console/reports/report.ts'
import type { Database } from '../../sinks/sinks.ts'
import { expanded, sqlQueries } from '../deploy/grafana/queries.ts'
import { random } from '../topology/recording.ts'
import { round, type Figure, type Section } from './kit/figure.ts'
import { overPostgres } from './kit/postgres.ts'

const section = 'year'
const LIMIT_MS = 200
const HOUR = 3600
const DAY = 24 * HOUR

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Of so many requests by so many clients. */
const sketches = (requests: number, clients: number): readonly [string, string] => {
  const next = random(1)
  const [latency, seen] = [emptySketch(), emptyDistinct()]
  for (let i = 0; i < requests; i++) addValue(latency, 10_000 * Math.exp(2 * (next() + next() + next()) - 3))
  for (let i = 0; i < clients; i++) addHash(seen, Math.floor(next() * 2 ** 32))
  return [hex(encodeSketch(latency)), hex(encodeDistinct(seen))]
}

const names = (count: number): string =>
  JSON.stringify(Array.from({ length: count }, (_, n) => ({ name: `/things/${n}/of/somebody`, count: 9, error: 0 })))

const scopes = `(select 'shop GET /things-' || n || '/{id}' as id, 'endpoint' as scope, '' as name, 0.02 as weight from generate_series(1, 100) n
  union all select 'shop', 'service', '', 1
  union all select 'shop upstream u' || n, 'upstream', 'u' || n, 0.5 from generate_series(1, 2) n
  union all select 'shop answered-by ' || n, 'answered-by', n, 0.5 from unnest(array['upstream', 'ghost', 'self', 'limiter']) n
  union all select 'shop status ' || n, 'status-class', n, 0.3 from unnest(array['2xx', '4xx', '5xx']) n) s`

interface Windows {
  readonly table: string
  readonly seconds: number
  readonly sketches: readonly [latency: string, clients: string]
  readonly names: string
}

/** From and to, in days before now. Busier at noon than at night. */
const windows = (
  { table, seconds, sketches: [latency, clients], names: list }: Windows,
  from: number,
  to: number,
): string => `
insert into ${table} (endpoint, service, scope, name, start, span_seconds, closed, count, late, errors, client_errors, by_ghosts,
  statuses, answered_by, upstreams, request_bytes, response_bytes, latency_sum_us, p50_us, p95_us, p99_us, clients, principals,
  latency, clients_sketch, top_paths, log_key, log_offset)
select s.id, 'shop', s.scope, s.name, t, ${seconds}, true, c, 0, c / 100, c / 50, c / 200,
  '{"200": 90, "404": 2, "500": 1}', '{"upstream": 92, "ghost": 1}', '{"u1": 46, "u2": 46}', c * 200, c * 1500, c * 20000,
  15000 + 5000 * random(), 60000 + 20000 * random(), 120000 + 50000 * random(), 100, 40,
  decode('${latency}', 'hex'), decode('${clients}', 'hex'), case when s.scope in ('endpoint', 'service') then '${list}'::jsonb else '[]' end,
  s.id || '@' || t, 0
from generate_series(date_trunc('day', now()) - interval '${from} days', least(now(), date_trunc('day', now()) - interval '${to} days') - interval '1 second',
    make_interval(secs => ${seconds})) t, ${scopes},
  lateral (select (s.weight * ${seconds} * 20 * (1.2 + sin(extract(hour from t) / 4)))::bigint as c) counted`

const exchanges = `
insert into exchanges select now() - interval '7 days' * random(), 'x' || n, 'shop', 'shop GET /things-' || n % 100 || '/{id}', 'GET', '/things/' || n, '',
  'HTTP/1.1', case when n % 50 = 0 then 503 else 200 end, case when n % 50 = 0 then 'ghost' else 'upstream' end, case when n % 50 = 0 then 'unavailable' else '' end,
  'u1', 'c', '', 1, true, false, '', null, null, null, 1, 1, 1, 20000, 200, 1500, '', 'application/json', '', '', 'i', n, 'year', 0, n
from generate_series(1, 400000) n`

/** Statement by statement, each well below the limit of one; the last is what a server that runs does by itself. */
const fill = function* (): Generator<string> {
  const days = { table: 'windows_day', seconds: DAY, sketches: sketches(20_000, 2_000), names: names(32) }
  const hours = { table: 'windows_hour', seconds: HOUR, sketches: sketches(2_000, 200), names: names(8) }
  const minutes = { table: 'windows', seconds: 60, sketches: sketches(24, 20), names: names(3) }
  yield windows(days, 365, -1)
  for (let from = 364; from > 0; from -= 28) yield windows(hours, from, Math.max(from - 28, -1))
  for (let from = 3; from >= 0; from--) yield windows(minutes, from, from - 1)
  yield exchanges
  yield 'vacuum analyze'
}

/** What people choose in Grafana, with the distance of points that a graph of half a screen has. */
const ranges = [
  ['a year', 365 * DAY, 12 * HOUR],
  ['90 days', 90 * DAY, 2 * HOUR],
  ['30 days', 30 * DAY, HOUR],
  ['a week', 7 * DAY, 600],
  ['a day', DAY, 120],
  ['six hours', 6 * HOUR, 60],
] as const

interface Took {
  /** The first time, when it comes from the disk or its cache. */
  readonly first: number
  /** Once a person has looked at it: of three. */
  readonly again: number
}

const timed = async (work: () => Promise<unknown>): Promise<Took> => {
  const times: number[] = []
  for (let i = 0; i < 4; i++) {
    const began = performance.now()
    await work()
    times.push(performance.now() - began)
  }
  const [first = 0, ...rest] = times
  return { first, again: Math.min(...rest) }
}

const figure = (name: string, value: number): Figure => ({
  section,
  name,
  unit: 'ms',
  value: round(value),
  better: 'less',
})

const overview = async (database: Database): Promise<Figure[]> => {
  const queries = sqlQueries().filter(({ where }) => where.startsWith('chaos-overview.json: '))
  const figures: Figure[] = []
  for (const [name, span, step] of ranges) {
    const [from, to] = [new Date(Date.now() - 1000 * span).toISOString(), new Date().toISOString()]
    const took: Took[] = []
    for (const { text } of queries) took.push(await timed(() => database.query(expanded(text, step, { from, to }))))
    const [first, again] = [took.map((one) => one.first), took.map((one) => one.again)]
    figures.push(
      {
        ...figure(`overview, ${name}: slowest of ${queries.length} queries`, Math.max(...again)),
        floor: { of: 'value', at: LIMIT_MS },
      },
      figure(`overview, ${name}: slowest, asked for the first time`, Math.max(...first)),
    )
  }
  return figures
}

const reports = async (database: Database): Promise<Figure[]> => {
  const now = Date.now()
  const day = await timed(() =>
    makeReport(database, periodOf('day', new Date(now - 1000 * DAY).toISOString().slice(0, 10), now), ''),
  )
  const hour = await timed(() =>
    makeReport(database, periodOf('hour', new Date(now - 1000 * HOUR).toISOString().slice(0, 13), now), ''),
  )
  return [figure('report of a day', day.again), figure('report of an hour', hour.again)]
}

const run = overPostgres(async (database) => {
  for (const sql of fill()) await database.query(sql)
  return [...(await overview(database)), ...(await reports(database))]
})

export const yearSection: Section = { name: section, run }
