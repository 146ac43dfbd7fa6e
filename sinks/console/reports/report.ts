/** A report of one day or hour: what the API did, who answered, what was different, what ghosts saved. */
import { z } from '@hono/zod-openapi'
import type { Database, Row } from '../../kit/database.ts'
import { addRow, clientsOf, emptySum, mostFrequent, principalsOf, quantileMs, share, type Sum } from './figures.ts'
import { incidentsOf, incidentsSchema } from './incidents.ts'
import { moversOf } from './movers.ts'
import { before, type Period } from './period.ts'
import { activationRows, refusedIn, signalRows, windowRows } from './store.ts'
import { uptimeOf, type Said } from './uptime.ts'

const n = z.number()
const text = z.string()
const frequent = z.array(z.object({ name: text, count: n }))
const part = z.object({ start: text, requests: n, rate: n })

export const reportSchema = z
  .object({
    period: z.enum(['day', 'hour']),
    start: text,
    end: text,
    until: text.openapi({ description: 'The end, or now: until then it speaks' }),
    service: text.nullable(),
    total: z.object({
      requests: n,
      rate: n.openapi({ description: 'Requests a second' }),
      errors: n.openapi({ description: 'That reached clients: 5xx, or no answer at all' }),
      error_share: n,
      errors_without_ghosts: n,
      client_errors: n,
      by_ghosts: n,
      late: n.openapi({ description: 'Came too late to be counted in their minute' }),
      request_bytes: n,
      response_bytes: n,
      clients: n.openapi({ description: 'Distinct; exact up to 512, then within 1.6 %' }),
      principals: n,
      p50_ms: n.openapi({ description: 'Quantiles within 1 %' }),
      p95_ms: n,
      p99_ms: n,
      statuses: z.record(text, n),
      answered_by: z.record(text, n),
    }),
    before: z
      .object({ requests: n, errors: n, error_share: n, p95_ms: n })
      .nullable()
      .openapi({ description: 'As much of the period before' }),
    peak: part.nullable().openapi({ description: 'The busiest hour of a day, minute of an hour' }),
    lowest: part.nullable(),
    endpoints: z.array(
      z.object({
        endpoint: text,
        requests: n,
        rate: n,
        errors: n,
        error_share: n,
        p50_ms: n,
        p95_ms: n,
        p99_ms: n,
        clients: n,
      }),
    ),
    endpoints_in_all: n,
    movers: z.array(
      z.object({ endpoint: text, what: z.enum(['requests', 'p95', 'errors']), before: n, now: n, sentence: text }),
    ),
    upstreams: z.array(
      z.object({
        service: text,
        upstream: text,
        uptime: n.openapi({ description: '0 to 1, of the time since it was first heard of in the period' }),
        down_seconds: n,
        outages: n,
        requests: n,
        errors: n,
        p95_ms: n,
      }),
    ),
    ghosts: z.object({
      activations: n,
      seconds: n,
      answers: n,
      refused: n,
      items: z.array(
        z.object({
          service: text,
          reason: text,
          started_at: text,
          ended_at: text.nullable(),
          seconds: n,
          endpoints: n,
          answers: n,
          refused: n,
        }),
      ),
    }),
    incidents: incidentsSchema,
    top_paths: frequent,
    top_agents: frequent,
    top_errors: frequent,
  })
  .openapi('Report')
export type Report = z.infer<typeof reportSchema>

const ENDPOINTS = 50
const ACTIVATIONS = 20

const iso = (ms: number): string => new Date(ms).toISOString()
const at = (value: unknown): number => Date.parse(String(value))

/** Rows of a scope, added up by a key. */
const sums = (rows: readonly Row[], scope: string, key: (row: Row) => string): Map<string, Sum> => {
  const found = new Map<string, Sum>()
  for (const row of rows) {
    if (row['scope'] !== scope) continue
    const name = key(row)
    const sum = found.get(name) ?? emptySum()
    found.set(name, sum)
    addRow(sum, row)
  }
  return found
}

const everything = (rows: readonly Row[]): Sum => sums(rows, 'service', () => 'all').get('all') ?? emptySum()
const byEndpoint = (rows: readonly Row[]): Map<string, Sum> => sums(rows, 'endpoint', (row) => String(row['endpoint']))

const totalOf = (sum: Sum, seconds: number): Report['total'] => ({
  requests: sum.requests,
  rate: share(sum.requests, seconds),
  errors: sum.errors,
  error_share: share(sum.errors, sum.requests),
  errors_without_ghosts: sum.errors + sum.byGhosts,
  client_errors: sum.clientErrors,
  by_ghosts: sum.byGhosts,
  late: sum.late,
  request_bytes: sum.requestBytes,
  response_bytes: sum.responseBytes,
  clients: clientsOf(sum),
  principals: principalsOf(sum),
  p50_ms: quantileMs(sum, 0.5),
  p95_ms: quantileMs(sum, 0.95),
  p99_ms: quantileMs(sum, 0.99),
  statuses: sum.statuses,
  answered_by: sum.answeredBy,
})

const beforeOf = (sum: Sum): Report['before'] =>
  sum.requests === 0
    ? null
    : {
        requests: sum.requests,
        errors: sum.errors,
        error_share: share(sum.errors, sum.requests),
        p95_ms: quantileMs(sum, 0.95),
      }

/** The busiest and the quietest part that is over, from the first one with traffic on: before, nobody watched. */
const extremes = (rows: readonly Row[], { until, part: length }: Period): Pick<Report, 'peak' | 'lowest'> => {
  const counts = new Map<number, number>()
  for (const row of rows) {
    if (row['scope'] !== 'service') continue
    const start = Math.floor(at(row['start']) / length) * length
    counts.set(start, (counts.get(start) ?? 0) + Number(row['count']))
  }
  const first = Math.min(...counts.keys())
  for (let start = first; start + length <= until; start += length) counts.set(start, counts.get(start) ?? 0)
  const ranked = [...counts].sort(([a, x], [b, y]) => x - y || a - b)
  const least = ranked.find(([start]) => start + length <= until)
  const told = (entry: readonly [number, number] | undefined): Report['peak'] =>
    entry ? { start: iso(entry[0]), requests: entry[1], rate: share(entry[1], length / 1000) } : null
  return { peak: told(ranked.at(-1)), lowest: told(least) }
}

const endpointsOf = (found: ReadonlyMap<string, Sum>, seconds: number): Report['endpoints'] =>
  [...found]
    .sort(([a, x], [b, y]) => y.requests - x.requests || (a < b ? -1 : 1))
    .slice(0, ENDPOINTS)
    .map(([endpoint, sum]) => ({
      endpoint,
      requests: sum.requests,
      rate: share(sum.requests, seconds),
      errors: sum.errors,
      error_share: share(sum.errors, sum.requests),
      p50_ms: quantileMs(sum, 0.5),
      p95_ms: quantileMs(sum, 0.95),
      p99_ms: quantileMs(sum, 0.99),
      clients: clientsOf(sum),
    }))

const keyOf = (service: unknown, upstream: unknown): string => `${String(service)} ${String(upstream)}`

/** When each upstream got its first request of the period. */
const firstOf = (rows: readonly Row[]): Map<string, number> => {
  const first = new Map<string, number>()
  for (const row of rows) {
    if (row['scope'] !== 'upstream') continue
    const key = keyOf(row['service'], row['name'])
    first.set(key, Math.min(first.get(key) ?? Infinity, at(row['start'])))
  }
  return first
}

const upstreamsOf = (rows: readonly Row[], signals: readonly Row[], { start, until }: Period): Report['upstreams'] => {
  const first = firstOf(rows)
  const traffic = sums(rows, 'upstream', (row) => keyOf(row['service'], row['name']))
  const said = new Map<string, Said[]>([...traffic.keys()].map((key) => [key, []]))
  for (const { time, service, subject, kind, to_state } of signals) {
    const key = keyOf(service, subject)
    said.set(key, [...(said.get(key) ?? []), { time: at(time), kind: kind as Said['kind'], to: String(to_state) }])
  }
  return [...said].sort().map(([key, list]) => {
    const sum = traffic.get(key) ?? emptySum()
    // Before anybody spoke of it or asked it, nobody watched: that is neither up nor down.
    const watched = Math.max(start, Math.min(list[0]?.time ?? Infinity, first.get(key) ?? until))
    const { share: uptime, downSeconds, outages } = uptimeOf(list, watched, until)
    const [service = '', upstream = ''] = key.split(' ')
    const figures = { requests: sum.requests, errors: sum.errors, p95_ms: quantileMs(sum, 0.95) }
    return { service, upstream, uptime, down_seconds: downSeconds, outages, ...figures }
  })
}

/**
 * When it was over for all: the first live answer after the last ghost's, wherever that was. An endpoint that nobody asks for
 * learns of it only minutes later. undefined: it goes on.
 */
const endOf = (rows: readonly Row[], last: number): number | undefined => {
  const ends = rows
    .flatMap((row) => (row['ended_at'] === null ? [] : [at(row['ended_at'])]))
    .filter((end) => end >= last)
  return ends.length === 0 ? undefined : Math.min(...ends)
}

/** What endpoints say of one outage, as one. */
const outageOf = (rows: readonly Row[], { start, until }: Period): Report['ghosts']['items'][number] => {
  const from = Math.min(...rows.map((row) => at(row['started_at'])))
  const last = Math.max(...rows.map((row) => at(row['last_at'])))
  const end = endOf(rows, last)
  const to = end ?? last
  const sum = (of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0)
  return {
    service: String(rows[0]?.['service']),
    reason: String(rows[0]?.['reason']),
    started_at: iso(from),
    ended_at: end === undefined ? null : iso(end),
    seconds: Math.max(0, Math.round((Math.min(until, to) - Math.max(start, from)) / 1000)),
    endpoints: rows.length,
    answers: sum((row) => Object.values(row['answers'] as Record<string, number>).reduce((x, y) => x + y, 0)),
    refused: sum((row) => Number(row['refused'])),
  }
}

const ghostsOf = async (database: Database, period: Period, service: string): Promise<Report['ghosts']> => {
  const outages = new Map<string, Row[]>()
  for (const row of await activationRows(database, period, service)) {
    const id = String(row['id'])
    outages.set(id, [...(outages.get(id) ?? []), row])
  }
  const items = [...outages.values()].map((list) => outageOf(list, period))
  const shown = items.slice(0, ACTIVATIONS)
  const ended = ({ ended_at: end }: (typeof items)[number]): number => (end === null ? period.until : at(end))
  const within = shown.map((item) => ({ service: item.service, from: at(item.started_at), to: ended(item) }))
  const [all = 0, ...each] = await refusedIn(database, [{ service, from: period.start, to: period.until }, ...within])
  const sum = (of: (item: (typeof items)[number]) => number): number => items.reduce((so, item) => so + of(item), 0)
  return {
    activations: items.length,
    seconds: sum(({ seconds }) => seconds),
    answers: sum(({ answers }) => answers),
    refused: Math.max(
      all,
      sum(({ refused }) => refused),
    ),
    items: shown.map((item, i) => ({ ...item, refused: Math.max(item.refused, each[i] ?? 0) })),
  }
}

/** `service`: '' for all. */
export const makeReport = async (database: Database, period: Period, service: string): Promise<Report> => {
  const past = await windowRows(database, before(period), service, true)
  const rows = await windowRows(database, period, service)
  const seconds = (period.until - period.start) / 1000
  const [total, endpoints] = [everything(rows), byEndpoint(rows)]
  return {
    period: period.kind,
    start: iso(period.start),
    end: iso(period.end),
    until: iso(period.until),
    service: service === '' ? null : service,
    total: totalOf(total, seconds),
    before: beforeOf(everything(past)),
    ...extremes(rows, period),
    endpoints: endpointsOf(endpoints, seconds),
    endpoints_in_all: endpoints.size,
    movers: past.length === 0 ? [] : moversOf(byEndpoint(past), endpoints),
    upstreams: upstreamsOf(rows, await signalRows(database, period, service), period),
    ghosts: await ghostsOf(database, period, service),
    incidents: await incidentsOf(database, period, service),
    top_paths: mostFrequent(total.paths),
    top_agents: mostFrequent(total.agents),
    top_errors: mostFrequent(total.bodies),
  }
}
