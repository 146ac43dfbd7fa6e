/** What was learned: endpoints and their shapes, from the compacted topics. */
import { z } from '@hono/zod-openapi'
import type { Endpoint } from '../../../schemas/events.ts'
import { fidelityOf } from '../fidelity.ts'
import { listOf, page, paged, unpackCursor } from '../paging.ts'
import { Refusal } from '../problem.ts'
import { get, iso, type Api, type ApiContext } from './context.ts'

const endpointSchema = z
  .object({
    id: z.string(),
    service: z.string(),
    method: z.string(),
    template: z.string(),
    parameters: z.array(z.object({ name: z.string(), kind: z.string() })),
    count: z.number(),
    first_seen: z.string(),
    last_seen: z.string(),
    merged_into: z.string().nullable(),
    fidelity: z.number().nullable(),
    fidelity_count: z.number(),
  })
  .openapi('Endpoint')

const show = ({ ghosts }: ApiContext['knowledge'], e: Endpoint): z.infer<typeof endpointSchema> => ({
  id: e.id,
  service: e.service,
  method: e.method,
  template: e.template,
  parameters: e.parameters.map(({ name, kind }) => ({ name, kind })),
  count: e.count,
  first_seen: iso(e.firstSeen),
  last_seen: iso(e.lastSeen),
  merged_into: e.mergedInto === '' ? null : e.mergedInto,
  ...fidelityOf({ ghosts }, e.id),
})

const schemaPart = z.object({ direction: z.string(), status: z.string(), count: z.number(), schema: z.unknown() })
const shapeSchema = z
  .object({ endpoint: z.string(), service: z.string(), at: z.string(), parts: z.array(schemaPart) })
  .openapi('Shape')

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export const byId = z.object({ id: z.string() })

/** The endpoint of this id; 404 when none was learned. */
export const endpointOf = ({ endpoints }: ApiContext['knowledge'], id: string): Endpoint => {
  const found = endpoints.get(id)
  if (found === undefined)
    throw new Refusal(404, 'no endpoint of this id was learned; GET /admin/endpoints lists those that were')
  return found
}

const list = get({
  path: '/admin/endpoints',
  summary: 'Learned endpoints, by id',
  query: z.object({ ...page, service: z.string().optional() }),
  answer: listOf(endpointSchema),
})
const one = get({ path: '/admin/endpoints/{id}', summary: 'One endpoint', params: byId, answer: endpointSchema })
const shape = get({
  path: '/admin/endpoints/{id}/schema',
  summary: 'The learned shape, as JSON Schema per direction and status',
  params: byId,
  answer: shapeSchema,
})

export const endpointRoutes = (api: Api, { knowledge }: ApiContext): void => {
  api.openapi(list, (c) => {
    const { limit, cursor, service } = c.req.valid('query')
    const after = unpackCursor(cursor, 1)?.[0]
    const rows = knowledge.endpoints
      .values()
      .filter(
        (e) =>
          e.mergedInto === '' &&
          (service === undefined || e.service === service) &&
          (after === undefined || e.id > after),
      )
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    return c.json(
      paged(
        rows.slice(0, limit + 1).map((row) => show(knowledge, row)),
        limit,
        (e) => [e.id],
      ),
      200,
    )
  })
  api.openapi(one, (c) => c.json(show(knowledge, endpointOf(knowledge, c.req.valid('param').id)), 200))
  api.openapi(shape, (c) => {
    const { id } = endpointOf(knowledge, c.req.valid('param').id)
    const found = knowledge.shapes.get(id)
    if (found === undefined) throw new Refusal(404, 'no shape was learned for this endpoint yet')
    const parts = found.parts.map(({ direction, status, count, schema }) => ({
      direction,
      status,
      count,
      schema: parsed(schema),
    }))
    return c.json({ endpoint: id, service: found.service, at: iso(found.at), parts }, 200)
  })
}
