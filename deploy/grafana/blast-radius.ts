/** How far ordered faults reach: what was struck, and who else suffered. */
import { graph, stat, table, type Board } from './kit.ts'

const FAILED = 'chaosproxy_requests_total{service=~"$service", code=~"5..|0"}'
const ALL = 'sum by (service) (rate(chaosproxy_requests_total{service=~"$service"}[$__rate_interval]))'

export const blastRadius: Board = {
  name: 'blast-radius',
  title: 'Blast radius',
  says: 'How far ordered faults reach: what was struck, and who else suffered',
  sections: [
    {
      heading: 'Faults on purpose',
      panels: [
        stat({
          title: 'Faults in force',
          says: 'chaos-proxy chaos list names them; chaos stop ends all.',
          width: 6,
          bad: [1, 1000],
          queries: [['max(chaosproxy_faults_active)', '']],
        }),
        stat({
          title: 'Share of requests struck',
          says: 'Of all requests now.',
          width: 6,
          unit: 'percentunit',
          queries: [
            [
              '(sum(rate(chaosproxy_faults_total{service=~"$service"}[$__rate_interval])) or vector(0)) / (sum(rate(chaosproxy_requests_total{service=~"$service"}[$__rate_interval])) > 0)',
              '',
            ],
          ],
        }),
        graph({
          title: 'Requests struck',
          says: 'By service and kind of fault.',
          unit: 'reqps',
          queries: [
            [
              'sum by (service, fault) (rate(chaosproxy_faults_total{service=~"$service"}[$__rate_interval]))',
              '{{service}} {{fault}}',
            ],
          ],
        }),
      ],
    },
    {
      heading: 'What it did',
      panels: [
        graph({
          title: 'Server errors by service',
          says: 'Of those that were not struck, too: an error that spreads shows here.',
          unit: 'percentunit',
          queries: [
            [`(sum by (service) (rate(${FAILED}[$__rate_interval])) or ${ALL} * 0) / (${ALL} > 0)`, '{{service}}'],
          ],
        }),
        graph({
          title: 'p99 by service',
          says: 'Arrival to the last byte.',
          unit: 's',
          queries: [
            [
              'histogram_quantile(0.99, sum by (le, service) (rate(chaosproxy_request_duration_seconds_bucket{service=~"$service"}[$__rate_interval])))',
              '{{service}}',
            ],
          ],
        }),
        table({
          title: 'Endpoints: struck and not struck',
          says: 'Errors and mean time of requests that a fault struck, beside those of the others in the same time.',
          sql: `select service, coalesce(endpoint, method || ' (unknown)') as endpoint,
  count(*) filter (where faults <> '') as struck,
  count(*) filter (where faults <> '' and (status >= 500 or status = 0)) as struck_failed,
  round(avg(total_us) filter (where faults <> '') / 1000, 1) as struck_ms,
  count(*) filter (where faults = '') as others,
  count(*) filter (where faults = '' and (status >= 500 or status = 0)) as others_failed,
  round(avg(total_us) filter (where faults = '') / 1000, 1) as others_ms
from exchanges
where $__timeFilter(time) and service ~ '^(\${service:regex})$'
group by 1, 2
having count(*) filter (where faults <> '') > 0
order by struck desc
limit 200`,
        }),
      ],
    },
  ],
}
