/** The ghost snapshot: the `ghosts` topic, followed into a book held in memory. It answers when everything else is down. */
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog, View } from '../../schemas/log.ts'
import type { GhostBook, GhostVerdict } from '../../schemas/semantics/ghost-port.ts'
import type { Redactor } from '../../schemas/semantics/redaction.ts'
import { topicName } from '../../schemas/topics.ts'
import type { Logger } from '../options.ts'
import { redactedOf } from '../phases/capture.ts'
import type { Context } from '../phases/context.ts'

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

/** Asks the book as the log would have it: redacted. A body that did not arrive whole is no body. */
export const createConsult =
  (book: GhostBook, redactor: Redactor) =>
  (context: Context, now: number): GhostVerdict => {
    const { target, headers, principal } = redactedOf(context, redactor)
    const { requestBody, head, arrival } = context
    const whole = requestBody.length > 0 && requestBody.length === requestBody.kept && head.coding === ''
    const body = whole ? redactor.body(Buffer.concat(requestBody.chunks), head.mediaType) : undefined
    const service = context.service?.name ?? ''
    return book.answer({ service, method: arrival.method, target, headers, body, principal, at: now })
  }
