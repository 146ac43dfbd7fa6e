/** Whether events get from the proxy to the database, and how the processes are. */
import { graph, sqlGraph, stat, table, type Board, type Query } from './kit.ts'

const rate = (name: string): string => `sum(rate(chaosproxy_${name}[$__rate_interval]))`
const each = (name: string, label: string): Query => [
  `sum by (${label}) (rate(chaosproxy_${name}[$__rate_interval]))`,
  `{{${label}}}`,
]

const now = [
  stat({
    title: 'Events lost',
    says: 'The spool was full while the log was away. In the time that is shown; anything above 0 is knowledge that is gone.',
    bad: [1, 1],
    queries: [['sum(increase(chaosproxy_events_dropped_total[$__range])) or vector(0)', '']],
  }),
  stat({
    title: 'Events in the spool',
    says: 'On disk, until the log is back.',
    bad: [1, 100_000],
    queries: [['sum(chaosproxy_spool_records) or vector(0)', '']],
  }),
  stat({
    title: 'Learners behind by',
    says: 'Events on the log that no processor has committed.',
    bad: [5_000, 50_000],
    queries: [['sum(chaosproxy_processors_lag_records)', '']],
  }),
  stat({
    title: 'Busiest learner',
    says: 'Share of its time that it works. At 1 it needs another beside it, and more partitions.',
    unit: 'percentunit',
    bad: [0.7, 0.9],
    queries: [['max(chaosproxy_processors_saturation_ratio)', '']],
  }),
  stat({
    title: 'Dead letters',
    says: 'Events that could not be read or stored, in the time that is shown. They are kept on the topic dead-letters.',
    bad: [1, 1],
    queries: [
      [
        '(sum(increase(chaosproxy_processors_dead_letters_total[$__range])) or vector(0)) + (sum(increase(chaosproxy_sink_dead_letters_total[$__range])) or vector(0))',
        '',
      ],
    ],
  }),
  stat({
    title: 'Processes',
    says: 'That answer when they are asked for metrics.',
    good: 1,
    queries: [['count(chaosproxy_process_resident_memory_bytes)', '']],
  }),
]

const flow = [
  graph({
    title: 'Events',
    says: 'emitted: on the log; spooled: by way of the disk; dropped: lost; processed: learned from.',
    unit: 'eps',
    queries: [
      [rate('events_emitted_total'), 'emitted'],
      [rate('events_spooled_total'), 'spooled'],
      [rate('events_dropped_total'), 'dropped'],
      [rate('processors_events_total'), 'processed'],
    ],
  }),
  graph({
    title: 'Lag by partition',
    says: 'It must fall after each peak. One partition that only rises: a hot service, or a learner that hangs.',
    queries: [['sum by (partition) (chaosproxy_processors_lag_records)', 'partition {{partition}}']],
  }),
  graph({
    title: 'Waiting at the proxy',
    says: 'In memory only, and in the spool on disk.',
    queries: [
      ['sum(chaosproxy_events_pending)', 'in memory'],
      ['sum(chaosproxy_spool_records)', 'in the spool'],
    ],
  }),
  graph({
    title: 'Size of the spool',
    says: 'When it has reached log.spool nothing more fits, and new events are lost.',
    unit: 'bytes',
    queries: [['sum(chaosproxy_spool_bytes)', 'spool']],
  }),
]

const learners = [
  graph({
    title: 'Time of a step',
    says: 'All events of one commit.',
    unit: 's',
    queries: ([0.5, 0.99] as const).map((q) => [
      `histogram_quantile(${q}, sum by (le) (rate(chaosproxy_processors_step_seconds_bucket[$__rate_interval])))`,
      `p${q * 100}`,
    ]),
  }),
  graph({
    title: 'What learners write',
    says: 'Changes of state to the changelog, and records to derived topics.',
    unit: 'wps',
    queries: [
      [rate('processors_state_changes_total'), 'state'],
      [rate('processors_outputs_total'), 'outputs'],
    ],
  }),
  graph({
    title: 'Repeated, missing, put aside',
    says: 'Repeated events are passed over; missing ones never came, by their writers’ own numbering.',
    unit: 'eps',
    queries: [
      [rate('processors_duplicates_total'), 'repeated'],
      [rate('processors_lost_events_total'), 'missing'],
      [
        'sum by (stage, by) (rate(chaosproxy_processors_dead_letters_total[$__rate_interval]))',
        'put aside: {{stage}} {{by}}',
      ],
    ],
  }),
  graph({
    title: 'Saturation',
    says: 'Share of wall time that each learner works.',
    unit: 'percentunit',
    max: 1,
    queries: [['max by (instance) (chaosproxy_processors_saturation_ratio)', '{{instance}}']],
  }),
]

const store = [
  graph({
    title: 'Rows written',
    says: 'By table.',
    unit: 'rowsps',
    stacked: true,
    queries: [each('sink_rows_total', 'table')],
  }),
  graph({
    title: 'Time of a transaction',
    says: 'Retries included: long ones are a database that is away.',
    unit: 's',
    queries: [
      ['histogram_quantile(0.99, sum by (le) (rate(chaosproxy_sink_write_seconds_bucket[$__rate_interval])))', 'p99'],
    ],
  }),
  graph({
    title: 'Attempts that failed',
    says: 'And were made again.',
    unit: 'ops',
    queries: [[rate('sink_retries_total'), 'sink']],
  }),
  graph({
    title: 'Webhooks',
    says: 'delivered; failed: sent again; refused: passed over.',
    unit: 'ops',
    queries: [each('webhook_messages_total', 'outcome')],
  }),
  sqlGraph({
    title: 'Rows of requests',
    says: 'As the database has them, by the time of the request: a hole is a pipeline that stood, or nobody who asked.',
    sql: `select $__timeGroupAlias(time, $__interval), service as metric, count(*) as value
from exchanges
where $__timeFilter(time) and service ~ '^(\${service:regex})$'
group by 1, 2
order by 1`,
  }),
  table({
    title: 'Where the sinks stand',
    says: 'By partition, and when that last moved.',
    width: 12,
    sql: `select sink, topic, partition, position, updated_at from sink_offsets order by updated_at desc limit 200`,
  }),
  table({
    title: 'Dead letters',
    says: 'Why, and where they came from.',
    sql: `select time, source_topic, source_partition, source_offset, stage, processed_by, reason, bytes
from dead_letters
where $__timeFilter(time)
order by time desc
limit 200`,
  }),
]

const processes = [
  graph({
    title: 'Processor time',
    says: 'Cores in use, by process.',
    queries: [
      [
        'sum by (role, instance) (rate(chaosproxy_process_cpu_seconds_total[$__rate_interval]))',
        '{{role}} {{instance}}',
      ],
    ],
  }),
  graph({
    title: 'Memory',
    says: 'Resident.',
    unit: 'bytes',
    queries: [['sum by (role, instance) (chaosproxy_process_resident_memory_bytes)', '{{role}} {{instance}}']],
  }),
  graph({
    title: 'Event loop',
    says: 'p99 of its delay: a process whose loop stands cannot answer.',
    unit: 's',
    queries: [['max by (role, instance) (chaosproxy_nodejs_eventloop_lag_p99_seconds)', '{{role}} {{instance}}']],
  }),
  graph({
    title: 'Memory of the proxy',
    says: 'Share of the heap, or of what the process may have, the greater. Near 1 it takes fewer requests.',
    unit: 'percentunit',
    max: 1,
    queries: [['max by (instance) (chaosproxy_memory_ratio)', '{{instance}}']],
  }),
  graph({
    title: 'Collecting garbage',
    says: 'Seconds per second.',
    unit: 's',
    queries: [
      [
        'sum by (role, instance) (rate(chaosproxy_nodejs_gc_duration_seconds_sum[$__rate_interval]))',
        '{{role}} {{instance}}',
      ],
    ],
  }),
  graph({
    title: 'Lines of the access log that are lost',
    says: 'Its disk is full, or too slow.',
    unit: 'ops',
    queries: [[rate('access_log_dropped_total'), 'lost']],
  }),
]

export const pipeline: Board = {
  name: 'pipeline',
  title: 'Pipeline',
  says: 'Whether events get from the proxy to the database, and how the processes are',
  sections: [
    { heading: 'Now', panels: now },
    { heading: 'From the proxy to the log', panels: flow },
    { heading: 'Learners', panels: learners },
    { heading: 'Database', panels: store },
    { heading: 'Processes', panels: processes },
  ],
}
