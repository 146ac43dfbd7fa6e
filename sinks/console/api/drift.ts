/** Drift: alerts as they were published, and a person's word on them, which is a command on the log like any other event. */
import { z } from '@hono/zod-openapi'
import type { Alert, AlertChange } from '../../../schemas/events.ts'
import { listOf, page, paged, unpackCursor } from '../paging.ts'
import { Refusal } from '../problem.ts'
import { get, iso, type Api, type ApiContext } from './context.ts'
import { byId, endpointOf } from './endpoints.ts'
import { tell, telling } from './telling.ts'

const changeSchema = z.object({
  signal: z.string(),
  endpoint: z.string(),
  kind: z.string(),
  pointer: z.string().openapi({ description: 'JSON pointer; * stands for items and map values' }),
  renamed_to: z.string().nullable(),
  severity: z.string(),
  confidence: z.number(),
  before: z.string(),
  after: z.string(),
  status: z.string(),
  count: z.number().openapi({ description: 'answers that showed it since it was told' }),
  first_seen: z.string(),
  exchange_id: z.string(),
  exchange_offset: z.number(),
})
const alertSchema = z
  .object({
    id: z.string(),
    service: z.string(),
    status: z.enum(['open', 'resolved', 'accepted', 'reopened']),
    severity: z.string(),
    score: z.number(),
    summary: z.string(),
    at: z.string(),
    last_at: z.string(),
    exchange_id: z.string().openapi({ description: 'the first exchange that showed it' }),
    exchange_offset: z.number(),
    two_versions: z.boolean().openapi({ description: 'old and new answers come side by side' }),
    upstreams: z.array(z.object({ name: z.string(), old: z.number(), new: z.number() })),
    changes: z.array(changeSchema),
  })
  .openapi('DriftAlert')
const statsSchema = z
  .object({
    endpoint: z.string(),
    open: z.number(),
    by_kind: z.record(z.string(), z.number()),
    by_severity: z.record(z.string(), z.number()),
    last_change: z.string().nullable(),
  })
  .openapi('DriftStats')

const showChange = (c: AlertChange): z.infer<typeof changeSchema> => ({
  signal: c.signal,
  endpoint: c.endpoint,
  kind: c.kind,
  pointer: c.pointer,
  renamed_to: c.renamedTo === '' ? null : c.renamedTo,
  severity: c.severity,
  confidence: c.confidence,
  before: c.before,
  after: c.after,
  status: c.status,
  count: c.count,
  first_seen: iso(c.at),
  exchange_id: c.exchange,
  exchange_offset: c.offset,
})

const STATUSES = ['open', 'resolved', 'accepted', 'reopened'] as const
const statusOf = (text: string): (typeof STATUSES)[number] => STATUSES.find((known) => known === text) ?? 'open'

const show = (a: Alert): z.infer<typeof alertSchema> => ({
  id: a.id,
  service: a.service,
  status: statusOf(a.status),
  severity: a.severity,
  score: a.score,
  summary: a.summary,
  at: iso(a.at),
  last_at: iso(a.lastAt),
  exchange_id: a.exchange,
  exchange_offset: a.offset,
  two_versions: a.mixed,
  upstreams: a.upstreams.map(({ name, old, fresh }) => ({ name, old, new: fresh })),
  changes: a.changes.map(showChange),
})

const isLive = (status: string): boolean => status === 'open' || status === 'reopened'

const list = get({
  path: '/admin/drift-alerts',
  summary: 'Drift alerts, newest first',
  query: z.object({
    ...page,
    unresolved_only: z.enum(['true', 'false']).default('false'),
    service: z.string().optional(),
  }),
  answer: listOf(alertSchema),
})
const one = get({ path: '/admin/drift-alerts/{id}', summary: 'One drift alert', params: byId, answer: alertSchema })
const stats = get({
  path: '/admin/endpoints/{id}/drift-stats',
  summary: 'What changed at one endpoint, counted',
  params: byId,
  answer: statsSchema,
})

const resolve = telling('/admin/drift-alerts/{id}/resolve', 'It is mended: reopened by the next answer that shows it')
const baseline = telling('/admin/endpoints/{id}/baseline', 'What the endpoint answers now is what is expected')

export const driftRoutes = (api: Api, context: ApiContext): void => {
  const { knowledge } = context
  const find = (id: string): Alert => {
    const found = knowledge.alerts.get(id)
    if (found === undefined)
      throw new Refusal(404, 'there is no alert of this id; GET /admin/drift-alerts lists those there are')
    return found
  }
  api.openapi(list, (c) => {
    const { limit, cursor, unresolved_only: only, service } = c.req.valid('query')
    const [at, after] = unpackCursor(cursor, 2) ?? []
    const isAfter = (a: Alert): boolean =>
      at === undefined || after === undefined || a.at < Number(at) || (a.at === Number(at) && a.id > after)
    const rows = knowledge.alerts
      .values()
      .filter((a) => (only === 'false' || isLive(a.status)) && (service === undefined || a.service === service))
      .filter(isAfter)
      .toSorted((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1))
    const { items, next_cursor: next } = paged(rows.slice(0, limit + 1), limit, (a) => [String(a.at), a.id])
    return c.json({ items: items.map(show), next_cursor: next }, 200)
  })
  api.openapi(one, (c) => c.json(show(find(c.req.valid('param').id)), 200))
  api.openapi(stats, (c) => {
    const { id } = endpointOf(knowledge, c.req.valid('param').id)
    const changes = knowledge.alerts.values().flatMap((a) => a.changes.filter((change) => change.endpoint === id))
    const tally = (name: 'kind' | 'severity'): Record<string, number> => {
      const counts: Record<string, number> = {}
      for (const change of changes) counts[change[name]] = (counts[change[name]] ?? 0) + 1
      return counts
    }
    const last = Math.max(...changes.map(({ at }) => at))
    const open = changes.filter(({ status }) => isLive(status)).length
    const lastChange = changes.length === 0 ? null : iso(last)
    return c.json(
      { endpoint: id, open, by_kind: tally('kind'), by_severity: tally('severity'), last_change: lastChange },
      200,
    )
  })
  api.openapi(resolve, async (c) => {
    const { id, service } = find(c.req.valid('param').id)
    return c.json(await tell(context, { service, kind: 'drift.resolve', subject: id }), 202)
  })
  api.openapi(baseline, async (c) => {
    const { id, service } = endpointOf(knowledge, c.req.valid('param').id)
    return c.json(await tell(context, { service, kind: 'drift.accept', subject: id }), 202)
  })
}
