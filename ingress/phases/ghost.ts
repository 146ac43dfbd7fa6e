/** A ghost's answer as HTTP: marked, never stored by anyone, conditional requests and HEAD as RFC 9110 wants them. */
import type { GhostAnswer } from '../../schemas/semantics/ghost-port.ts'
import type { Context, Reply, Why } from './context.ts'
import { fieldOf, isHopByHop, isMark, isValidValue, PSEUDONYM } from './fields.ts'
import { proxyStatus } from './problem.ts'

/** Never replayed: they are made new here, or belong to one asker at one time. */
const MADE_NEW = new Set([
  'cache-control',
  'age',
  'date',
  'content-length',
  'set-cookie',
  'set-cookie2',
  'expires',
  'via',
])
MADE_NEW.add('x-request-id').add('cache-status').add('proxy-status').add('server-timing').add('content-encoding')

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const replayable = (name: string, value: string): boolean => {
  const lower = name.toLowerCase()
  return NAME.test(name) && isValidValue(value) && !MADE_NEW.has(lower) && !isHopByHop(lower) && !isMark(lower)
}

/** Weak comparison, RFC 9110 section 8.8.3.2. */
const sameTag = (a: string, b: string): boolean => a.replace(/^W\//, '') === b.replace(/^W\//, '')

/** RFC 9110 section 13.2.2 for GET and HEAD; If-Modified-Since only counts without If-None-Match. */
const notModified = (context: Context, headers: readonly string[]): boolean => {
  const asked = context.arrival.rawHeaders
  const none = fieldOf(asked, 'if-none-match')
  const tag = fieldOf(headers, 'etag')
  if (none !== undefined)
    return tag !== undefined && (none.trim() === '*' || none.split(',').some((t) => sameTag(t.trim(), tag)))
  const since = Date.parse(fieldOf(asked, 'if-modified-since') ?? '')
  const modified = Date.parse(fieldOf(headers, 'last-modified') ?? '')
  return since >= modified
}

export interface GhostReplySettings {
  readonly why: Why
  /** Wall clock, µs. */
  readonly now: number
  readonly activation: string
  /** Opens the sealed values of a text again. */
  readonly unseal: (text: string) => string
  /** Gives the asker back, in a body, what is theirs or was sealed. */
  readonly unsealBody: (body: Uint8Array, context: Context) => Uint8Array
}

const marks = (answer: GhostAnswer, age: number, settings: GhostReplySettings): string[] => {
  const lines = ['x-ghost', answer.ghost, 'x-ghost-confidence', answer.confidence.toFixed(2)]
  lines.push('x-ghost-activation', settings.activation, 'cache-control', 'no-store', 'age', String(age))
  lines.push('cache-status', `${PSEUDONYM}; hit; ttl=-${age}; detail=${answer.ghost}`)
  const status = proxyStatus(settings.why)
  if (status !== '') lines.push('proxy-status', status)
  return lines
}

export const ghostReply = (context: Context, answer: GhostAnswer, settings: GhostReplySettings): Reply => {
  const age = Math.max(0, Math.floor((settings.now - answer.learnedAt) / 1e6))
  const headers: string[] = []
  for (const { name, value } of answer.headers) {
    const opened = settings.unseal(value)
    if (replayable(name, opened)) headers.push(name, opened)
  }
  const unchanged = answer.status === 200 && notModified(context, headers)
  headers.push(...marks(answer, age, settings))
  return {
    status: unchanged ? 304 : answer.status,
    headers,
    body: unchanged ? new Uint8Array(0) : settings.unsealBody(answer.body, context),
    answeredBy: 'ghost',
    why: settings.why,
    ghost: { kind: answer.ghost, confidence: answer.confidence, activation: settings.activation },
    endpoint: answer.endpoint,
  }
}
