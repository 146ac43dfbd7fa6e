/** From a line of a file to the event that an ingress would have put on the log. */
import type { Body, Event, Header } from '../../schemas/events.ts'
import type { InputLine } from './input.ts'

const EMPTY = new Uint8Array(0)
const encoder = new TextEncoder()

const toHeaders = (record: Readonly<Record<string, unknown>>): Header[] =>
  Object.entries(record).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => ({ name, value: String(one) })),
  )

const mediaTypeOf = (headers: readonly Header[]): string | undefined =>
  headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value

/** A string is the body as it was; any other value is JSON. */
const toBody = (value: unknown, headers: readonly Header[], length: number | undefined): Body => {
  const bytes =
    value === undefined || value === null
      ? EMPTY
      : encoder.encode(typeof value === 'string' ? value : JSON.stringify(value))
  const looksJson = typeof value === 'string' ? /^\s*[[{]/.test(value) : bytes.length > 0
  const mediaType = mediaTypeOf(headers) ?? (looksJson ? 'application/json' : '')
  return { mediaType, coding: '', bytes, length: length ?? bytes.length, cut: false }
}

/** UUIDv7 made of time and index alone, so that the same file gives the same events. */
export const eventId = (at: number, index: number): string => {
  const time = Math.floor(at / 1000)
    .toString(16)
    .padStart(12, '0')
  const tail = index.toString(16).padStart(15, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-8${tail.slice(3, 6)}-${tail.slice(6)}${'0'.repeat(3)}`
}

/** The instance under which a file's events come: each service counts its own, as each ingress does. */
export const LEARN_INSTANCE = 'learn'

export const toEvent = (line: InputLine, index: number, service: string): Event => {
  const requestHeaders = toHeaders(line.requestHeaders)
  const responseHeaders = toHeaders(line.responseHeaders)
  const total = Math.round(line.durationMs * 1000)
  return {
    id: eventId(line.at, index),
    at: line.at,
    service,
    instance: LEARN_INSTANCE,
    sequence: 0,
    kind: 'exchange',
    exchange: {
      upstream: '',
      client: line.client,
      principal: '',
      method: line.method,
      target: line.path,
      protocol: '1.1',
      requestHeaders,
      requestBody: toBody(line.requestBody, requestHeaders, line.requestBytes),
      status: line.status,
      responseHeaders,
      responseBody: toBody(line.responseBody, responseHeaders, line.responseBytes),
      timings: { queue: 0, connect: 0, firstByte: total, total },
      attempts: 1,
      answeredBy: 'upstream',
      why: '',
      complete: true,
      replayed: false,
      faults: [],
      ghost: null,
      traceparent: '',
      requestId: '',
    },
    signal: null,
    command: null,
  }
}

/** Nothing but time: what an ingress says when there is no traffic. */
export const toHeartbeat = (at: number): Event => ({
  id: eventId(at, 0),
  at,
  service: LEARN_INSTANCE,
  instance: LEARN_INSTANCE,
  sequence: 0,
  kind: 'signal',
  exchange: null,
  signal: { kind: 'heartbeat', subject: '', from: '', to: '', reason: '', count: 0, attributes: [] },
  command: null,
})
