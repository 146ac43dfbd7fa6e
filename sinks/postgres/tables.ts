/** Every table that is filled from the log. */
import type { Count, Event, Exchange, Signal } from '../../schemas/events.ts'
import type { LogRecord } from '../../schemas/log.ts'
import { graphqlAsked } from '../kit/asked.ts'
import { bytea, defineTable, json, long, short, time, timeOrNull, type AnyTable } from './table.ts'

/** Finds the learned endpoint of a request; undefined where none is known (yet). Asks for the operation where it matters. */
export type Locate = (
  service: string,
  method: string,
  path: string,
  operation: () => string | undefined,
) => string | undefined

type Field<V> = Readonly<Record<string, (value: V, record: LogRecord) => unknown>>

const position = {
  log_topic: (_: unknown, record: LogRecord) => record.topic,
  log_partition: (_: unknown, record: LogRecord) => record.partition,
  log_offset: (_: unknown, record: LogRecord) => record.offset,
}
const latest = {
  log_key: (_: unknown, record: LogRecord) => short(record.key),
  log_offset: (_: unknown, record: LogRecord) => record.offset,
}
const byOffset = { key: ['log_topic', 'log_partition', 'log_offset', 'time'], policy: 'once' } as const

const counts = (list: readonly Count[]): string =>
  json(Object.fromEntries(list.map(({ name, count }) => [name, count])))

const pathOf = (target: string): string => target.split('?', 1)[0] as string
const queryOf = (target: string): string => target.slice(pathOf(target).length + 1)

const of =
  <R>(read: (exchange: Exchange) => R) =>
  (event: Event): R =>
    read(event.exchange as Exchange)

const exchangeFields: Field<Event> = {
  method: of((x) => short(x.method)),
  path: of((x) => long(pathOf(x.target))),
  query: of((x) => long(queryOf(x.target))),
  protocol: of((x) => short(x.protocol)),
  status: of((x) => x.status),
  answered_by: of((x) => x.answeredBy),
  why: of((x) => long(x.why)),
  upstream: of((x) => long(x.upstream)),
  client: of((x) => short(x.client)),
  principal: of((x) => short(x.principal)),
  attempts: of((x) => x.attempts),
  complete: of((x) => x.complete),
  replayed: of((x) => x.replayed),
  faults: of((x) => long(x.faults.join(' '))),
  ghost_kind: of((x) => x.ghost && short(x.ghost.kind)),
  ghost_confidence: of((x) => x.ghost && x.ghost.confidence),
  ghost_activation: of((x) => x.ghost && short(x.ghost.activation)),
  queue_us: of((x) => x.timings.queue),
  connect_us: of((x) => x.timings.connect),
  first_byte_us: of((x) => x.timings.firstByte),
  total_us: of((x) => x.timings.total),
  request_bytes: of((x) => x.requestBody.length),
  response_bytes: of((x) => x.responseBody.length),
  request_type: of((x) => long(x.requestBody.mediaType)),
  response_type: of((x) => long(x.responseBody.mediaType)),
  request_id: of((x) => long(x.requestId)),
  traceparent: of((x) => long(x.traceparent)),
}

const exchanges = (locate: Locate): AnyTable =>
  defineTable<'exchanges'>(
    { topic: 'exchanges', table: 'exchanges', ...byOffset },
    {
      time: (event) => time(event.at),
      id: (event) => short(event.id),
      service: (event) => short(event.service),
      endpoint: (event) => {
        const exchange = event.exchange as Exchange
        return locate(event.service, exchange.method, pathOf(exchange.target), () => graphqlAsked(exchange)) ?? null
      },
      ...exchangeFields,
      instance: (event) => short(event.instance),
      sequence: (event) => event.sequence,
      ...position,
    },
    (event) => event.kind === 'exchange' && event.exchange !== null,
  )

const said =
  <R>(read: (signal: Signal) => R) =>
  (event: Event): R =>
    read(event.signal as Signal)

/** Heartbeats say nothing that lasts; the others are the history of the ingress. */
const signals = defineTable<'exchanges'>(
  { topic: 'exchanges', table: 'signals', ...byOffset },
  {
    time: (event) => time(event.at),
    id: (event) => short(event.id),
    service: (event) => short(event.service),
    kind: said((signal) => signal.kind),
    subject: said((signal) => long(signal.subject)),
    from_state: said((signal) => long(signal.from)),
    to_state: said((signal) => long(signal.to)),
    reason: said((signal) => long(signal.reason)),
    count: said((signal) => signal.count),
    instance: (event) => short(event.instance),
    ...position,
  },
  (event) => event.signal !== null && event.signal.kind !== 'heartbeat',
)

const deadLetters = defineTable<'dead-letters'>(
  { topic: 'dead-letters', table: 'dead_letters', ...byOffset },
  {
    time: (letter) => time(letter.at),
    source_topic: (letter) => short(letter.topic),
    source_partition: (letter) => letter.partition,
    source_offset: (letter) => letter.offset,
    stage: (letter) => letter.stage,
    processed_by: (letter) => short(letter.by),
    reason: (letter) => long(letter.reason),
    bytes: (letter) => letter.bytes.length,
    ...position,
  },
)

const endpoints = defineTable<'endpoints'>(
  { topic: 'endpoints', table: 'endpoints', key: ['id'], policy: 'latest' },
  {
    id: (endpoint) => short(endpoint.id),
    service: (endpoint) => short(endpoint.service),
    method: (endpoint) => short(endpoint.method),
    template: (endpoint) => long(endpoint.template),
    parameters: (endpoint) => json(endpoint.parameters),
    count: (endpoint) => endpoint.count,
    first_seen: (endpoint) => time(endpoint.firstSeen),
    last_seen: (endpoint) => time(endpoint.lastSeen),
    merged_into: (endpoint) => short(endpoint.mergedInto),
    fidelity: (endpoint) => (endpoint.fidelity < 0 ? null : endpoint.fidelity),
    fidelity_count: (endpoint) => endpoint.fidelityCount,
    ...latest,
  },
)

/** What a window counted of the names that pass. */
const sum = (list: readonly Count[], passes: (name: string) => boolean): number =>
  list.reduce((total, { name, count }) => (passes(name) ? total + count : total), 0)

/** An error that reached a client: the server's fault, or no answer at all. */
const isError = (status: string): boolean => Number(status) >= 500 || status === '0'
const isClientError = (status: string): boolean => Number(status) >= 400 && Number(status) < 500

/** `shop GET /books@1769000000000000/3600#1`: where, when, and if they are not the usual ones, span and partition. */
const WINDOW_KEY = /@(\d{1,16})(?:\/\d+)?(?:#\d+)?$/

/** The start that the key of a window names, µs. */
export const startInKey = (key: string): number | undefined => {
  const [, start] = WINDOW_KEY.exec(key) ?? []
  return start === undefined ? undefined : Number(start)
}

const windowsOf = (name: string, span: number): AnyTable =>
  defineTable<'windows'>(
    {
      topic: 'windows',
      table: name,
      key: ['endpoint', 'start', 'span_seconds', 'partition'],
      policy: 'latest',
      cutBy: { column: 'start', of: startInKey },
    },
    {
      endpoint: (window) => short(window.endpoint),
      service: (window) => short(window.service),
      scope: (window) => short(window.scope),
      name: (window) => short(window.name),
      partition: (window) => window.partition,
      start: (window) => time(window.start),
      span_seconds: (window) => window.span,
      closed: (window) => window.closed,
      count: (window) => window.count,
      late: (window) => window.late,
      errors: (window) => sum(window.statuses, isError),
      client_errors: (window) => sum(window.statuses, isClientError),
      by_ghosts: (window) => sum(window.answeredBy, (by) => by === 'ghost'),
      statuses: (window) => counts(window.statuses),
      answered_by: (window) => counts(window.answeredBy),
      upstreams: (window) => counts(window.upstreams),
      request_bytes: (window) => window.requestBytes,
      response_bytes: (window) => window.responseBytes,
      latency_sum_us: (window) => Math.round(window.latencySum),
      p50_us: (window) => window.p50,
      p95_us: (window) => window.p95,
      p99_us: (window) => window.p99,
      clients: (window) => window.clients,
      principals: (window) => window.principals,
      latency: (window) => bytea(window.latency),
      clients_sketch: (window) => bytea(window.clientsSketch),
      principals_sketch: (window) => bytea(window.principalsSketch),
      top_paths: (window) => json(window.topPaths),
      top_agents: (window) => json(window.topAgents),
      top_errors: (window) => json(window.topErrors),
      ...latest,
    },
    (window) => window.span === span,
  )

const drift = defineTable<'drift'>(
  { topic: 'drift', table: 'drift', key: ['id'], policy: 'latest' },
  {
    id: (signal) => short(signal.id),
    time: (signal) => time(signal.at),
    endpoint: (signal) => short(signal.endpoint),
    service: (signal) => short(signal.service),
    kind: (signal) => short(signal.kind),
    pointer: (signal) => long(signal.pointer),
    severity: (signal) => signal.severity,
    confidence: (signal) => signal.confidence,
    before: (signal) => long(signal.before),
    after: (signal) => long(signal.after),
    exchange_id: (signal) => short(signal.exchange),
    exchange_offset: (signal) => signal.offset,
    status: (signal) => short(signal.status),
    upstreams: (signal) => json(signal.upstreams),
    summary: (signal) => long(signal.summary),
    ...latest,
  },
)

const anomalies = defineTable<'anomalies'>(
  { topic: 'anomalies', table: 'anomalies', key: ['id'], policy: 'latest' },
  {
    id: (anomaly) => short(anomaly.id),
    time: (anomaly) => time(anomaly.at),
    ended_at: (anomaly) => timeOrNull(anomaly.endedAt),
    endpoint: (anomaly) => short(anomaly.endpoint),
    service: (anomaly) => short(anomaly.service),
    kind: (anomaly) => short(anomaly.kind),
    severity: (anomaly) => anomaly.severity,
    score: (anomaly) => anomaly.score,
    sentence: (anomaly) => long(anomaly.sentence),
    details: (anomaly) => long(anomaly.details),
    ...latest,
  },
)

const activations = defineTable<'activations'>(
  { topic: 'activations', table: 'activations', key: ['id', 'endpoint'], policy: 'latest' },
  {
    id: (activation) => short(activation.id),
    started_at: (activation) => time(activation.startedAt),
    last_at: (activation) => time(activation.lastAt),
    ended_at: (activation) => timeOrNull(activation.endedAt),
    endpoint: (activation) => short(activation.endpoint),
    service: (activation) => short(activation.service),
    reason: (activation) => long(activation.reason),
    answers: (activation) => counts(activation.answers),
    refused: (activation) => activation.refused,
    ...latest,
  },
)

/** All of them; `locate` attributes exchanges to endpoints as known at the time of writing. */
export const tables = (locate: Locate): readonly AnyTable[] => [
  exchanges(locate),
  signals,
  deadLetters,
  endpoints,
  windowsOf('windows', 60),
  windowsOf('windows_hour', 3600),
  windowsOf('windows_day', 86_400),
  drift,
  anomalies,
  activations,
]
