/** What passed at one endpoint: the newest answers of its upstreams with their bodies, and its figures by the minute. */
import { z } from '@hono/zod-openapi'
import type { Row } from '../../kit/database.ts'
import { get, type Api, type ApiContext } from './context.ts'
import { byId, endpointOf } from './endpoints.ts'
import { detailColumns, detailOf, detailSchema } from './traffic.ts'

const counts = z.record(z.string(), z.number())

const windowSchema = z.object({
  start: z.string(),
  span_seconds: z.number(),
  count: z.number(),
  statuses: counts.openapi({ description: 'How often each status was answered' }),
  answered_by: counts,
  request_bytes: z.number(),
  response_bytes: z.number(),
  p50_us: z.number(),
  p95_us: z.number(),
  p99_us: z.number(),
})
const statsSchema = z
  .object({
    endpoint: z.string(),
    since: z.string(),
    count: z.number(),
    statuses: counts,
    answered_by: counts,
    windows: z.array(windowSchema).openapi({ description: 'By event time, oldest first; quantiles of the latency' }),
  })
  .openapi('EndpointStats')

const samples = get({
  path: '/admin/endpoints/{id}/samples',
  summary: 'The newest answers of its upstreams, with headers and bodies as the log has them (redacted)',
  params: byId,
  query: z.object({ limit: z.coerce.number().int().min(1).max(20).default(5) }),
  answer: z.object({ items: z.array(detailSchema) }),
})
const stats = get({
  path: '/admin/endpoints/{id}/stats',
  summary: 'Its traffic by the minute',
  params: byId,
  query: z.object({ hours: z.coerce.number().min(0.1).max(168).default(24) }),
  answer: statsSchema,
})

type Window = z.infer<typeof windowSchema>

const HOUR = 3_600_000

const windowOf = (row: Row): Window => ({
  start: String(row['start']),
  span_seconds: Number(row['span_seconds']),
  count: Number(row['count']),
  statuses: row['statuses'] as Window['statuses'],
  answered_by: row['answered_by'] as Window['answered_by'],
  request_bytes: Number(row['request_bytes']),
  response_bytes: Number(row['response_bytes']),
  p50_us: Number(row['p50_us']),
  p95_us: Number(row['p95_us']),
  p99_us: Number(row['p99_us']),
})

const added = (all: readonly Readonly<Record<string, number>>[]): Record<string, number> => {
  const total: Record<string, number> = {}
  for (const some of all) for (const [name, count] of Object.entries(some)) total[name] = (total[name] ?? 0) + count
  return total
}

export const endpointTrafficRoutes = (api: Api, context: ApiContext): void => {
  const { knowledge, options } = context
  const { database } = options
  api.openapi(samples, async (c) => {
    const { limit } = c.req.valid('query')
    const { id } = endpointOf(knowledge, c.req.valid('param').id)
    const rows = await database.query(
      `select ${detailColumns} from exchanges where endpoint = $1 and answered_by = 'upstream' order by time desc, id desc limit $2`,
      [id, limit],
    )
    return c.json({ items: await Promise.all(rows.map((row) => detailOf(context, row))) }, 200)
  })
  api.openapi(stats, async (c) => {
    const since = new Date(Date.now() - c.req.valid('query').hours * HOUR).toISOString()
    const { id } = endpointOf(knowledge, c.req.valid('param').id)
    const rows = await database.query(
      'select * from windows where endpoint = $1 and start >= $2::timestamptz order by start',
      [id, since],
    )
    const windows = rows.map(windowOf)
    const statuses = added(windows.map((window) => window.statuses))
    const answered_by = added(windows.map((window) => window.answered_by))
    const count = windows.reduce((sum, window) => sum + window.count, 0)
    return c.json({ endpoint: id, since, count, statuses, answered_by, windows }, 200)
  })
}
