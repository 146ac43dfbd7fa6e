/** capture: what was seen becomes an exchange, redacted. Runs after the answer went out; delays no byte. */
import type { Body, Exchange, Header } from '../../schemas/events.ts'
import { cacheDirectives } from '../../schemas/semantics/ghosts/headers.ts'
import type { Redactor } from '../../schemas/semantics/redaction.ts'
import type { CaptureOptions } from '../options.ts'
import type { Arrival, Context } from './context.ts'
import type { Tee } from './tee.ts'
import { fieldOf } from './fields.ts'
import { notesOf, type Redacted } from './notes.ts'

export interface CaptureSettings {
  readonly redactor: Redactor
  readonly bodies: CaptureOptions['bodies']
  readonly noStore?: CaptureOptions['noStore']
  readonly pseudonym: (text: string) => string
  readonly concat: (chunks: readonly Uint8Array[]) => Uint8Array
  /** µs, monotonic. */
  readonly clock: () => number
}

const TEXT = /^\s*(?:application\/(?:[\w.+-]*json|x-ndjson|x-www-form-urlencoded|xml|[\w.-]+\+xml|graphql)|text\/)/i

/** Which media types are kept under `bodies: json`. */
export const isText = (mediaType: string): boolean => TEXT.test(mediaType)

/** The request as the log and the ghosts may see it; made once. */
export const redactedOf = (context: Context, redactor: Redactor): Redacted => {
  if (context.redacted !== undefined) return context.redacted
  const { headers, principal } = redactedFields(context.arrival, redactor)
  context.redacted = { target: redactor.target(context.target), headers, principal }
  return context.redacted
}

const redactedFields = (arrival: Arrival, redactor: Redactor): Pick<Redacted, 'headers' | 'principal'> => {
  const notes = notesOf(arrival)
  if (notes?.redacted !== undefined) return notes.redacted
  const { rawHeaders } = arrival
  const redacted = { headers: redactor.lines(rawHeaders), principal: redactor.principalOf(rawHeaders) }
  if (notes !== undefined) notes.redacted = redacted
  return redacted
}

/** The fields of an answer. Marks are the same for many answers: they are looked through once. */
const redactedAnswer = ({ responseHeaders, marks }: Context, redactor: Redactor): readonly Header[] => {
  if (marks === undefined) return redactor.lines(responseHeaders)
  const logged = (marks.logged ??= redactor.lines(marks.lines))
  return [...redactor.lines(responseHeaders.slice(0, -marks.lines.length)), ...logged]
}

interface Part {
  readonly tee: Tee
  readonly mediaType: string
  readonly coding: string
  /** Its sender wants it kept nowhere, and so do the settings. */
  readonly unkept?: boolean
}

/** A coded body cannot be redacted, so it comes decoded (`plain`) or not at all. */
const bodyOf = (settings: CaptureSettings, part: Part, plain: Uint8Array | undefined): Body => {
  const { tee, mediaType, coding, unkept } = part
  const wanted = !unkept && (settings.bodies === 'all' || (settings.bodies === 'json' && isText(mediaType)))
  if (tee.length === 0 || !wanted || (coding !== '' && plain === undefined))
    return { mediaType, coding: '', bytes: settings.concat([]), length: tee.length, cut: tee.length > 0 }
  const bytes = settings.redactor.body(plain ?? settings.concat(tee.chunks), mediaType)
  return { mediaType, coding: '', bytes, length: tee.length, cut: tee.length > tee.kept }
}

const requestPart = (context: Context): Part => ({
  tee: context.requestBody,
  mediaType: context.head.mediaType,
  coding: context.head.coding,
})

const responsePart = (context: Context, unkept = false): Part => {
  const coding = fieldOf(context.responseHeaders, 'content-encoding') ?? ''
  const mediaType = fieldOf(context.responseHeaders, 'content-type') ?? ''
  return { tee: context.responseBody, mediaType, coding: coding.toLowerCase() === 'identity' ? '' : coding, unkept }
}

/** A whole body that must be decoded before it can be captured, and how. */
export interface Coded {
  readonly side: 'request' | 'response'
  readonly coding: string
  readonly bytes: Uint8Array
}

export const codedBodies = (context: Context, settings: CaptureSettings): Coded[] => {
  if (settings.bodies === 'none' || (context.head.coding === '' && !hasCoding(context))) return []
  const found: Coded[] = []
  const add = (side: Coded['side'], part: Part): void => {
    const whole = part.tee.length > 0 && part.tee.length === part.tee.kept
    if (part.coding === '' || !whole || (settings.bodies === 'json' && !isText(part.mediaType))) return
    found.push({ side, coding: part.coding.toLowerCase(), bytes: settings.concat(part.tee.chunks) })
  }
  add('request', requestPart(context))
  add('response', responsePart(context))
  return found
}

const hasCoding = (context: Context): boolean => fieldOf(context.responseHeaders, 'content-encoding') !== undefined

const since = (context: Context, at: number): number =>
  at === 0 ? 0 : Math.max(0, Math.round(at - context.arrival.started))

export interface Plain {
  readonly request?: Uint8Array | undefined
  readonly response?: Uint8Array | undefined
}

/** What ghosts say is marked no-store for caches on its way; it is made of what is on the log. */
const isTheirs = ({ answeredBy }: Context): boolean => answeredBy === 'upstream'

export const capture = (context: Context, settings: CaptureSettings, plain: Plain = {}): Exchange => {
  const { arrival, head } = context
  const seen = redactedOf(context, settings.redactor)
  const responseHeaders = redactedAnswer(context, settings.redactor)
  const unkept = settings.noStore === 'drop' && isTheirs(context) && cacheDirectives(responseHeaders).has('no-store')
  return {
    upstream: context.upstream?.url ?? '',
    client: settings.pseudonym(head.client),
    principal: seen.principal,
    method: arrival.method,
    target: seen.target,
    protocol: arrival.protocol,
    requestHeaders: seen.headers,
    requestBody: bodyOf(settings, requestPart(context), plain.request),
    status: context.status,
    responseHeaders,
    responseBody: bodyOf(settings, responsePart(context, unkept), plain.response),
    timings: {
      queue: since(context, context.chosenAt),
      connect: context.handedAt === 0 ? 0 : Math.max(0, Math.round(context.handedAt - context.chosenAt)),
      firstByte: since(context, context.firstByteAt),
      total: since(context, settings.clock()),
    },
    attempts: context.attempts,
    answeredBy: context.answeredBy,
    why: context.why,
    complete: context.complete,
    replayed: context.replayed,
    faults: context.faults,
    ghost: context.ghost,
    traceparent: head.traceparent,
    requestId: head.requestId,
  }
}
