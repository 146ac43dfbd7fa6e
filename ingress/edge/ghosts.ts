/** The ghost snapshot: the `ghosts` topic, followed into a book held in memory. It answers when everything else is down. */
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog, View } from '../../schemas/log.ts'
import type { GhostBook, GhostRequest } from '../../schemas/semantics/ghost-port.ts'
import { byName } from '../../schemas/semantics/ghosts/asked.ts'
import type { Redactor } from '../../schemas/semantics/redaction.ts'
import { topicName } from '../../schemas/topics.ts'
import type { Logger } from '../options.ts'
import { redactedOf } from '../phases/capture.ts'
import type { Context } from '../phases/context.ts'
import type { Consult } from '../phases/decide.ts'
import { notesOf } from '../phases/notes.ts'
import { momentOf, type DirectedSettings } from '../phases/directed.ts'
import { hasUpload, openUpload, type Upload } from './body.ts'

export interface GhostSettings {
  readonly log: Pick<EventLog, 'view'>
  readonly codecs: Codecs
  readonly book: GhostBook
  readonly logger: Logger
}

/** Resolves once the book holds what is on the topic now. */
export const followGhosts = async ({ log, codecs, book, logger }: GhostSettings): Promise<View> => {
  const view = await log.view(topicName('ghosts'))
  const apply = (key: string, bytes: Uint8Array | undefined): void => {
    try {
      book.apply(key, bytes === undefined ? undefined : codecs.decode('ghosts', bytes))
    } catch (error) {
      logger.warn({ err: error, key }, 'a part of the ghost snapshot cannot be read and is left out')
    }
  }
  await codecs.prepare([...view.entries()].map(([, bytes]) => bytes))
  let turn = Promise.resolve()
  view.subscribe((key, bytes) => {
    turn = turn.then(async () => {
      if (bytes !== undefined) await codecs.prepare([bytes]).catch(() => undefined)
      apply(key, bytes)
    })
  })
  await turn
  return view
}

const WRITES_WANTED = new Set(['simulate'])

const requestOf = (context: Context, redactor: Redactor, now: number): GhostRequest => {
  const { target, headers, principal } = redactedOf(context, redactor)
  const { requestBody, head, arrival, service } = context
  const notes = notesOf(arrival)
  const named = notes === undefined ? undefined : (notes.named ??= byName(headers))
  const whole = requestBody.length > 0 && requestBody.length === requestBody.kept && head.coding === ''
  const body = whole ? redactor.body(Buffer.concat(requestBody.chunks), head.mediaType) : undefined
  const writes = WRITES_WANTED.has(service?.ghost.writes ?? '')
  const { method } = arrival
  return { service: service?.name ?? '', method, target, headers, named, body, principal, at: now, writes }
}

/** Whether all of the request's body was kept. */
const isWhole = ({ requestBody, head }: Context): boolean =>
  requestBody.length === requestBody.kept && (head.contentLength < 0 || requestBody.length === head.contentLength)

/** Reads the request's body, where nobody has yet; false when it is too long to keep, or broken. What `then` throws ends the walk. */
const gather = (context: Context, then: (whole: boolean) => void): void => {
  const done = (whole: boolean): void => {
    try {
      then(whole)
    } catch (error) {
      context.fail(error)
    }
  }
  if (!hasUpload(context) || context.requestBody.length > 0) return done(isWhole(context))
  const events = {
    limit: context.requestBody.limit,
    ready: ({ replayable }: Upload) => done(replayable && isWhole(context)),
    broken: () => done(false),
  }
  openUpload(context, events)
}

/** A seed stands for the moment at which the answer is made up. */
const momentFor = ({ directions }: Context, now: number): number =>
  directions?.seed === undefined ? now : momentOf(directions.seed)

export interface Consulting extends Consult {
  readonly explain: DirectedSettings['explain']
  /** It may be a query of GraphQL: such are known at its path. */
  readonly mayAsk: (context: Context) => boolean
  /** Its body is a query that is known. */
  readonly asks: (context: Context) => boolean
  /** The strong entity tag that the thing at the request's target had last, for its asker; '' where none is known. */
  readonly tagOf: (context: Context, now: number) => string
}

const isStrong = (tag: string): boolean => tag.startsWith('"')

/** Asks the book as the log would have it: redacted. A body that did not arrive whole is no body. */
export const createConsult = (book: GhostBook, redactor: Redactor): Consulting => ({
  ask: (context, now) => book.answer(requestOf(context, redactor, momentFor(context, now))),
  explain: (context, now) => book.explain(requestOf(context, redactor, momentFor(context, now))),
  tagOf: (context, now) => {
    const read = { ...requestOf(context, redactor, now), method: 'GET', body: undefined }
    const verdict = book.answer(read)
    if (verdict.kind === 'refuse' || verdict.ghost !== 'exact' || verdict.status !== 200) return ''
    const tag = verdict.headers.find(({ name }) => name.toLowerCase() === 'etag')?.value ?? ''
    return isStrong(tag) ? tag : ''
  },
  mayAsk: ({ arrival, service, target }) =>
    arrival.method === 'POST' && book.hasOperations?.(service?.name ?? '', target) === true,
  asks: (context) => isWhole(context) && book.isQuery?.(requestOf(context, redactor, 0)) === true,
  gather,
  accept: (context, answer, now) => {
    const type = answer.headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? ''
    const body = redactor.body(answer.body, type)
    book.accept(requestOf(context, redactor, now), { id: context.arrival.id, status: answer.status, body })
  },
})
