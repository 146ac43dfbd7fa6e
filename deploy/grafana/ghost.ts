/** What ghosts did, and how well they know the API. */
import { COLUMNS, graph, stat, table, type Board } from './kit.ts'

const ANSWERS = 'chaosproxy_ghost_answers_total{service=~"$service"}'
const HERE = `service ~ '^(\${service:regex})$'`

const now = [
  stat({
    title: 'Ghost answers a second',
    says: 'Above 0 while an upstream is away, or in mock mode.',
    unit: 'reqps',
    bad: [0.001, 0.001],
    queries: [[`sum(rate(${ANSWERS}[$__rate_interval])) or vector(0)`, '']],
  }),
  stat({
    title: 'Saved requests',
    says: 'Answers that clients got instead of an error, in the time that is shown.',
    queries: [[`sum(increase(${ANSWERS}[$__range])) or vector(0)`, '']],
  }),
  stat({
    title: 'Honest 503s',
    says: 'Answers that the proxy could not give with enough confidence, in the time that is shown.',
    queries: [
      [
        'sum(increase(chaosproxy_requests_total{service=~"$service", answered_by="self", code="503"}[$__range])) or vector(0)',
        '',
      ],
    ],
  }),
]

const overTime = [
  graph({
    title: 'Answers by kind',
    says: 'exact: seen before; template: made from what the endpoint has in common; model, mock: made up within its shape.',
    unit: 'reqps',
    stacked: true,
    queries: [[`sum by (kind) (rate(${ANSWERS}[$__rate_interval]))`, '{{kind}}']],
  }),
  graph({
    title: 'Ghosts, upstreams and honest errors',
    says: 'In an outage, what ghosts take over and what nobody can answer.',
    unit: 'reqps',
    queries: [
      [
        'sum by (service, answered_by) (rate(chaosproxy_requests_total{service=~"$service", answered_by=~"upstream|ghost|self"}[$__rate_interval]))',
        '{{service}} {{answered_by}}',
      ],
    ],
  }),
]

const readiness = [
  graph({
    title: 'Readiness',
    says: 'Of recent reads, those that ghosts could answer now, were they asked.',
    unit: 'percentunit',
    queries: [['max by (service) (chaosproxy_ghost_readiness{service=~"$service"})', '{{service}}']],
  }),
  graph({
    title: 'Fidelity, part by part',
    says: 'How right they would be: status, shape, values, and what repeats the request (echo).',
    unit: 'percentunit',
    queries: [['max by (service, part) (chaosproxy_ghost_fidelity{service=~"$service"})', '{{service}} {{part}}']],
  }),
  graph({
    title: 'What upstreams said themselves',
    says: 'Tries that did not go well, whoever answered the client then: ghosts hide no outage here.',
    unit: 'reqps',
    queries: [
      [
        'sum by (service, result) (rate(chaosproxy_upstream_results_total{service=~"$service", result!="good"}[$__rate_interval]))',
        '{{service}} {{result}}',
      ],
    ],
  }),
]

const EVALUATION = 'chaosproxy_model_evaluation{service=~"$service", measure='

/** One measure of the newest trial, of both sides. */
const measured = (measure: string) =>
  [`max by (service, by) (${EVALUATION}"${measure}"})`, '{{service}} {{by}}'] as const

const model = [
  stat({
    width: 6,
    title: 'Models in use',
    says: 'Services whose response model beat the tables on exchanges held back; of the others the tables say how sure ghosts are.',
    queries: [['sum(max by (service) (chaosproxy_model_published{service=~"$service"})) or vector(0)', '']],
  }),
  stat({
    width: 6,
    title: 'Held back',
    says: 'Exchanges that the newest trials were judged by; no model was made from them.',
    queries: [['sum(max by (service) (chaosproxy_model_samples{service=~"$service", part="held"})) or vector(0)', '']],
  }),
  stat({
    width: 6,
    title: 'Newest sample',
    says: 'How long ago, by event time, the newest exchange passed that a trial took in.',
    unit: 's',
    queries: [['time() - max(chaosproxy_model_updated_timestamp_seconds{service=~"$service"})', '']],
  }),
  stat({
    width: 6,
    title: 'Inference, p99',
    says: 'What a model takes for one ghost answer, its evidence with it.',
    unit: 's',
    bad: [0.0005, 0.001],
    queries: [
      ['histogram_quantile(0.99, sum by (le) (rate(chaosproxy_model_inference_seconds_bucket[$__rate_interval])))', ''],
    ],
  }),
  graph({
    width: 8,
    title: 'Calibration error',
    says: 'How far confidence is from what came true, by the tables and by the model, on exchanges held back.',
    queries: [measured('calibration_error')],
  }),
  graph({
    width: 8,
    title: 'Log loss',
    says: 'What a confidence costs where it was wrong: a model is published only where it costs less than the tables.',
    queries: [measured('log_loss')],
  }),
  graph({
    width: 8,
    title: 'Variant told right',
    says: 'Of exchanges held back, those whose kind of status (success, denied, missing, refused) was told, by the tables and by the model.',
    unit: 'percentunit',
    queries: [measured('variant_accuracy')],
  }),
]

const knowledge = [
  graph({
    title: 'Fidelity, the ten weakest endpoints',
    says: 'How often a ghost, asked in secret beside the upstream, would have said the same.',
    unit: 'percentunit',
    width: COLUMNS,
    queries: [
      ['bottomk(10, max by (endpoint) (chaosproxy_endpoint_ghost_fidelity{service=~"$service"}))', '{{endpoint}}'],
    ],
  }),
  table({
    title: 'Answers of ghosts',
    says: 'By endpoint, in the time that is shown.',
    sql: `select service, endpoint, ghost_kind as kind, count(*) as answers, count(distinct ghost_activation) as outages,
  round(min(ghost_confidence)::numeric, 2) as least_confidence, round(avg(ghost_confidence)::numeric, 2) as mean_confidence,
  min(time) as first, max(time) as last
from exchanges
where $__timeFilter(time) and ${HERE} and answered_by = 'ghost' and ghost_kind is not null
group by service, endpoint, ghost_kind
order by answers desc
limit 200`,
  }),
  table({
    title: 'Activations',
    says: 'Each time that ghosts stood in for an endpoint: how long, what they answered by kind, what they refused.',
    sql: `select started_at, ended_at, round(extract(epoch from coalesce(ended_at, last_at) - started_at)) as seconds, service, endpoint, reason,
  answers::text as answers, refused
from activations
where $__timeFilter(started_at) and ${HERE}
order by started_at desc
limit 200`,
  }),
  table({
    title: 'Health, breakers and modes',
    says: 'From the proxy’s own words on health, breakers and modes.',
    sql: `select time, service, kind, subject, from_state, to_state, reason
from signals
where $__timeFilter(time) and ${HERE} and kind in ('health', 'breaker', 'mode')
order by time desc
limit 200`,
  }),
]

export const ghost: Board = {
  name: 'ghost',
  title: 'Ghosts',
  says: 'What ghosts answered, and how well they know the API',
  sections: [
    { heading: 'Now', panels: now },
    { heading: 'Over time', panels: overTime },
    { heading: 'Before and beside them', panels: readiness },
    { heading: 'How sure they are', panels: model },
    { heading: 'What they know and did', panels: knowledge },
  ],
}
