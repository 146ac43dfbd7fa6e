/** How it goes: the summary that the page shows, the pipeline, the configuration. */
import { z } from '@hono/zod-openapi'
import { fidelityOf, meanFidelity } from '../fidelity.ts'
import { tell } from '../headline.ts'
import { pause } from '../../kit/backoff.ts'
import { get, type Api, type ApiContext } from './context.ts'
import { modeState } from './mode.ts'

const counts = z.record(z.string(), z.number())
const recentSchema = z.object({
  id: z.string(),
  time: z.string(),
  service: z.string(),
  method: z.string(),
  target: z.string(),
  status: z.number(),
  duration_ms: z.number(),
  answered_by: z.string(),
  why: z.string(),
  ghost_kind: z.string().nullable(),
  ghost_confidence: z.number().nullable(),
})
const summarySchema = z
  .object({
    state: z.enum(['idle', 'live', 'ghost', 'mock', 'down']),
    sentence: z.string(),
    mode: z.string(),
    modes: z.array(z.object({ service: z.string(), mode: z.string(), reported: z.string().nullable() })),
    last_minute: z.object({
      total: z.number(),
      rate: z.number(),
      errors: z.number(),
      errors_without_ghosts: z.number(),
      ghost_answers: z.number(),
      ghosts_by_kind: counts,
      answered_by: counts,
      p95_ms: z.number().nullable(),
      series: z.array(z.object({ count: z.number(), ghosts: z.number(), errors: z.number() })),
    }),
    endpoints: z.number(),
    fidelity: z.number().nullable(),
    fidelity_count: z.number(),
    upstreams: z.array(
      z.object({ service: z.string(), upstream: z.string(), health: z.string(), breaker: z.string() }),
    ),
    recent: z.array(recentSchema),
  })
  .openapi('Summary')

const stageSchema = z.object({
  stage: z.string(),
  name: z.string(),
  topic: z.string(),
  partition: z.number(),
  position: z.number(),
  end: z.number(),
  lag: z.number(),
  ok: z.boolean(),
  detail: z.string().optional(),
})
const pipelineSchema = z
  .object({ stages: z.array(stageSchema), lag: z.number(), caught_up: z.boolean(), waiting_for: z.array(z.string()) })
  .openapi('Pipeline')

const summary = get({
  path: '/api/summary',
  summary: 'The state in one sentence, and the last minute',
  answer: summarySchema,
})
const pipeline = get({
  path: '/api/pipeline',
  summary: 'How far every stage is, and whether everything is caught up',
  query: z.object({
    wait: z.coerce
      .number()
      .min(0)
      .max(60)
      .default(0)
      .openapi({ description: 'wait up to so many seconds for caught_up' }),
  }),
  answer: pipelineSchema,
})
const config = get({
  path: '/api/config',
  summary: 'The configuration, secrets masked',
  answer: z.record(z.string(), z.unknown()),
})

export const stateRoutes = (api: Api, context: ApiContext): void => {
  const { live, tail, knowledge, options } = context
  api.openapi(summary, (c) => {
    const { default: mode, services: modes } = modeState(context)
    const minute = live.summary()
    const endpoints = knowledge.endpoints.values().filter((e) => e.mergedInto === '')
    const distinct = [...new Set(modes.map((m) => m.mode))]
    return c.json(
      {
        ...tell({ live, modes, known: endpoints.length, trouble: tail.trouble() }),
        mode: distinct.length === 0 ? mode : distinct.length === 1 ? (distinct[0] as string) : 'mixed',
        modes,
        last_minute: {
          ...minute,
          series: [...minute.series],
          errors_without_ghosts: minute.errors + minute.ghost_answers,
        },
        endpoints: endpoints.length,
        ...meanFidelity(endpoints.map(({ id }) => fidelityOf(knowledge, id))),
        upstreams: [...live.upstreams()],
        recent: [...live.recent(20)],
      },
      200,
    )
  })
  api.openapi(pipeline, async (c) => {
    const deadline = Date.now() + c.req.valid('query').wait * 1000
    let state = await context.pipeline.state()
    while (!state.caught_up && Date.now() < deadline && !c.req.raw.signal.aborted) {
      await pause(100)
      state = await context.pipeline.state()
    }
    return c.json({ ...state, stages: [...state.stages], waiting_for: [...state.waiting_for] }, 200)
  })
  api.openapi(config, (c) => c.json({ ...options.config }, 200))
}
