/** Events for the tests of the sinks. */
import type { Body, Endpoint, Event, Exchange, Signal } from '../../schemas/events.ts'
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
