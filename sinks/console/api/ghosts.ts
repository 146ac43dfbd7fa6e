/** How ready the ghosts are, and when they answered. */
import { z } from '@hono/zod-openapi'
import type { Ghost } from '../../../schemas/events.ts'
import { fidelityOf } from '../fidelity.ts'
import { listOf, page, paged, unpackCursor } from '../paging.ts'
import { Refusal } from '../problem.ts'
import { get, iso, type Api, type ApiContext } from './context.ts'

const readiness = z.enum(['ready', 'weak', 'unmeasured'])
const ghostSchema = z
  .object({
    id: z.string(),
    service: z.string(),
    fidelity: z.number().nullable(),
    fidelity_count: z.number(),
    readiness,
    parts: z.record(z.string(), z.number()).openapi({ description: 'parts of the snapshot, by kind' }),
    bytes: z.number(),
    updated_at: z.string(),
  })
  .openapi('GhostReadiness')
const partSchema = z.object({
  key: z.string(),
  kind: z.string(),
  at: z.string(),
  version: z.number(),
  bytes: z.number(),
  payload: z.unknown(),
})
const detailSchema = ghostSchema.extend({ items: z.array(partSchema) }).openapi('GhostDetail')
const activationSchema = z
  .object({
    id: z.string(),
    service: z.string(),
    endpoint: z.string(),
    reason: z.string(),
    started_at: z.string(),
    last_at: z.string(),
    ended_at: z.string().nullable(),
    answers: z.record(z.string(), z.number()),
    refused: z.number(),
  })
  .openapi('Activation')

const list = get({
  path: '/api/ghosts',
  summary: 'Ghosts by endpoint, with their measured fidelity',
  query: z.object(page),
  answer: listOf(ghostSchema),
})
const one = get({
  path: '/api/ghosts/{id}',
  summary: 'The ghost of one endpoint, with its newest parts',
  params: z.object({ id: z.string() }),
  answer: detailSchema,
})
const activations = get({
  path: '/api/ghosts/activations',
  summary: 'Spans in which ghosts answered, newest first',
  query: z.object(page),
  answer: listOf(activationSchema),
})

/** A payload is shown up to this size, and so many parts of one endpoint. */
const PAYLOAD = 64 * 1024
const PARTS = 50

const payloadOf = ({ payload }: Ghost): unknown => {
  if (payload.length > PAYLOAD) return null
  try {
    return JSON.parse(new TextDecoder().decode(payload))
  } catch {
    return null
  }
}

type Readiness = z.infer<typeof ghostSchema>

const readinessOf = (fidelity: number | null, wanted: number): Readiness['readiness'] =>
  fidelity === null ? 'unmeasured' : fidelity >= wanted ? 'ready' : 'weak'

const kindsOf = (parts: readonly Ghost[]): Record<string, number> => {
  const kinds = new Map<string, number>()
  for (const { kind } of parts) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  return Object.fromEntries(kinds)
}

const summarise = ({ knowledge, options }: ApiContext, id: string, parts: readonly Ghost[]): Readiness => {
  const measured = fidelityOf(knowledge, id)
  return {
    id,
    service: parts[0]?.service ?? '',
    ...measured,
    readiness: readinessOf(measured.fidelity, options.minConfidence ?? 0.6),
    parts: kindsOf(parts),
    bytes: parts.reduce((sum, part) => sum + part.payload.length, 0),
    updated_at: iso(parts.reduce((newest, part) => Math.max(newest, part.at), 0)),
  }
}

const byEndpoint = ({ knowledge }: ApiContext): ReadonlyMap<string, readonly Ghost[]> => {
  const groups = new Map<string, Ghost[]>()
  for (const part of knowledge.ghosts.values()) {
    if (part.endpoint === '') continue
    const group = groups.get(part.endpoint)
    if (group) group.push(part)
    else groups.set(part.endpoint, [part])
  }
  return groups
}

export const ghostRoutes = (api: Api, context: ApiContext): void => {
  api.openapi(activations, async (c) => {
    const { limit, cursor } = c.req.valid('query')
    const after = unpackCursor(cursor, 2)
    if (after !== undefined && Number.isNaN(Date.parse(after[0] as string)))
      throw new Refusal(400, 'cursor: pass the next_cursor of the page before, unchanged')
    const clause = after === undefined ? '' : 'where (started_at, id) < ($2::timestamptz, $3)'
    const sql = `select id, service, endpoint, reason, started_at, last_at, ended_at, answers, refused from activations ${clause} order by started_at desc, id desc limit $1`
    const rows = await context.options.database.query(sql, [limit + 1, ...(after ?? [])])
    return c.json(
      paged(rows as unknown as z.infer<typeof activationSchema>[], limit, (row) => [row.started_at, row.id]),
      200,
    )
  })
  api.openapi(list, (c) => {
    const { limit, cursor } = c.req.valid('query')
    const after = unpackCursor(cursor, 1)?.[0]
    const groups = [...byEndpoint(context)]
      .filter(([id]) => after === undefined || id > after)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
    const rows = groups.slice(0, limit + 1).map(([id, parts]) => summarise(context, id, parts))
    return c.json(
      paged(rows, limit, (row) => [row.id]),
      200,
    )
  })
  api.openapi(one, (c) => {
    const { id } = c.req.valid('param')
    const parts = byEndpoint(context).get(id)
    if (parts === undefined)
      throw new Refusal(404, 'no ghost was learned for this endpoint; GET /api/ghosts lists those that were')
    const newest = parts.toSorted((a, b) => b.at - a.at).slice(0, PARTS)
    const items = newest.map((part) => ({
      key: part.key,
      kind: part.kind,
      at: iso(part.at),
      version: part.version,
      bytes: part.payload.length,
      payload: payloadOf(part),
    }))
    return c.json({ ...summarise(context, id, parts), items }, 200)
  })
}
