/** What a report asks of the database: the same statements on Postgres, Timescale and PGlite. */
import type { Database, Row } from '../../kit/database.ts'
import { REFUSED } from '../outages.ts'
import type { Period } from './period.ts'

const HOUR = 3_600_000
/** An hour ends a minute after its last one; further back than this, hours that are open are those of silent services. */
const OPEN = 3 * HOUR

const short = `scope, endpoint, service, name, start, count, errors, latency`
const whole = `${short}, late, client_errors, by_ghosts, statuses, answered_by, request_bytes, response_bytes, clients, principals,
  clients_sketch, principals_sketch, top_paths, top_agents, top_errors`

const iso = (ms: number): string => new Date(ms).toISOString()

/** `$3`: '' for all services. */
const within = (columns: string, table: string): string => `select ${columns} from ${table} w
where w.start >= $1::timestamptz and w.start < $2::timestamptz and ($3 = '' or w.service = $3) and w.scope in ('endpoint', 'service', 'upstream')`

/** Minutes of hours that are not over, as those are told every few seconds; and of the hour ($4) that the period cuts. */
const ofOpenHours = `
  and (w.start >= $4::timestamptz or not exists (
    select 1 from windows_hour h where h.closed and h.endpoint = w.endpoint and h.partition = w.partition
    and h.span_seconds = 3600 and h.start = date_bin('1 hour', w.start, '2000-01-03 00:00:00+00')))`

/** Windows of the period: hours and then minutes for a day, minutes for an hour. `thin`: what comparing needs. */
export const windowRows = async (
  database: Database,
  { kind, start, until }: Period,
  service: string,
  thin = false,
): Promise<readonly Row[]> => {
  const columns = thin ? short : whole
  const ask = (sql: string, from: number, to: number, ...more: readonly unknown[]): Promise<readonly Row[]> =>
    database.query(sql, [iso(from), iso(to), service, ...more])
  if (kind === 'hour') return ask(within(columns, 'windows'), start, until)
  const last = Math.floor(until / HOUR) * HOUR
  const hours = await ask(`${within(columns, 'windows_hour')} and w.closed`, start, last)
  const since = Math.max(start, last - OPEN)
  return [...hours, ...(await ask(within(columns, 'windows') + ofOpenHours, since, until, iso(last)))]
}

/** What was said of upstreams, in the order of time: the last words before the period, and all in it. */
export const signalRows = (database: Database, { start, until }: Period, service: string): Promise<readonly Row[]> =>
  database.query(
    `select * from (
  select distinct on (service, subject, kind) time, service, subject, kind, to_state from signals
  where time < $1::timestamptz and kind in ('health', 'breaker') and subject !~ '[* ]' and ($3 = '' or service = $3)
  order by service, subject, kind, time desc) before
union all
select time, service, subject, kind, to_state from signals
where time >= $1::timestamptz and time < $2::timestamptz and kind in ('health', 'breaker') and subject !~ '[* ]' and ($3 = '' or service = $3)
order by time`,
    [iso(start), iso(until), service],
  )

/** Activations that touch the period, newest first. */
export const activationRows = (
  database: Database,
  { start, until }: Period,
  service: string,
): Promise<readonly Row[]> =>
  database.query(
    `select id, started_at, last_at, ended_at, endpoint, service, reason, answers, refused from activations
where started_at < $2::timestamptz and coalesce(ended_at, last_at) >= $1::timestamptz and ($3 = '' or service = $3)
order by started_at desc limit 1000`,
    [iso(start), iso(until), service],
  )

/** `service`: '' for all. */
export interface Span {
  readonly service: string
  readonly from: number
  readonly to: number
}

/** How many requests of each span got neither an upstream nor a ghost: endpoints without a single ghost have no activation. */
export const refusedIn = async (database: Database, spans: readonly Span[]): Promise<readonly number[]> => {
  const asked = spans.map(({ service, from, to }, n) => ({ n, service, from: iso(from), to: iso(to) }))
  const rows = await database.query(
    `select s.n, (select count(*) from exchanges where time >= s."from" and time <= s."to"
  and (s.service = '' or service = s.service) and ${REFUSED} and not replayed) as refused
from jsonb_to_recordset($1::jsonb) as s (n int, service text, "from" timestamptz, "to" timestamptz) order by s.n`,
    [JSON.stringify(asked)],
  )
  return rows.map((row) => Number(row['refused']))
}
