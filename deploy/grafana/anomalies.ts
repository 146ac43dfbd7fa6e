/** What was unusual, as the processors said it. */
import { sqlGraph, table, type Board } from './kit.ts'
import { SERVICE } from './windows.ts'

export const anomalies: Board = {
  name: 'anomalies',
  title: 'Anomalies',
  says: 'What was unusual, in sentences',
  sections: [
    {
      heading: 'Over time',
      panels: [
        sqlGraph({
          title: 'Anomalies by kind',
          says: 'How many began per interval. Many at once are usually one cause.',
          width: 24,
          sql: `select $__timeGroupAlias(time, $__interval), kind as metric, count(*) as value
from anomalies
where $__timeFilter(time) and ${SERVICE}
group by 1, 2
order by 1`,
        }),
      ],
    },
    {
      heading: 'All',
      panels: [
        table({
          title: 'Still going on',
          says: 'Not ended, gravest first.',
          sql: `select time, service, endpoint, kind, round(severity::numeric, 2) as severity, sentence
from anomalies
where ended_at is null and ${SERVICE}
order by severity desc, time desc
limit 50`,
        }),
        table({
          title: 'Begun in the time that is shown',
          says: 'With their end and what the traffic was like then: the links lead to the dashboards of that time.',
          sql: `select time, ended_at, service, endpoint, kind, round(severity::numeric, 2) as severity, round(score::numeric, 1) as score, sentence
from anomalies
where $__timeFilter(time) and ${SERVICE}
order by time desc
limit 200`,
        }),
      ],
    },
  ],
}
