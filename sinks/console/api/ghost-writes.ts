/** Writes that ghosts accepted in the backend's place: what they were, what became of them, and a person's word on them. */
import { createRoute, z } from '@hono/zod-openapi'
import type { AcceptedWrite, Told, WriteState } from '../../../schemas/semantics/ghosts/accepted.ts'
import { decodePart } from '../../../schemas/semantics/ghosts/parts.ts'
import { listOf, page, paged, unpackCursor } from '../paging.ts'
import { Refusal } from '../problem.ts'
import { get, iso, json, type Api, type ApiContext } from './context.ts'
import { sayControl } from './control.ts'
import { tell, telling } from './telling.ts'

const STATES = ['accepted', 'replaying', 'done', 'conflict', 'expired', 'dropped', 'contradicted'] as const
const writeSchema = z
  .object({
    id: z.string().openapi({ description: 'of the exchange in which it was accepted' }),
    service: z.string(),
    endpoint: z.string(),
    state: z.enum(STATES).openapi({
      description: 'contradicted: the backend showed the thing again since, and it counts',
    }),
    method: z.string(),
    target: z.string(),
    principal: z.string().openapi({ description: 'whose it is, as a pseudonym; empty: nobody in particular' }),
    media_type: z.string(),
    body: z.string().openapi({ description: 'as on the log: secrets are pseudonyms' }),
    status: z.number().openapi({ description: 'what its sender was told' }),
    at: z.string(),
    changes: z.number().openapi({ description: 'objects that it changed for its sender' }),
    answer: z.string().openapi({ description: 'the answer that its sender got' }),
    replay: z
      .object({
        attempts: z.number(),
        at: z.string(),
        reason: z.string().openapi({ description: 'why it is not done' }),
        status: z.number().nullable().openapi({ description: 'what the backend said to it' }),
        body: z.string().openapi({ description: 'as on the log: secrets are pseudonyms' }),
        now: z.string().openapi({ description: 'what the backend shows there since, at a conflict' }),
      })
      .nullable(),
  })
  .openapi('AcceptedWrite')

const list = get({
  path: '/api/ghosts/writes',
  summary: 'Writes that ghosts accepted, newest first',
  query: z.object({ ...page, state: z.enum(STATES).optional(), service: z.string().optional() }),
  answer: listOf(writeSchema),
})
const DROP = 'Give a write up: what it changed for its sender goes with it'
const drop = telling('/api/ghosts/writes/{id}/drop', DROP)
const remove = createRoute({ ...drop, method: 'delete', path: '/api/ghosts/writes/{id}', summary: DROP })
const replay = telling(
  '/api/ghosts/writes/{id}/replay',
  'Send a write to the backend, as it came, as soon as that takes it',
)
const all = z.object({ service: z.string().optional() })
const replayAll = createRoute({
  method: 'post',
  path: '/api/ghosts/writes/replay',
  summary: 'The same with all that are not done, oldest first',
  request: { body: { content: { 'application/json': { schema: all } }, required: true } },
  responses: { 202: json(z.object({ replayed: z.array(z.string()) }), 'They wait for their backend now') },
})

const showTold = ({ attempts, at, reason, status, body, now }: Told) => ({
  attempts,
  at: iso(at),
  reason,
  status: status === 0 ? null : status,
  body,
  now,
})

const show = (w: AcceptedWrite): z.infer<typeof writeSchema> => ({
  id: w.id,
  service: w.service,
  endpoint: w.endpoint,
  state: w.state,
  method: w.method,
  target: w.target,
  principal: w.asker,
  media_type: w.mediaType,
  body: w.body,
  status: w.status,
  at: iso(w.at),
  changes: w.changes.length,
  answer: w.answer ?? '',
  replay: w.told === undefined ? null : showTold(w.told),
})

const writesOf = ({ knowledge }: ApiContext): AcceptedWrite[] =>
  [...knowledge.ghosts.values()]
    .filter(({ key }) => key.startsWith('write '))
    .flatMap((ghost) => {
      const part = decodePart(ghost)
      return part?.kind === 'write' ? [part.value] : []
    })
    .toSorted((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1))

const find = (context: ApiContext, id: string): AcceptedWrite => {
  const write = writesOf(context).find((w) => w.id === id)
  if (write !== undefined) return write
  throw new Refusal(404, 'no ghost accepted a write of this id; GET /api/ghosts/writes lists those that were')
}

/** Nothing can come of a word on these. */
const OVER: ReadonlySet<WriteState> = new Set(['done', 'dropped', 'expired'])

const wordKey = ({ service, id }: AcceptedWrite): string => `write/${service}/${id}`

/** Says a word to the ingress that holds the write. Words on writes that are over are taken back: `control` stays small. */
const say = async (context: ApiContext, write: AcceptedWrite, word: 'replay' | 'drop'): Promise<void> => {
  const { service } = write
  await sayControl(context, { key: wordKey(write), kind: 'unknown', service }, { do: word })
  const over = writesOf(context).filter((w) => OVER.has(w.state) && context.knowledge.control.get(wordKey(w)))
  for (const w of over) await sayControl(context, { key: wordKey(w), kind: 'unknown', service: w.service }, undefined)
}

const dropOne = async (context: ApiContext, id: string) => {
  const write = find(context, id)
  await say(context, write, 'drop')
  // The learners hear it from here too: it may be that no ingress holds the write any more.
  return await tell(context, { service: write.service, kind: 'ghosts.drop', subject: id })
}

const replayOne = async (context: ApiContext, write: AcceptedWrite) => {
  if (OVER.has(write.state)) throw new Refusal(400, `it is ${write.state}: there is nothing left to send`)
  await say(context, write, 'replay')
  return { subject: write.id, command: 'replay' }
}

export const ghostWriteRoutes = (api: Api, context: ApiContext): void => {
  api.openapi(list, (c) => {
    const { limit, cursor, state, service } = c.req.valid('query')
    const [at, after] = unpackCursor(cursor, 2) ?? []
    const isAfter = (w: AcceptedWrite): boolean =>
      at === undefined || after === undefined || w.at < Number(at) || (w.at === Number(at) && w.id > after)
    const rows = writesOf(context)
      .filter((w) => (state === undefined || w.state === state) && (service === undefined || w.service === service))
      .filter(isAfter)
    const found = paged(rows.slice(0, limit + 1), limit, (w) => [String(w.at), w.id])
    return c.json({ items: found.items.map(show), next_cursor: found.next_cursor }, 200)
  })
  api.openapi(drop, async (c) => c.json(await dropOne(context, c.req.valid('param').id), 202))
  api.openapi(remove, async (c) => c.json(await dropOne(context, c.req.valid('param').id), 202))
  api.openapi(replay, async (c) => c.json(await replayOne(context, find(context, c.req.valid('param').id)), 202))
  api.openapi(replayAll, async (c) => {
    const { service } = c.req.valid('json')
    const meant = writesOf(context).filter(
      (w) => !OVER.has(w.state) && w.state !== 'replaying' && (service === undefined || w.service === service),
    )
    for (const name of new Set(meant.map((w) => w.service)))
      await sayControl(context, { key: `write/${name}/*`, kind: 'unknown', service: name }, { do: 'replay' })
    return c.json({ replayed: meant.toReversed().map(({ id }) => id) }, 202)
  })
}
