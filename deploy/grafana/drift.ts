/** What changed in the answers of the API. */
import { graph, sqlGraph, stat, table, type Board } from './kit.ts'

const HERE = `service ~ '^(\${service:regex})$'`

const open = (severity: string): string =>
  `sum(max by (service) (chaosproxy_drift_open{service=~"$service", severity="${severity}"})) or vector(0)`

export const drift: Board = {
  name: 'drift',
  title: 'Drift',
  says: 'What changed in the answers of the API, and what nobody has resolved',
  sections: [
    {
      heading: 'Open',
      panels: [
        stat({
          title: 'Breaking',
          says: 'Clients that relied on what was will fail.',
          width: 8,
          bad: [1, 1],
          queries: [[open('breaking'), '']],
        }),
        stat({
          title: 'Warning',
          says: 'Some clients may fail.',
          width: 8,
          bad: [1, 1000],
          queries: [[open('warning'), '']],
        }),
        stat({ title: 'Info', says: 'Additions and the like.', width: 8, queries: [[open('info'), '']] }),
        table({
          title: 'Open alerts',
          says: 'Resolve them with chaos-proxy drift resolve ID, or accept the new state with drift baseline.',
          sql: `select id, time, severity, service, endpoint, kind, pointer, before, after, round(confidence::numeric, 2) as confidence, summary
from drift
where ${HERE} and status in ('open', 'reopened')
order by case severity when 'breaking' then 0 when 'warning' then 1 else 2 end, time desc
limit 200`,
        }),
      ],
    },
    {
      heading: 'Over time',
      panels: [
        graph({
          title: 'Open alerts',
          says: 'By severity.',
          queries: [
            [
              'sum by (severity) (max by (service, severity) (chaosproxy_drift_open{service=~"$service"}))',
              '{{severity}}',
            ],
          ],
        }),
        sqlGraph({
          title: 'New alerts',
          says: 'By kind, per interval.',
          sql: `select $__timeGroupAlias(time, $__interval), kind as metric, count(*) as value
from drift
where $__timeFilter(time) and ${HERE}
group by 1, 2
order by 1`,
        }),
        table({
          title: 'All alerts',
          says: 'Of the time that is shown, whatever became of them.',
          sql: `select time, status, severity, service, endpoint, kind, pointer, summary
from drift
where $__timeFilter(time) and ${HERE}
order by time desc
limit 200`,
        }),
      ],
    },
  ],
}
