/**
 * The newest minute of each endpoint, read from the database when metrics are asked for. Endpoints are learned from what
 * clients send, so only the MOST most frequent of all time have labels of their own; the others are added up as `other`.
 */
import { Gauge, type Registry } from 'prom-client'
import { inTime } from './drift-metrics.ts'
import type { Database, Row } from './kit/database.ts'

export const MOST = 200
/** What several metrics of one scrape ask is asked once. */
const FRESH_MS = 1_000

/** A minute that is over, and not long ago: an API that is silent has none. */
const NEWEST = `
with newest as (select max(start) as start from windows where scope = 'service' and closed and start > now() - interval '10 minutes'),
known as (select id, row_number() over (order by count desc, id) as place from endpoints where merged_into = '')
select w.service, case when k.place <= ${MOST} then w.endpoint else 'other' end as endpoint,
  sum(w.count)::bigint as requests, sum(w.errors)::bigint as errors, max(w.p95_us) as p95_us
from windows w join newest n on w.start = n.start left join known k on k.id = w.endpoint
where w.scope = 'endpoint'
group by 1, 2`

const figures = [
  ['chaosproxy_endpoint_requests', 'Requests of the newest minute that is over', 'requests', 1],
  ['chaosproxy_endpoint_errors', 'Of them 5xx or without an answer', 'errors', 1],
  ['chaosproxy_endpoint_p95_seconds', 'Latency of that minute', 'p95_us', 1e6],
] as const

type Ask = () => Promise<readonly Row[] | undefined>

/** Undefined while the database does not answer. */
const asking = (database: Pick<Database, 'query'>, now: () => number): Ask => {
  let asked: ReturnType<Ask> | undefined
  let until = 0
  return () => {
    if (asked !== undefined && now() < until) return asked
    until = now() + FRESH_MS
    asked = inTime(database.query(NEWEST)).catch(() => undefined)
    return asked
  }
}

/** Registers `chaosproxy_endpoint_*`; what was said stays while the database is away. */
export const endpointMetrics = (registry: Registry, database: Pick<Database, 'query'>): void => {
  const ask = asking(database, Date.now)
  for (const [name, help, column, per] of figures)
    new Gauge({
      name,
      help: `${help}, by endpoint: the ${MOST} most frequent, then other`,
      labelNames: ['service', 'endpoint'],
      registers: [registry],
      async collect() {
        const rows = await ask()
        if (rows === undefined) return
        this.reset()
        for (const row of rows)
          this.set({ service: String(row['service']), endpoint: String(row['endpoint']) }, Number(row[column]) / per)
      },
    })
}
