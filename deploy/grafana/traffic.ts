/** What the API does over hours and months, from the windows of the database: the same figures that reports give. */
import { sqlGraph, table, type Board } from './kit.ts'
import { SERVICE, WINDOWS_IN_ALL, windowsOverTime } from './windows.ts'

const services = [
  sqlGraph({
    title: 'Requests by service',
    says: 'Per interval, whoever answered.',
    sql: windowsOverTime('service', 'service', 'sum(count)'),
  }),
  sqlGraph({
    title: 'Errors, and what they would have been without ghosts',
    says: '5xx and no answer at all, per interval; without ghosts each of their answers would have been one.',
    sql: `${windowsOverTime('service', `'reached clients'`, 'sum(errors)').replace(/order by 1$/, '')}union all
${windowsOverTime('service', `'without ghosts'`, 'sum(errors + by_ghosts)')}`,
  }),
  sqlGraph({
    title: 'Clients',
    says: 'Distinct clients of the busiest window of each interval (HyperLogLog, 1.6 %).',
    sql: windowsOverTime('service', 'service', 'max(clients)'),
  }),
  sqlGraph({
    title: 'p95 by service',
    says: 'The worst window of each interval: a minute, or over long times an hour or a day.',
    unit: 'µs',
    sql: windowsOverTime('service', 'service', 'max(p95_us)'),
  }),
]

const parts = [
  sqlGraph({
    title: 'Requests by upstream',
    says: 'Per interval.',
    sql: windowsOverTime('upstream', `service || ' ' || name`, 'sum(count)'),
  }),
  sqlGraph({
    title: 'p95 by upstream',
    says: 'The worst window of each interval: one that is slower than its twins is sick.',
    unit: 'µs',
    sql: windowsOverTime('upstream', `service || ' ' || name`, 'max(p95_us)'),
  }),
  sqlGraph({
    title: 'Requests by who answered',
    says: 'Per interval; over months this is how much ghosts, limiters and injected faults did.',
    sql: windowsOverTime('answered-by', `service || ' ' || name`, 'sum(count)'),
  }),
  sqlGraph({
    title: 'Requests by class of status',
    says: 'Per interval; none: a connection that ended without an answer.',
    sql: windowsOverTime('status-class', `service || ' ' || name`, 'sum(count)'),
  }),
]

/** Lists of windows, added up: what each had most of; of a minute the first eight. */
const frequent = (
  column: string,
  what: string,
): string => `select service, n ->> 'name' as ${what}, sum((n ->> 'count')::bigint) as requests
from ${WINDOWS_IN_ALL}, jsonb_array_elements(${column}) n
where scope = 'service' and ${SERVICE}
group by 1, 2
order by requests desc
limit 50`

const tops = [
  table({
    title: 'Paths',
    says: 'The most frequent, as the log has them (redacted).',
    width: 8,
    sql: frequent('top_paths', 'path'),
  }),
  table({
    title: 'Agents',
    says: 'The most frequent.',
    width: 8,
    sql: frequent('top_agents', 'agent'),
  }),
  table({
    title: 'Bodies of errors',
    says: 'Status and body of answers of 400 and above, numbers left out.',
    width: 8,
    sql: frequent('top_errors', 'error'),
  }),
]

export const traffic: Board = {
  name: 'traffic',
  title: 'Traffic',
  says: 'What the API does, over hours and months',
  sections: [
    { heading: 'Services', panels: services },
    { heading: 'Upstreams, answerers, classes', panels: parts },
    { heading: 'Most frequent', panels: tops },
  ],
}
