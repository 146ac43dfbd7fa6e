/** Honest errors: RFC 9457 problem details, with the Proxy-Status of RFC 9209. */
import type { Miss } from './consent.ts'
import type { Context, Reply, Why } from './context.ts'
import { PSEUDONYM } from './fields.ts'

interface Kind {
  readonly status: number
  readonly title: string
  /** Registered error type of RFC 9209 section 2.3, '' where none fits. */
  readonly error: string
}

const KINDS: Record<Exclude<Why, 'live' | 'client-gone'>, Kind> = {
  'mode-mock': { status: 503, title: 'No ghost can answer this', error: '' },
  unavailable: { status: 503, title: 'The upstream is down', error: 'destination_unavailable' },
  'connect-failed': { status: 502, title: 'The upstream refuses connections', error: 'connection_refused' },
  timeout: { status: 504, title: 'The upstream does not answer in time', error: 'http_response_timeout' },
  reset: { status: 502, title: 'The upstream closed the connection', error: 'connection_terminated' },
  'protocol-error': { status: 502, title: 'The upstream does not speak HTTP', error: 'http_protocol_error' },
  slow: { status: 504, title: 'The upstream takes longer than usual', error: 'http_response_timeout' },
  'status-500': { status: 500, title: 'The upstream answered 500', error: '' },
  'status-502': { status: 502, title: 'The upstream answered 502', error: '' },
  'status-503': { status: 503, title: 'The upstream answered 503', error: '' },
  'status-504': { status: 504, title: 'The upstream answered 504', error: '' },
  'bad-request': { status: 400, title: 'The request is not valid HTTP', error: 'http_request_error' },
  'method-refused': { status: 405, title: 'The method is not allowed here', error: 'http_request_error' },
  'no-route': { status: 404, title: 'No service matches the path', error: 'destination_not_found' },
  'client-stalled': { status: 408, title: 'The request did not arrive in time', error: '' },
  'body-too-large': { status: 413, title: 'The body is too large', error: 'http_request_error' },
  loop: { status: 508, title: 'The request goes in circles', error: 'proxy_loop_detected' },
  'rate-limited': { status: 429, title: 'Too many requests', error: 'http_request_denied' },
  'too-many': { status: 503, title: 'Too many requests are under way', error: 'http_request_denied' },
  overloaded: { status: 503, title: 'The proxy is short of memory', error: 'proxy_internal_response' },
  fault: { status: 503, title: 'This fault was ordered', error: 'proxy_internal_response' },
  internal: { status: 500, title: 'The proxy made a mistake', error: 'proxy_internal_error' },
}

/** What an error says, as a sentence. */
export const sentenceOf = (message: string): string => `${message[0]?.toUpperCase()}${message.slice(1)}.`

/** The Proxy-Status value of a failure, '' when there is nothing to say. */
export const proxyStatus = (why: Why): string => {
  const error = why === 'live' || why === 'client-gone' ? '' : KINDS[why].error
  return error === '' ? '' : `${PSEUDONYM}; error=${error}`
}

/** A String of RFC 8941 section 3.3.3. */
const quoted = (text: string): string => `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`

/** The same, and why no ghost answers in the upstream's place (`details` of RFC 9209 section 2.1.5). */
const proxyStatusOf = (why: Why, miss: Miss | undefined): string => {
  const status = proxyStatus(why)
  if (miss === undefined) return status
  return `${status === '' ? PSEUDONYM : status}; details=${quoted(`no ghost: ${miss.reason}: ${miss.detail}`)}`
}

export interface ProblemDetails {
  readonly why: Exclude<Why, 'live' | 'client-gone'>
  readonly detail: string
  /** Instead of the kind's own. */
  readonly status?: number
  readonly retryAfter?: number
  readonly headers?: readonly string[]
  readonly close?: boolean
  /** Why no ghost answers instead. */
  readonly miss?: Miss
  /** More members of the body. */
  readonly more?: Readonly<Record<string, unknown>>
}

const encode = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
/** JSON in ASCII: whatever stands above becomes an escape. */
const ascii = (value: unknown): Uint8Array =>
  encode(
    JSON.stringify(value).replace(/[\u007f-\uffff]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')),
  )

/** An error of the proxy's own. */
export const problem = (context: Context, details: ProblemDetails): Reply => {
  const kind = KINDS[details.why]
  const status = details.status ?? kind.status
  const error = proxyStatusOf(details.why, details.miss)
  const headers = ['content-type', 'application/problem+json', 'cache-control', 'no-store', ...(details.headers ?? [])]
  if (details.retryAfter !== undefined) headers.push('retry-after', String(details.retryAfter))
  if (error !== '') headers.push('proxy-status', error)
  const body = ascii({
    type: `urn:chaos-proxy:${details.why}`,
    title: kind.title,
    status,
    detail: details.detail,
    ...(context.service === undefined ? {} : { service: context.service.name }),
    request_id: context.head.requestId,
    ...(details.miss === undefined ? {} : { ghost: details.miss.reason }),
    ...details.more,
  })
  const close = details.close === true ? { close: true } : {}
  return { status, headers, body, answeredBy: 'self', why: details.why, ...close }
}
