/**
 * forward, the pure half: which fields go to the upstream and which come back, what a failure means, and whether another
 * try is legal. The other half (sockets) is edge/forward.ts.
 */
import type { Outcome } from '../balance/breaker.ts'
import { takeOut } from '../balance/budget.ts'
import type { Context, Failure, FieldLines, Service, Upstream, Why } from './context.ts'
import { answerField, connectionNamed, VIA, without, type AnswerField } from './fields.ts'
import { announced } from './trailers.ts'
import { forwardedField, forwardedFor, peerOf, type Neighbours } from './forwarded.ts'

/** Who asked, in the fields that the configuration wants. */
const tellOrigin = (lines: string[], { head, arrival }: Context, { as, from }: Neighbours): void => {
  const host = head.publicHost || head.host
  const told = { chain: head.chain, from, last: { node: peerOf(arrival.peer), host, scheme: head.scheme } }
  if (as !== 'rfc7239') {
    lines.push('x-forwarded-for', forwardedFor(told), 'x-forwarded-proto', head.scheme)
    if (host !== '') lines.push('x-forwarded-host', host)
  }
  if (as !== 'x-forwarded') lines.push('forwarded', forwardedField(told))
}

const ACCEPT_CODING = new Set(['accept-encoding'])

/** A coded answer could not be changed on its way. */
const uncoded = ({ head, distortions }: Context): FieldLines =>
  distortions.some(({ kind }) => kind === 'corrupt')
    ? [...without(head.fields, ACCEPT_CODING), 'accept-encoding', 'identity']
    : head.fields

/** RFC 9110 section 7.6.3: by which version of HTTP we got it. */
const viaOf = (protocol: string, name: string): string => `${protocol.slice(protocol.indexOf('/') + 1)} ${name}`

/** The fields of the request as the upstream gets them. */
export const upstreamFields = (context: Context): string[] => {
  const { arrival, head } = context
  const { neighbours } = head
  const upstream = context.upstream as Upstream
  const keep = (context.service as Service).host === 'keep' && head.host !== ''
  const lines = ['host', keep ? head.host : upstream.authority, ...uncoded(context)]
  tellOrigin(lines, context, neighbours)
  // RFC 9110 section 10.1.4: said of this connection, so that nobody passes it on.
  if (head.acceptsTrailers) lines.push('te', 'trailers', 'connection', 'te')
  lines.push('x-request-id', head.requestId, 'traceparent', head.traceparent)
  lines.push('via', viaOf(arrival.protocol, neighbours.name))
  return lines
}

export interface AnswerHead {
  readonly lines: string[]
  /** -1: not given. */
  readonly contentLength: number
  readonly retryAfter: boolean
}

const tellOf = (field: AnswerField, value: string): string => {
  if (field === 'content-length') return String(Number(value))
  return field === 'trailer' ? announced(value) : value
}

/** The fields of an answer as the client gets them. The proxy's marks never come from an upstream. */
export const clientFields = (raw: FieldLines): AnswerHead => {
  let lines: string[] = []
  let connection = ''
  let contentLength = -1
  let retryAfter = false
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    const field = answerField(name)
    if (field === 'connection') connection += ',' + value
    if (field === 'connection' || field === 'drop') continue
    if (field === 'content-length') contentLength = Number(value)
    if (field === 'retry-after') retryAfter = true
    const told = tellOf(field, value)
    if (told !== '' || value === '') lines.push(name, told)
  }
  const named = connectionNamed(connection)
  if (named.size > 0) lines = lines.filter((_, i) => !named.has((lines[i - (i % 2)] as string).toLowerCase()))
  return { lines, contentLength, retryAfter }
}

const CONTENT_LENGTH = new Set(['content-length'])

/** The fields of an interim answer as the client gets them: no length is said in one (RFC 9110 section 8.6). */
export const interimFields = (raw: FieldLines): FieldLines => without(clientFields(raw).lines, CONTENT_LENGTH)

/** 502, 503 and 504 say that the upstream cannot; with Retry-After a 503 is an answer that was meant (RFC 9110 section 10.2.3). */
export const illStatus = (status: number, retryAfter: boolean): Why | undefined => {
  if (status === 502) return 'status-502'
  if (status === 504) return 'status-504'
  return status === 503 && !isMeant(status, retryAfter) ? 'status-503' : undefined
}

/** A 503 with Retry-After was meant: it says that the upstream sheds load, or is being mended. */
const isMeant = (status: number, retryAfter: boolean): boolean => status === 503 && retryAfter

/** What a status says about the upstream's health: a 500 counts in the error rate, as in every breaker. */
export const outcomeOf = (status: number, retryAfter = false): Outcome => {
  if (isMeant(status, retryAfter)) return 'neutral'
  return status >= 500 && status !== 501 ? 'bad' : 'good'
}

/** RFC 9110 section 9.2.2. */
export const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'TRACE',
  'PROPFIND',
  'QUERY',
])

/** What the sockets saw when a try failed before the first byte of an answer. */
export interface Trouble {
  readonly code: string
  readonly message: string
  /** The request was handed to a connection. */
  readonly handed: boolean
  /** The connection had carried an answer before. */
  readonly reused: boolean
  /** The request's body can be sent again. */
  readonly replayable: boolean
}

const TIMEOUTS = new Set(['ETIMEDOUT'])
const CLOSED = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED'])

export const failureOf = (trouble: Trouble, upstream: string): Failure => {
  if (!trouble.handed) {
    const detail = `No connection to ${upstream} (${trouble.code || trouble.message}).`
    return { why: 'connect-failed', sent: false, detail }
  }
  if (TIMEOUTS.has(trouble.code)) return { why: 'timeout', sent: true, detail: `${upstream} did not answer in time.` }
  if (CLOSED.has(trouble.code))
    return { why: 'reset', sent: true, detail: `${upstream} closed the connection before it answered.` }
  const what = trouble.code === 'PROTOCOL_ERROR' ? trouble.message : trouble.code || trouble.message
  return { why: 'protocol-error', sent: true, detail: `${upstream} did not answer in HTTP (${what}).` }
}

/** A request that was sent may be sent once more, elsewhere: it does the same twice as once, and the budget pays for it. */
export const mayRepeat = ({ service, arrival, tried, status }: Context): boolean => {
  // With a status an answer had begun: its upstream works, and what it said was passed over.
  if (service === undefined || status !== 0 || !IDEMPOTENT.has(arrival.method)) return false
  return service.upstreams.length > 1 && tried.length < service.retry.attempts && takeOut(service.budget)
}

/**
 * `same`: a kept-alive connection died before the first byte of the answer, most likely because the upstream closed it
 * while idle; an idempotent request may be sent once more (RFC 9112 section 9.3.1). `other`: any other upstream may be
 * tried, since nothing was sent, or since the method is idempotent (RFC 9110 section 9.2.2).
 */
export const retryOf = (context: Context, trouble: Trouble, again: boolean): 'other' | 'same' | 'no' => {
  if (!trouble.replayable) return 'no'
  if (!trouble.handed) return 'other'
  const idempotent = IDEMPOTENT.has(context.arrival.method)
  if (idempotent && !again && trouble.reused && CLOSED.has(trouble.code)) return 'same'
  return mayRepeat(context) ? 'other' : 'no'
}

/** Where a body's end lies for the client: HEAD, 204 and 304 have none. */
export const hasBody = (method: string, status: number): boolean =>
  method !== 'HEAD' && status !== 204 && status !== 304

const ms = (us: number): string => (us / 1000).toFixed(2)

/** https://www.w3.org/TR/server-timing/: the proxy's own time until the request was handed on, and the upstream's until its first byte. */
const timing = ({ arrival, handedAt, firstByteAt }: Context): string[] => {
  if (handedAt === 0) return []
  const upstream = firstByteAt === 0 ? '' : `, upstream;dur=${ms(firstByteAt - handedAt)}`
  return ['server-timing', `proxy;dur=${ms(handedAt - arrival.started)}${upstream}`]
}

/** Adds what the proxy says itself in an answer, whoever gave it. */
export const withVia = (lines: string[], requestId: string, context?: Context): FieldLines => {
  lines.push('via', VIA, 'x-request-id', requestId)
  if (context === undefined) return lines
  lines.push(...context.own)
  if (context.head.neighbours.timing) lines.push(...timing(context))
  return lines
}
