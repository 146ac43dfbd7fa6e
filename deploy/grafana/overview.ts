/** The first look: who answers, how fast, and what reaches clients. */
import { graph, heatmap, sqlGraph, stat, table, type Board } from './kit.ts'
import { SERVICE, WINDOWS_IN_ALL, windowsOverTime } from './windows.ts'

const REQUESTS = 'chaosproxy_requests_total{service=~"$service"}'
const FAILED = 'chaosproxy_requests_total{service=~"$service", code=~"5..|0"}'
const FAILED_OTHERWISE = 'chaosproxy_requests_total{service=~"$service", code=~"5..|0", answered_by!="ghost"}'
const BY_GHOSTS = 'chaosproxy_requests_total{service=~"$service", answered_by="ghost"}'
/** Nothing rather than 0 while nobody asks: a share of nothing is no number. */
const ALL = `(sum(rate(${REQUESTS}[$__rate_interval])) > 0)`
const SERVER_ERRORS = 'chaosproxy_requests_total{service=~"$service", code=~"5.."}'

const now = [
  stat({
    title: 'Requests a second',
    says: 'Everything that clients asked, whoever answered.',
    unit: 'reqps',
    queries: [[`sum(rate(${REQUESTS}[$__rate_interval]))`, '']],
  }),
  stat({
    title: 'Errors that reached clients',
    says: 'Share of the answers that were 5xx, or no answer at all.',
    unit: 'percentunit',
    bad: [0.01, 0.05],
    queries: [[`(sum(rate(${FAILED}[$__rate_interval])) or vector(0)) / ${ALL}`, '']],
  }),
  stat({
    title: 'Without ghosts it would be',
    says: 'The same share if each answer of a ghost had been the error that it stood in for.',
    unit: 'percentunit',
    queries: [
      [
        `((sum(rate(${FAILED_OTHERWISE}[$__rate_interval])) or vector(0)) + (sum(rate(${BY_GHOSTS}[$__rate_interval])) or vector(0))) / ${ALL}`,
        '',
      ],
    ],
  }),
  stat({
    title: 'p95',
    says: 'Arrival to the last byte, of what upstreams answered.',
    unit: 's',
    queries: [
      [
        'histogram_quantile(0.95, sum by (le) (rate(chaosproxy_request_duration_seconds_bucket{service=~"$service", answered_by="upstream"}[$__rate_interval])))',
        '',
      ],
    ],
  }),
  stat({
    title: 'Upstreams that get requests',
    says: 'Share of the upstreams that are healthy, not drained, and whose breaker is not open.',
    unit: 'percentunit',
    good: 1,
    queries: [['avg(chaosproxy_upstream_up{service=~"$service"})', '']],
  }),
  stat({
    title: 'Open breaking drift',
    says: 'Alerts of breaking drift that nobody has resolved.',
    bad: [1, 1],
    queries: [
      ['sum(max by (service) (chaosproxy_drift_open{service=~"$service", severity="breaking"})) or vector(0)', ''],
    ],
  }),
]

const traffic = [
  graph({
    title: 'Who answered',
    says: 'upstream, ghost, limiter (rate limited or shed), fault (injected), self (an honest error of the proxy).',
    unit: 'reqps',
    stacked: true,
    queries: [[`sum by (answered_by) (rate(${REQUESTS}[$__rate_interval]))`, '{{answered_by}}']],
  }),
  graph({
    title: 'Answers by status',
    says: 'As clients saw them; 0 is a connection that ended without an answer.',
    unit: 'reqps',
    stacked: true,
    queries: [[`sum by (code) (rate(${REQUESTS}[$__rate_interval]))`, '{{code}}']],
  }),
  graph({
    title: 'Latency',
    says: 'Quantiles of arrival to the last byte, by who answered: ghosts are told apart from upstreams.',
    unit: 's',
    queries: ([0.5, 0.95, 0.99] as const).map((q) => [
      `histogram_quantile(${q}, sum by (le, answered_by) (rate(chaosproxy_request_duration_seconds_bucket{service=~"$service", answered_by=~"upstream|ghost"}[$__rate_interval])))`,
      `p${q * 100} {{answered_by}}`,
    ]),
  }),
  heatmap({
    title: 'Latency heat map',
    says: 'Where requests take their time: two bands are two kinds of request, or one sick upstream.',
    queries: [
      [
        'sum by (le) (increase(chaosproxy_request_duration_seconds_bucket{service=~"$service"}[$__rate_interval]))',
        '{{le}}',
      ],
    ],
  }),
  graph({
    title: 'Server errors by who said them',
    says: 'An upstream’s own errors, and those that the proxy had to give.',
    unit: 'reqps',
    queries: [
      [`sum by (service, answered_by) (rate(${SERVER_ERRORS}[$__rate_interval]))`, '{{service}} {{answered_by}}'],
    ],
  }),
  graph({
    title: 'Requests by method',
    says: 'Writes stop first when a backend is in trouble.',
    unit: 'reqps',
    queries: [[`sum by (method) (rate(${REQUESTS}[$__rate_interval]))`, '{{method}}']],
  }),
]

const upstreams = [
  graph({
    title: 'Upstreams up',
    says: '1 while requests may be sent there: healthy, not drained, breaker not open.',
    max: 1,
    queries: [['min by (service, upstream) (chaosproxy_upstream_up{service=~"$service"})', '{{service}} {{upstream}}']],
  }),
  graph({
    title: 'Breakers',
    says: '0 closed, 1 half-open, 2 open; upstream * is the service as a whole.',
    max: 2,
    queries: [
      ['max by (service, upstream) (chaosproxy_breaker_state{service=~"$service"})', '{{service}} {{upstream}}'],
    ],
  }),
  graph({
    title: 'Upstream latency',
    says: 'Until the first byte, as a peak EWMA: what the balancer goes by.',
    unit: 's',
    queries: [
      [
        'max by (service, upstream) (chaosproxy_upstream_latency_seconds{service=~"$service"})',
        '{{service}} {{upstream}}',
      ],
    ],
  }),
  graph({
    title: 'Requests in flight',
    says: 'What upstreams have not answered to the end.',
    queries: [
      ['sum by (service, upstream) (chaosproxy_upstream_in_flight{service=~"$service"})', '{{service}} {{upstream}}'],
    ],
  }),
  graph({
    title: 'Ejected, and share of the weight',
    says: 'Ejected: it does worse than the others and is left alone. The weight is lower while an upstream starts slowly.',
    queries: [
      ['max by (service, upstream) (chaosproxy_upstream_ejected{service=~"$service"})', 'ejected {{upstream}}'],
      ['min by (service, upstream) (chaosproxy_upstream_weight{service=~"$service"})', 'weight {{upstream}}'],
    ],
  }),
  graph({
    title: 'Retries',
    says: 'Tries after the first one; a budget bounds them.',
    unit: 'reqps',
    queries: [
      ['sum by (service) (rate(chaosproxy_retries_total{service=~"$service"}[$__rate_interval]))', '{{service}}'],
    ],
  }),
]

const protection = [
  graph({
    title: 'Turned away: rate limits and shed load',
    says: '429: over a rate limit; 503 by the limiter: more than the process or the service can carry.',
    unit: 'reqps',
    queries: [
      [
        'sum by (service, code) (rate(chaosproxy_requests_total{service=~"$service", answered_by="limiter"}[$__rate_interval]))',
        '{{service}} {{code}}',
      ],
    ],
  }),
  graph({
    title: 'Concurrency and its limit',
    says: 'At the limit, new requests are shed.',
    queries: [
      ['sum by (service) (chaosproxy_concurrency_in_flight{service=~"$service"})', '{{service}} in flight'],
      ['sum by (service) (chaosproxy_concurrency_limit{service=~"$service"})', '{{service}} limit'],
    ],
  }),
  table({
    title: 'Why requests were not answered by an upstream',
    says: 'The proxy’s own words for each kind, as far back as exchanges are kept; on Timescale, longer.',
    sql: `select service, answered_by, why, status, sum(requests) as requests, max(last) as last
from unanswered_between($__timeFrom(), $__timeTo())
where ${SERVICE}
group by service, answered_by, why, status
order by requests desc
limit 50`,
  }),
]

const history = [
  sqlGraph({
    title: 'Requests by who answered',
    says: 'From the database: reaches back as far as windows are kept, a year of days and more.',
    sql: windowsOverTime('answered-by', 'name', 'sum(count)'),
  }),
  sqlGraph({
    title: 'Errors that reached clients',
    says: 'From the database, per interval: 5xx and no answer at all.',
    sql: windowsOverTime('service', 'service', 'sum(errors)'),
  }),
  table({
    title: 'Busiest endpoints',
    says: 'In the time that is shown.',
    sql: `select service, endpoint, sum(count) as requests, sum(errors) as errors, sum(by_ghosts) as by_ghosts,
  round((max(p95_us) / 1000)::numeric, 1) as worst_p95_ms
from ${WINDOWS_IN_ALL}
where scope = 'endpoint' and ${SERVICE}
group by service, endpoint
order by requests desc
limit 20`,
  }),
]

export const overview: Board = {
  name: 'overview',
  title: 'Overview',
  says: 'Who answers, how fast, and what reaches clients',
  sections: [
    { heading: 'Now', panels: now },
    { heading: 'Traffic', panels: traffic },
    { heading: 'Upstreams', panels: upstreams },
    { heading: 'Protection', panels: protection },
    { heading: 'History', panels: history },
  ],
}
