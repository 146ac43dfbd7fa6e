/** Events for the tests of the sinks. */
import type {
  Activation,
  Alert,
  Anomaly,
  Body,
  Endpoint,
  Event,
  Exchange,
  Signal,
  Window,
} from '../../schemas/events.ts'
import { anExchange as anyExchange } from '../processors/kit/builders.ts'

export const T0 = Date.UTC(2026, 0, 31, 12) * 1000

export const body = (text = '', mediaType = 'application/json'): Body => ({
  mediaType: text === '' ? '' : mediaType,
  coding: '',
  bytes: Buffer.from(text),
  length: text.length,
  cut: false,
})

export const anExchange = (part: Partial<Exchange> = {}): Exchange =>
  anyExchange({
    upstream: 'http://127.0.0.1:4001',
    client: 'c1',
    target: '/books/7?full=1',
    requestHeaders: [{ name: 'Accept', value: 'application/json' }],
    requestBody: body(),
    responseHeaders: [{ name: 'content-type', value: 'application/json' }],
    responseBody: body('{"id":7}'),
    timings: { queue: 10, connect: 20, firstByte: 900, total: 1000 },
    requestId: 'r1',
    ...part,
  })

export const anEvent = (n: number, part: Partial<Event> = {}, exchange: Partial<Exchange> = {}): Event => ({
  id: `0190-${String(n).padStart(8, '0')}`,
  at: T0 + n * 1000,
  service: 'shop',
  instance: 'i1',
  sequence: n,
  kind: 'exchange',
  exchange: anExchange(exchange),
  signal: null,
  command: null,
  ...part,
})

export const aSignal = (n: number, signal: Partial<Signal>, part: Partial<Event> = {}): Event =>
  anEvent(n, {
    kind: 'signal',
    exchange: null,
    signal: { kind: 'heartbeat', subject: '', from: '', to: '', reason: '', count: 0, attributes: [], ...signal },
    ...part,
  })

export const anAlert = (id: string, status: string, part: Partial<Alert> = {}): Alert => ({
  id,
  service: 'shop',
  at: T0,
  lastAt: T0,
  status,
  severity: 'breaking',
  score: 57,
  summary: '1 critical issue at shop GET /users',
  exchange: 'e1',
  offset: 7,
  mixed: false,
  upstreams: [{ name: 'u1', old: 3, fresh: 4 }],
  changes: [],
  ...part,
})

/** `told`: when it was told, µs. */
export const anIncident = (
  id: string,
  state: string,
  part: Partial<Anomaly> = {},
  told = Date.now() * 1000,
): Anomaly => ({
  id,
  service: 'shop',
  endpoint: 'shop GET /books',
  at: told,
  endedAt: 0,
  kind: 'latency',
  severity: 0.4,
  score: 0.4,
  sentence: 'GET /books is 3.2 times slower than usual',
  details: JSON.stringify({ state, raised_at: told, told_at: told, alarms: [] }),
  ...part,
})

export const anEndpoint = (id: string, part: Partial<Endpoint> = {}): Endpoint => {
  const [service = '', method = '', template = ''] = id.split(' ')
  return {
    id,
    service,
    method,
    template,
    parameters: [],
    count: 1,
    firstSeen: T0,
    lastSeen: T0,
    mergedInto: '',
    fidelity: -1,
    fidelityCount: 0,
    ...part,
  }
}

export const aWindow = (part: Partial<Window> = {}): Window => ({
  endpoint: 'shop GET /books/{id}',
  service: 'shop',
  scope: 'endpoint',
  name: '',
  partition: 0,
  start: T0,
  span: 60,
  closed: true,
  count: 1,
  late: 0,
  statuses: [{ name: '200', count: 1 }],
  answeredBy: [{ name: 'upstream', count: 1 }],
  upstreams: [],
  requestBytes: 0,
  responseBytes: 8,
  latencySum: 1000,
  latency: new Uint8Array(),
  p50: 1000,
  p95: 1000,
  p99: 1000,
  clients: 1,
  clientsSketch: new Uint8Array(),
  principals: 0,
  principalsSketch: new Uint8Array(),
  topPaths: [],
  topAgents: [],
  topErrors: [],
  ...part,
})

export const anActivation: Activation = {
  id: 'a1',
  service: 'shop',
  endpoint: 'shop GET /books/{id}',
  reason: 'down',
  startedAt: T0,
  lastAt: T0,
  endedAt: 0,
  answers: [{ name: 'exact', count: 4 }],
  refused: 1,
}
