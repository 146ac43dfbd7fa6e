/** Whether ghosts could take over now: the share of recent requests that they could answer, and how rightly, part by part. */
import { z } from '@hono/zod-openapi'
import { Gauge } from 'prom-client'
import type { EndpointModel } from '../../../schemas/semantics/ghosts/model.ts'
import { decodePart } from '../../../schemas/semantics/ghosts/parts.ts'
import { readinessOf, type FidelityPart } from '../../../schemas/semantics/vitals.ts'
import { get, type Api, type ApiContext } from './context.ts'

const share = z.number().nullable()
const partsSchema = z.object({ status: share, shape: share, values: share, echo: share })
const endpointSchema = z.object({
  endpoint: z.string(),
  requests: z.number(),
  readiness: share.openapi({
    description: 'of about the last twenty requests, those that a ghost could have answered with a confidence of 0.6',
  }),
  fidelity: partsSchema.openapi({ description: 'of those answers, about the last twenty' }),
})
const serviceSchema = z
  .object({
    service: z.string(),
    readiness: share.openapi({ description: 'of its reads, weighted by how often each endpoint is asked for' }),
    fidelity: partsSchema,
    endpoints: z.array(endpointSchema),
  })
  .openapi('ServiceReadiness')

const route = get({
  path: '/api/readiness',
  summary: 'Whether ghosts could take over now, by service and endpoint',
  answer: z.object({ items: z.array(serviceSchema) }),
})

const PARTS = ['status', 'shape', 'values', 'echo'] as const
type Endpoint = z.infer<typeof endpointSchema>
type ServiceReadiness = z.infer<typeof serviceSchema>

const partOf = ({ vitals }: EndpointModel, part: FidelityPart): number | null => {
  const [sum, weight] = vitals?.parts?.[part] ?? [0, 0]
  return weight > 0 ? sum / weight : null
}

const partsOf = (read: (part: FidelityPart) => number | null): Endpoint['fidelity'] =>
  Object.fromEntries(PARTS.map((part) => [part, read(part)])) as Endpoint['fidelity']

const endpointOf = (model: EndpointModel): Endpoint => ({
  endpoint: model.id,
  requests: model.count,
  readiness: (model.vitals === undefined ? undefined : readinessOf(model.vitals)) ?? null,
  fidelity: partsOf((part) => partOf(model, part)),
})

const READS = new Set(['GET', 'HEAD'])

/** Weighted by requests, over the endpoints where it is known. */
const meanOver = (endpoints: readonly Endpoint[], of: (one: Endpoint) => number | null): number | null => {
  const known = endpoints.filter((one) => of(one) !== null)
  const weight = known.reduce((sum, { requests }) => sum + requests, 0)
  return weight === 0 ? null : known.reduce((sum, one) => sum + (of(one) ?? 0) * one.requests, 0) / weight
}

const modelsOf = ({ knowledge }: ApiContext): readonly EndpointModel[] =>
  [...knowledge.ghosts.values()].flatMap((ghost) => {
    if (ghost.kind !== 'endpoint') return []
    const part = decodePart(ghost)
    return part?.kind === 'endpoint' ? [part.value] : []
  })

const servicesOf = (context: ApiContext): ServiceReadiness[] => {
  const all = modelsOf(context)
  return [...new Set(all.map(({ service }) => service))].toSorted().map((service) => {
    const models = all.filter((model) => model.service === service)
    const reads = models.filter(({ method }) => READS.has(method)).map(endpointOf)
    const endpoints = models.map(endpointOf).toSorted((a, b) => b.requests - a.requests)
    const fidelity = partsOf((part) => meanOver(reads, (one) => one.fidelity[part]))
    return { service, readiness: meanOver(reads, (one) => one.readiness), fidelity, endpoints }
  })
}

const gauges = (context: ApiContext): void => {
  const registers = [context.options.registry]
  new Gauge({
    name: 'chaosproxy_ghost_readiness',
    help: 'Share of recent reads that ghosts could have answered',
    labelNames: ['service'],
    registers,
    collect() {
      this.reset()
      for (const { service, readiness } of servicesOf(context)) if (readiness !== null) this.set({ service }, readiness)
    },
  })
  new Gauge({
    name: 'chaosproxy_ghost_fidelity',
    help: 'How right ghosts would have been for recent reads: status, shape, values, and what repeats the request (echo)',
    labelNames: ['service', 'part'],
    registers,
    collect() {
      this.reset()
      for (const { service, fidelity } of servicesOf(context))
        for (const [part, value] of Object.entries(fidelity)) if (value !== null) this.set({ service, part }, value)
    },
  })
}

export const readinessRoutes = (api: Api, context: ApiContext): void => {
  if (context.options.registry.getSingleMetric('chaosproxy_ghost_readiness') === undefined) gauges(context)
  api.openapi(route, (c) => c.json({ items: servicesOf(context) }, 200))
}
