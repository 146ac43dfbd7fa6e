/**
 * Outages, as the recorded traffic shows them: spans in which the upstreams of a service could not answer, so that ghosts
 * did, or nobody. Reckoned from the rows of exchanges when asked for; nothing else is kept.
 */
import type { Database, Row } from '../kit/database.ts'

/** So long without a ghost or a refusal ends an outage. */
const QUIET = '60 seconds'

/** An honest error in the place of an upstream that cannot answer. */
export const REFUSED = `answered_by = 'self' and why in
  ('unavailable', 'connect-failed', 'timeout', 'reset', 'protocol-error', 'slow', 'status-500', 'status-502', 'status-503', 'status-504')`

/** What the proxy answers in the place of an upstream that cannot; mock mode and faults are no outages. */
const ILL = `(answered_by = 'ghost' and why <> 'mode-mock') or (${REFUSED})`

/** The rows of outages since $1, each with the number of its outage within its service. */
const SPANS = `ill as (
  select *, time - lag(time) over (partition by service order by time, id) > interval '${QUIET}' as parted
  from exchanges where time >= $1::timestamptz and (${ILL}) and not replayed
), spans as (
  select *, sum(case when parted then 1 else 0 end) over (partition by service order by time, id) as span from ill
)`

const ANSWERED = `answered_by = 'ghost'`
const SAFE = `method in ('GET', 'HEAD', 'OPTIONS')`

/** One row an outage. */
const LIST = `with ${SPANS}
select service, min(time) as started_at, max(time) as last_at, count(*) as requests,
  count(*) filter (where ${ANSWERED}) as answered, count(*) filter (where not (${ANSWERED})) as refused,
  count(distinct client) as clients, count(distinct nullif(principal, '')) as principals,
  avg(ghost_confidence) filter (where ${ANSWERED}) as confidence, min(ghost_confidence) filter (where ${ANSWERED}) as least_confidence,
  count(*) filter (where ${ANSWERED} and not ${SAFE} and ghost_kind = 'mock' and status < 300) as writes_accepted,
  count(*) filter (where ${ANSWERED} and not ${SAFE} and ghost_kind = 'queued' and status < 300) as writes_queued,
  count(*) filter (where not (${ANSWERED}) and not ${SAFE}) as writes_rejected,
  exists (select 1 from exchanges e where e.service = spans.service and e.time > max(spans.time)
    and e.answered_by = 'upstream' and e.status < 500) as returned
from spans group by service, span`

export interface Outage {
  readonly id: string
  readonly service: string
  readonly started_at: string
  readonly last_at: string
  readonly ended: boolean
  readonly requests: number
  readonly answered: number
  readonly refused: number
  readonly clients: number
  readonly principals: number
  readonly confidence: number | null
  readonly least_confidence: number | null
  readonly writes: { readonly accepted: number; readonly queued: number; readonly rejected: number }
}

const idOf = (service: string, startedAt: string): string => `${service}@${startedAt}`

/** The service and the beginning that an id names; undefined: it is none. */
export const readId = (id: string): { readonly service: string; readonly startedAt: string } | undefined => {
  const at = id.lastIndexOf('@')
  const startedAt = id.slice(at + 1)
  return at > 0 && !Number.isNaN(Date.parse(startedAt)) ? { service: id.slice(0, at), startedAt } : undefined
}

const QUIET_MS = 60_000
const orNull = (value: unknown): number | null => (value === null ? null : Number(value))

const outageOf = (row: Row, now: number): Outage => {
  const [service, started_at, last_at] = [row['service'], row['started_at'], row['last_at']].map(String) as [
    string,
    string,
    string,
  ]
  return {
    id: idOf(service, started_at),
    service,
    started_at,
    last_at,
    ended: row['returned'] === true || now - Date.parse(last_at) > QUIET_MS,
    requests: Number(row['requests']),
    answered: Number(row['answered']),
    refused: Number(row['refused']),
    clients: Number(row['clients']),
    principals: Number(row['principals']),
    confidence: orNull(row['confidence']),
    least_confidence: orNull(row['least_confidence']),
    writes: {
      accepted: Number(row['writes_accepted']),
      queued: Number(row['writes_queued']),
      rejected: Number(row['writes_rejected']),
    },
  }
}

/** Those that began since then, newest first; at most so many. */
export const listOutages = async (database: Database, since: string, limit: number): Promise<readonly Outage[]> => {
  const rows = await database.query(`${LIST} order by started_at desc, service limit $2`, [since, limit])
  return rows.map((row) => outageOf(row, Date.now()))
}

/** One outage; undefined: there is none of this id. */
export const findOutage = async (database: Database, id: string): Promise<Outage | undefined> => {
  const named = readId(id)
  if (named === undefined) return undefined
  const sql = `select * from (${LIST}) all_outages where service = $2 and started_at = $1::timestamptz`
  const [row] = await database.query(sql, [named.startedAt, named.service])
  return row === undefined ? undefined : outageOf(row, Date.now())
}

const WITHIN = `service = $1 and time >= $2::timestamptz and time <= $3::timestamptz and (${ILL}) and not replayed`

const within = ({ service, started_at, last_at }: Outage): readonly string[] => [service, started_at, last_at]

export interface OutageEndpoint {
  readonly endpoint: string
  readonly answered: number
  readonly refused: number
  readonly confidence: number | null
  readonly least_confidence: number | null
}

/** By endpoint, where most was asked first. */
export const endpointsOf = async (database: Database, outage: Outage): Promise<readonly OutageEndpoint[]> => {
  const rows = await database.query(
    `select coalesce(endpoint, service || ' ' || method || ' (unknown)') as endpoint,
      count(*) filter (where ${ANSWERED}) as answered, count(*) filter (where not (${ANSWERED})) as refused,
      avg(ghost_confidence) as confidence, min(ghost_confidence) as least_confidence
    from exchanges where ${WITHIN} group by 1 order by count(*) desc, 1 limit 200`,
    within(outage),
  )
  return rows.map((row) => ({
    endpoint: String(row['endpoint']),
    answered: Number(row['answered']),
    refused: Number(row['refused']),
    confidence: orNull(row['confidence']),
    least_confidence: orNull(row['least_confidence']),
  }))
}

/** What made the proxy answer, and with what: why, kind of ghost, status. */
export const countsOf = async (
  database: Database,
  outage: Outage,
): Promise<Readonly<Record<'why' | 'kinds' | 'statuses', Record<string, number>>>> => {
  const rows = await database.query(
    `select why, coalesce(ghost_kind, 'none') as kind, status, count(*) as n from exchanges where ${WITHIN} group by 1, 2, 3`,
    within(outage),
  )
  const why: Record<string, number> = {}
  const kinds: Record<string, number> = {}
  const statuses: Record<string, number> = {}
  for (const row of rows) {
    const n = Number(row['n'])
    for (const [into, key] of [
      [why, row['why']],
      [kinds, row['kind']],
      [statuses, row['status']],
    ] as const)
      into[String(key)] = (into[String(key)] ?? 0) + n
  }
  return { why, kinds, statuses }
}

/** Rows of the refusals, or of ghosts that read for nobody in particular; the newest. */
export const rowsOf = async (
  database: Database,
  outage: Outage,
  which: 'refused' | 'anonymous',
  limit: number,
): Promise<readonly Row[]> => {
  const only =
    which === 'refused'
      ? `answered_by = 'self'`
      : `${ANSWERED} and principal = '' and method in ('GET', 'HEAD') and response_bytes > 0`
  return await database.query(
    `select id, time, method, path, query, status, log_topic, log_partition, log_offset
    from exchanges where ${WITHIN} and ${only} order by time desc limit $4`,
    [...within(outage), limit],
  )
}
