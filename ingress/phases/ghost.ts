/** A ghost's answer as HTTP: marked, never stored by anyone, conditional requests and HEAD as RFC 9110 wants them. */
import type { Header } from '../../schemas/events.ts'
import type { GhostAnswer } from '../../schemas/semantics/ghost-port.ts'
import { remembered } from '../../schemas/semantics/remembered.ts'
import type { Context, Reply, Why } from './context.ts'
import { fieldOf, isHopByHop, isMark, isValidValue, PSEUDONYM } from './fields.ts'
import type { Marks } from './notes.ts'
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
const mayRepeat = remembered((name): boolean => {
  const lower = name.toLowerCase()
  return NAME.test(name) && !MADE_NEW.has(lower) && !isHopByHop(lower) && !isMark(lower)
})
const replayable = (name: string, value: string): boolean => mayRepeat(name) && isValidValue(value)

const isCoding = ({ name }: Header): boolean => name.length === CODING.length && name.toLowerCase() === CODING
const CODING = 'content-encoding'

/** Weak comparison, RFC 9110 section 8.8.3.2. */
const sameTag = (a: string, b: string): boolean => a.replace(/^W\//, '') === b.replace(/^W\//, '')

/** RFC 9110 section 13.2.2 for GET and HEAD; If-Modified-Since only counts without If-None-Match. */
const notModified = ({ arrival }: Context, headers: readonly string[]): boolean => {
  if (arrival.method !== 'GET' && arrival.method !== 'HEAD') return false
  const asked = arrival.rawHeaders
  const none = fieldOf(asked, 'if-none-match')
  if (none !== undefined) {
    const tag = fieldOf(headers, 'etag')
    return tag !== undefined && (none.trim() === '*' || none.split(',').some((t) => sameTag(t.trim(), tag)))
  }
  const date = fieldOf(asked, 'if-modified-since')
  if (date === undefined) return false
  const since = Date.parse(date)
  const modified = Date.parse(fieldOf(headers, 'last-modified') ?? '')
  return since >= modified
}

/** Say something about the very bytes that the upstream sent. */
const OF_BYTES = new Set(['content-md5', 'digest', 'content-digest', 'repr-digest', 'signature', 'signature-input'])

/**
 * Ghosts answer without a content coding (RFC 9110 section 12.5.3 lets them). Where the upstream used one, the bytes are
 * others: what was said of them is left out, and the entity tag is a weak one (section 8.8.1).
 */
const uncoded = (headers: readonly string[]): string[] => {
  const lines: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const value = headers[i + 1] as string
    const lower = name.toLowerCase()
    if (OF_BYTES.has(lower)) continue
    lines.push(name, lower === 'etag' && !value.startsWith('W/') ? `W/${value}` : value)
  }
  return lines
}

/** RFC 9110 section 15.4.5: what a 304 says again; the rest describes a body that is not there. */
const IN_304 = new Set(['etag', 'last-modified', 'content-location', 'vary'])
const isIn304 = (name: string): boolean => IN_304.has(name) || name.startsWith('access-control-')

const kept = (headers: readonly string[]): string[] => {
  const lines: string[] = []
  for (let i = 0; i < headers.length; i += 2)
    if (isIn304((headers[i] as string).toLowerCase())) lines.push(headers[i] as string, headers[i + 1] as string)
  return lines
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

type Marked = Pick<GhostAnswer, 'ghost' | 'confidence'> & Pick<GhostReplySettings, 'activation' | 'why'>

const linesOf = ({ ghost, confidence, activation, why }: Marked, age: number): string[] => {
  const lines = ['x-ghost', ghost, 'x-ghost-confidence', confidence.toFixed(2)]
  lines.push('x-ghost-activation', activation, 'cache-control', 'no-store', 'age', String(age))
  lines.push('cache-status', `${PSEUDONYM}; hit; ttl=-${age}; detail=${ghost}`)
  const status = proxyStatus(why)
  if (status !== '') lines.push('proxy-status', status)
  return lines
}

/** Ages of which the last marks are kept. */
const AGES = 4096

const isMarked = (kept: Marked, { ghost, confidence }: GhostAnswer, { activation, why }: GhostReplySettings): boolean =>
  kept.confidence === confidence && kept.ghost === ghost && kept.why === why && kept.activation === activation

/** Nearly all answers of one age have the same marks, and each answer keeps its age for a second. */
const openMarks = () => {
  const known = new Map<number, Marked & { readonly marks: Marks }>()
  return (answer: GhostAnswer, age: number, settings: GhostReplySettings): Marks => {
    const kept = known.get(age)
    if (kept !== undefined && isMarked(kept, answer, settings)) return kept.marks
    const { ghost, confidence } = answer
    const { activation, why } = settings
    const made = { ghost, confidence, activation, why }
    const marks: Marks = { lines: linesOf(made, age), logged: undefined }
    if (known.size >= AGES) known.clear()
    known.set(age, { ...made, marks })
    return marks
  }
}

const marksOf = openMarks()

export const ghostReply = (context: Context, answer: GhostAnswer, settings: GhostReplySettings): Reply => {
  const age = Math.max(0, Math.floor((settings.now - answer.learnedAt) / 1e6))
  const learned: string[] = []
  for (const { name, value } of answer.headers) {
    const opened = settings.unseal(value)
    if (replayable(name, opened)) learned.push(name, opened)
  }
  const isCoded = answer.headers.some(isCoding)
  const fields = isCoded ? uncoded(learned) : learned
  const unchanged = answer.status === 200 && notModified(context, fields)
  const marks = marksOf(answer, age, settings)
  const headers = [...(unchanged ? kept(fields) : fields), ...marks.lines]
  return {
    status: unchanged ? 304 : answer.status,
    headers,
    body: unchanged ? new Uint8Array(0) : settings.unsealBody(answer.body, context),
    answeredBy: 'ghost',
    why: settings.why,
    ghost: { kind: answer.ghost, confidence: answer.confidence, activation: settings.activation },
    marks,
    endpoint: answer.endpoint,
  }
}
