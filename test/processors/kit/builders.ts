/** Builders: what a test says nothing about is an ordinary, anonymous, successful GET. */
import type { Body, Event, Exchange, Signal } from '../../../schemas/events.ts'

const EMPTY: Body = { mediaType: '', coding: '', bytes: Buffer.alloc(0), length: 0, cut: false }

export const aBody = (text: string | Uint8Array, over: Partial<Body> = {}): Body => {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  return { ...EMPTY, mediaType: 'application/json', bytes, length: bytes.length, ...over }
}

/** A JSON answer; spread it into `anExchange`. */
export const json = (value: unknown): { responseBody: Body } => ({ responseBody: aBody(JSON.stringify(value)) })

export const anExchange = (over: Partial<Exchange> = {}): Exchange => ({
  upstream: 'http://backend:3000',
  client: 'client-1',
  principal: '',
  method: 'GET',
  target: '/',
  protocol: 'HTTP/1.1',
  requestHeaders: [],
  requestBody: EMPTY,
  status: 200,
  responseHeaders: [],
  responseBody: EMPTY,
  timings: { queue: 10, connect: 100, firstByte: 900, total: 1000 },
  attempts: 1,
  answeredBy: 'upstream',
  why: '',
  complete: true,
  replayed: false,
  faults: [],
  ghost: null,
  traceparent: '',
  requestId: '',
  ...over,
})

export const aSignal = (over: Partial<Signal> = {}): Signal => ({
  kind: 'heartbeat',
  subject: '',
  from: '',
  to: '',
  reason: '',
  count: 0,
  attributes: [],
  ...over,
})

/** Noon of some day, µs. */
export const NOON = 1_760_011_200_000_000
export const SECOND = 1_000_000
export const MINUTE = 60 * SECOND

/** An event around an exchange, a signal or a command; its kind follows from which. Sequence 0: not numbered. */
export const anEvent = (over: Partial<Event> = {}): Event => {
  let kind: Event['kind'] = 'exchange'
  if (over.signal) kind = 'signal'
  if (over.command) kind = 'command'
  const exchange = kind === 'exchange' ? anExchange() : null
  return {
    id: 'e',
    at: NOON,
    service: 'shop',
    instance: 'i',
    sequence: 0,
    kind,
    exchange,
    signal: null,
    command: null,
    ...over,
  }
}
