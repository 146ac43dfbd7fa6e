/** Endpoint by endpoint, from the database: metrics have no label that clients could multiply. */
import { sqlGraph, table, type Board } from './kit.ts'
import { SERVICE, WINDOWS_IN_ALL, windowsOverTime } from './windows.ts'

/** The endpoints with the most requests in the time that is shown; more lines than these nobody reads. */
const BUSIEST = `endpoint in (select endpoint from ${WINDOWS_IN_ALL} where scope = 'endpoint' and ${SERVICE} group by endpoint order by sum(count) desc limit 10)`

const overTime = (value: string): string => windowsOverTime('endpoint', 'endpoint', value, BUSIEST)

export const endpoints: Board = {
  name: 'endpoints',
  title: 'Endpoints',
  says: 'What the API does, endpoint by endpoint, in windows of a minute',
  sections: [
    {
      heading: 'The ten busiest',
      panels: [
        sqlGraph({
          title: 'Requests',
          says: 'Per interval.',
          sql: overTime('sum(count)'),
        }),
        sqlGraph({
          title: 'p95',
          says: 'The worst window of each interval: a minute, or over long times an hour or a day.',
          unit: 'µs',
          sql: overTime('max(p95_us)'),
        }),
        sqlGraph({
          title: 'Server errors',
          says: 'Per interval, whoever answered.',
          sql: overTime('sum(errors)'),
        }),
        sqlGraph({
          title: 'Bytes answered',
          says: 'Per interval.',
          unit: 'bytes',
          sql: overTime('sum(response_bytes)'),
        }),
      ],
    },
    {
      heading: 'All',
      panels: [
        table({
          title: 'Endpoints',
          says: 'In the time that is shown, by requests. Clients: the most in one window.',
          sql: `select service, endpoint, sum(count) as requests,
  round(sum(latency_sum_us) / greatest(sum(count), 1) / 1000, 1) as mean_ms,
  round((max(p99_us) / 1000)::numeric, 1) as worst_p99_ms,
  max(clients) as clients,
  sum(client_errors) as client_errors,
  sum(errors) as server_errors,
  sum(by_ghosts) as by_ghosts
from ${WINDOWS_IN_ALL}
where scope = 'endpoint' and ${SERVICE}
group by service, endpoint
order by requests desc
limit 200`,
        }),
        table({
          title: 'Slowest requests',
          says: 'Single requests; their bodies stand on the log, at the position in the last columns.',
          sql: `select time, service, method, path, status, answered_by, upstream, round(total_us / 1000.0, 1) as ms, attempts, log_partition, log_offset
from exchanges
where $__timeFilter(time) and service ~ '^(\${service:regex})$'
order by total_us desc
limit 50`,
        }),
      ],
    },
  ],
}
