/** The response models: how each service's did against the tables on exchanges held back, and whether it is used. */
import { z } from '@hono/zod-openapi'
import type { Model } from '../../../schemas/events.ts'
import { EVIDENCE_VERSION } from '../../../schemas/semantics/model/evidence.ts'
import { inferenceIn, isUsed, modelGauges } from '../model-figures.ts'
import { listOf, page, paged, unpackCursor } from '../paging.ts'
import { get, iso, type Api, type ApiContext } from './context.ts'

const modelSchema = z
  .object({
    service: z.string(),
    state: z.enum(['published', 'refused', 'unknown']).openapi({
      description: 'refused: the tables say how sure ghosts of this service are',
    }),
    reason: z.string().openapi({ description: 'why it was refused' }),
    origin: z.string().openapi({
      description: 'prior: as the product ships it; tuned: trained on from there; own: trained on this service alone',
    }),
    evidence_version: z.number(),
    fade: z.number().openapi({
      description: 'exchanges of an endpoint after which the model counts half beside the tables; 0: it never fades',
    }),
    trained_on: z.number(),
    held_back: z.number().openapi({ description: 'exchanges that the evaluation is of' }),
    evaluation: z.array(z.object({ measure: z.string(), tables: z.number(), model: z.number() })),
    bytes: z.number(),
    hash: z.string(),
    updated_at: z.string().openapi({ description: 'event time of the newest sample' }),
  })
  .openapi('ResponseModel')

const inferenceSchema = z
  .object({
    count: z.number().openapi({ description: 'ghost answers that a model judged' }),
    mean_ms: z.number(),
    p99_ms: z.number().nullable().openapi({ description: 'at most; null beyond the largest bucket' }),
  })
  .nullable()
  .openapi({
    description: 'what a model took at the ingress; null where no process that this one hears of has used one',
  })

const list = get({
  path: '/api/models',
  summary: 'Response models by service: their evaluation against the tables, published or refused',
  query: z.object(page),
  answer: listOf(modelSchema).extend({ inference: inferenceSchema }),
})

const told = (model: Model): z.infer<typeof modelSchema> => {
  const isOther = model.state === 'published' && !isUsed(model)
  return {
    service: model.service,
    state: isOther ? 'refused' : model.state,
    reason: isOther ? `it reads evidence of version ${model.version}, here it is ${EVIDENCE_VERSION}` : model.reason,
    origin: model.origin,
    evidence_version: model.version,
    fade: model.fade,
    trained_on: model.trainedOn,
    held_back: model.heldBack,
    evaluation: model.evaluation.map(({ name, tables, model: ours }) => ({ measure: name, tables, model: ours })),
    bytes: model.weights.length,
    hash: model.hash,
    updated_at: iso(model.at),
  }
}

export const modelRoutes = (api: Api, context: ApiContext): void => {
  const { knowledge, options } = context
  modelGauges(options.registry, knowledge)
  const metrics = options.metricsText ?? (() => options.registry.metrics())
  api.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query')
    const after = unpackCursor(cursor, 1)?.[0]
    const rows = knowledge.models
      .values()
      .filter(({ service }) => after === undefined || service > after)
      .toSorted((a, b) => (a.service < b.service ? -1 : 1))
      .slice(0, limit + 1)
      .map(told)
    const inference = inferenceIn(await metrics())
    return c.json({ ...paged(rows, limit, (row) => [row.service]), inference }, 200)
  })
}
