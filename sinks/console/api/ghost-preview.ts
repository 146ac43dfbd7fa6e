/** What a ghost would answer now: the code that the ingress runs, over the same snapshot, changing nothing. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Endpoint } from '../../../schemas/events.ts'
import type { GhostExplanation, GhostRequest } from '../../../schemas/semantics/ghost-port.ts'
import { shownExplanation, type Unanswered } from '../../../schemas/semantics/ghosts/shown.ts'
import { problemSchema, Refusal } from '../problem.ts'
import { json, notFound, type Api, type ApiContext } from './context.ts'

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const askedSchema = z
  .object({
    params: z.record(z.string(), text).default({}).openapi({ description: 'path parameters, by name' }),
    query: z.record(z.string(), text).default({}),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.unknown().optional().openapi({ description: 'JSON, or a text as it is' }),
    principal: z.string().default('').openapi({ description: 'who asks, as a pseudonym from the log; empty: nobody' }),
  })
  .openapi('PreviewRequest')

const previewSchema = z
  .object({
    request: z.object({ method: z.string(), target: z.string() }),
    endpoint: z.string(),
    answered: z.boolean(),
    refused: z.object({ reason: z.string(), detail: z.string() }).nullable(),
    rule: z.string(),
    confidence: z.number(),
    why: z.array(z.string()),
    closest: z.string().nullable(),
    answer: z
      .object({
        status: z.number(),
        ghost: z.string(),
        headers: z.record(z.string(), z.string()),
        body: z.unknown(),
      })
      .nullable(),
    leaves: z.array(z.object({ pointer: z.string(), source: z.string(), detail: z.string() })),
  })
  .openapi('GhostPreview')

const preview = createRoute({
  method: 'post',
  path: '/api/ghosts/{endpoint}/preview',
  summary: 'What a ghost would answer now, how sure, by which rule, and where each part of it comes from',
  request: {
    params: z.object({ endpoint: z.string() }),
    body: { content: { 'application/json': { schema: askedSchema } }, required: true },
  },
  responses: {
    200: json(previewSchema, 'What would be said; nothing is changed by asking'),
    400: { content: { 'application/problem+json': { schema: problemSchema } }, description: 'A parameter is missing' },
    ...notFound,
  },
})

type Asked = z.output<typeof askedSchema>

const targetOf = ({ template }: Endpoint, { params, query }: Asked): string => {
  const path = template.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = params[name]
    if (value === undefined) throw new Refusal(400, `params.${name}: missing; the path is ${template}`)
    return encodeURIComponent(value)
  })
  const pairs = new URLSearchParams(query).toString()
  return pairs === '' ? path : `${path}?${pairs}`
}

const requestOf = (endpoint: Endpoint, asked: Asked): GhostRequest => {
  const { body, headers, principal } = asked
  const lines = Object.entries(headers).map(([name, value]) => ({ name, value }))
  const hasType = lines.some(({ name }) => name.toLowerCase() === 'content-type')
  const type = body === undefined || hasType ? [] : [{ name: 'content-type', value: 'application/json' }]
  const sent = typeof body === 'string' ? body : JSON.stringify(body)
  return {
    service: endpoint.service,
    method: endpoint.method,
    target: targetOf(endpoint, asked),
    headers: [...lines, ...type],
    body: body === undefined ? undefined : new TextEncoder().encode(sent),
    principal,
    at: Date.now() * 1000,
    writes: true,
  }
}

const missOf = ({ verdict }: GhostExplanation, least: number): Unanswered | undefined => {
  if (verdict.kind === 'refuse') return verdict
  if (verdict.confidence >= least) return undefined
  const detail = `It is right with probability ${verdict.confidence.toFixed(2)}; at least ${least} is wanted.`
  return { reason: 'low-confidence', detail }
}

export const ghostPreviewRoutes = (api: Api, { knowledge, options }: ApiContext): void => {
  api.openapi(preview, (c) => {
    const endpoint = knowledge.endpoints.get(c.req.valid('param').endpoint)
    if (endpoint === undefined)
      throw new Refusal(404, 'no such endpoint was learned; GET /admin/endpoints lists those that were')
    const request = requestOf(endpoint, c.req.valid('json'))
    const said = knowledge.book().explain(request)
    const shown = shownExplanation(said, missOf(said, options.minConfidence ?? 0.6))
    const { method, target } = request
    return c.json({ request: { method, target }, ...shown, leaves: [...shown.leaves], why: [...shown.why] }, 200)
  })
}
