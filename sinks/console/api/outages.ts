/** Outages afterwards: what ghosts answered, to how many, how surely, what not and why; and how much of it was right. */
import { createRoute, z } from '@hono/zod-openapi'
import { countsOf, endpointsOf, findOutage, listOutages, readId, rowsOf, type Outage } from '../outages.ts'
import { problemSchema, Refusal } from '../problem.ts'
import { upstreamsOf } from '../upstreams.ts'
import { verifyRows } from '../verify.ts'
import { get, json, notFound, unavailable, type Api, type ApiContext } from './context.ts'
import { detailOf } from './traffic.ts'

const counts = z.record(z.string(), z.number())
const outageSchema = z
  .object({
    id: z.string().openapi({ example: 'shop@2026-11-21T14:00:00.123Z' }),
    service: z.string(),
    started_at: z.string(),
    last_at: z.string().openapi({ description: 'the last answer in the place of an upstream' }),
    ended: z.boolean(),
    requests: z.number(),
    answered: z.number().openapi({ description: 'by ghosts' }),
    refused: z.number().openapi({ description: 'honest errors' }),
    clients: z.number().openapi({ description: 'different addresses' }),
    principals: z.number().openapi({ description: 'different credentials' }),
    confidence: z.number().nullable(),
    least_confidence: z.number().nullable(),
    writes: z.object({ accepted: z.number(), queued: z.number(), rejected: z.number() }),
  })
  .openapi('Outage')
const detailSchema = outageSchema
  .extend({
    why: counts.openapi({ description: 'what was wrong with the upstream' }),
    kinds: counts.openapi({ description: 'of ghosts' }),
    statuses: counts,
    refusals: z
      .array(z.object({ reason: z.string(), count: z.number(), example: z.string() }))
      .openapi({ description: 'of the newest hundred refusals: why no ghost answered' }),
    endpoints: z.array(
      z.object({
        endpoint: z.string(),
        answered: z.number(),
        refused: z.number(),
        confidence: z.number().nullable(),
        least_confidence: z.number().nullable(),
      }),
    ),
  })
  .openapi('OutageDetail')
const verifiedSchema = z
  .object({
    upstream: z.string(),
    asked: z.number(),
    right: z.number(),
    right_share: z.number().nullable(),
    answers: z.array(
      z.object({
        target: z.string(),
        told: z.number(),
        status: z.number(),
        agreement: z.number().nullable(),
        right: z.boolean(),
      }),
    ),
  })
  .openapi('OutageVerification')

const list = get({
  path: '/api/outages',
  summary: 'Spans in which upstreams could not answer, newest first',
  query: z.object({
    hours: z.coerce.number().min(0.1).max(8760).default(168),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  answer: z.object({ items: z.array(outageSchema) }),
})
const params = z.object({ id: z.string().max(300) })
const one = get({ path: '/api/outages/{id}', summary: 'The report of one outage', params, answer: detailSchema })
const problem = (description: string) => ({
  content: { 'application/problem+json': { schema: problemSchema } },
  description,
})
const verify = createRoute({
  method: 'post',
  path: '/api/outages/{id}/verify',
  summary: 'Asks the recovered backend again what ghosts answered: reads without a credential only, ten a second',
  request: {
    params,
    body: {
      content: { 'application/json': { schema: z.object({ limit: z.number().int().min(1).max(30).default(20) }) } },
      required: true,
    },
  },
  responses: {
    200: json(verifiedSchema, 'How much was right'),
    400: problem('The request is not understood'),
    409: problem('The outage is not over'),
    ...notFound,
    ...unavailable,
  },
})

const HOUR = 3_600_000
/** Refusals whose reasons are read from the log. */
const READ = 100
/** Rows among which different requests are looked for. */
const CANDIDATES = 500

const NO_GHOST = /details="no ghost: ([a-z-]+): (.*)"$/

const refusalsOf = async (context: ApiContext, outage: Outage) => {
  const rows = await rowsOf(context.options.database, outage, 'refused', READ)
  const reasons = new Map<string, { reason: string; count: number; example: string }>()
  for (const row of rows) {
    const { response } = await detailOf(context, row)
    const status = response?.headers.find(({ name }) => name.toLowerCase() === 'proxy-status')?.value ?? ''
    const [, reason = 'unknown', example = ''] = NO_GHOST.exec(status) ?? []
    const known = reasons.get(reason) ?? { reason, count: 0, example: example.replace(/\\(.)/g, '$1') }
    known.count++
    reasons.set(reason, known)
  }
  return [...reasons.values()].toSorted((a, b) => b.count - a.count)
}

const outageOf = async ({ options }: ApiContext, id: string): Promise<Outage> => {
  if (readId(id) === undefined) throw new Refusal(400, 'id: write it as service@2026-11-21T14:00:00.123Z')
  const found = await findOutage(options.database, id)
  if (found === undefined)
    throw new Refusal(404, 'no outage of this id is known; GET /api/outages lists those that are')
  return found
}

/** One that an ingress says is up, else the first. */
const originOf = (context: ApiContext, service: string): string => {
  const known = upstreamsOf(context).filter((upstream) => upstream.service === service)
  const up = known.find(({ instances }) => instances.some(({ health }) => health === 'up')) ?? known[0]
  if (up === undefined) throw new Refusal(404, `no upstream of ${service} is known`)
  return up.url
}

export const outageRoutes = (api: Api, context: ApiContext): void => {
  const { database } = context.options
  api.openapi(list, async (c) => {
    const { hours, limit } = c.req.valid('query')
    const items = await listOutages(database, new Date(Date.now() - hours * HOUR).toISOString(), limit)
    return c.json({ items: [...items] }, 200)
  })
  api.openapi(one, async (c) => {
    const outage = await outageOf(context, c.req.valid('param').id)
    const [told, endpoints, refusals] = await Promise.all([
      countsOf(database, outage),
      endpointsOf(database, outage),
      refusalsOf(context, outage),
    ])
    return c.json({ ...outage, ...told, refusals, endpoints: [...endpoints] }, 200)
  })
  api.openapi(verify, async (c) => {
    const { limit } = c.req.valid('json')
    const outage = await outageOf(context, c.req.valid('param').id)
    if (!outage.ended) throw new Refusal(409, 'the outage is not over: ask again when the backend is back')
    const upstream = originOf(context, outage.service)
    const rows = await rowsOf(database, outage, 'anonymous', CANDIDATES)
    const answers = await verifyRows(context, rows, { origin: upstream, limit })
    const right = answers.filter((answer) => answer.right).length
    const right_share = answers.length === 0 ? null : right / answers.length
    return c.json({ upstream, asked: answers.length, right, right_share, answers: [...answers] }, 200)
  })
}
