/** Writes that ghosts accepted in the backend's place: what they were, what became of them, and a person's word on them. */
import { z } from '@hono/zod-openapi'
import type { AcceptedWrite } from '../../../schemas/semantics/ghosts/accepted.ts'
import { decodePart } from '../../../schemas/semantics/ghosts/parts.ts'
import { listOf, page, paged, unpackCursor } from '../paging.ts'
import { Refusal } from '../problem.ts'
import { get, iso, type Api, type ApiContext } from './context.ts'
import { tell, telling } from './telling.ts'

const STATES = ['accepted', 'dropped', 'contradicted'] as const
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
  })
  .openapi('AcceptedWrite')

const list = get({
  path: '/api/ghosts/writes',
  summary: 'Writes that ghosts accepted, newest first',
  query: z.object({ ...page, state: z.enum(STATES).optional(), service: z.string().optional() }),
  answer: listOf(writeSchema),
})
const drop = telling('/api/ghosts/writes/{id}/drop', 'Give a write up: what it changed for its sender goes with it')

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
})

const writesOf = ({ knowledge }: ApiContext): AcceptedWrite[] =>
  [...knowledge.ghosts.values()]
    .filter(({ key }) => key.startsWith('write '))
    .flatMap((ghost) => {
      const part = decodePart(ghost)
      return part?.kind === 'write' ? [part.value] : []
    })
    .toSorted((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1))

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
  api.openapi(drop, async (c) => {
    const { id } = c.req.valid('param')
    const write = writesOf(context).find((w) => w.id === id)
    if (write === undefined)
      throw new Refusal(404, 'no ghost accepted a write of this id; GET /api/ghosts/writes lists those that were')
    return c.json(await tell(context, { service: write.service, kind: 'ghosts.drop', subject: id }), 202)
  })
}
