/** Whether ghosts could take over now: the share of recent requests that they could answer, and how rightly, part by part. */
import { z } from '@hono/zod-openapi'
import { Gauge } from 'prom-client'
import type { EndpointModel } from '../../../schemas/semantics/ghosts/model.ts'
import { readinessOf, type FidelityPart } from '../../../schemas/semantics/vitals.ts'
import { fidelityOf, meanFidelity, modelIn } from '../fidelity.ts'
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
  knowledge.ghosts.values().flatMap((ghost) => modelIn(ghost) ?? [])

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

/** Names of endpoints come from what clients send: so many have labels of their own, the others are `other`. */
const MOST = 200

const named = (models: readonly EndpointModel[]): Map<string, EndpointModel[]> => {
  const groups = new Map<string, EndpointModel[]>()
  for (const [place, model] of models.toSorted((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1)).entries()) {
    const key = `${model.service}\n${place < MOST ? model.id : 'other'}`
    groups.set(key, [...(groups.get(key) ?? []), model])
  }
  return groups
}

const endpointGauge = (context: ApiContext): void => {
  const { knowledge, options } = context
  new Gauge({
    name: 'chaosproxy_endpoint_ghost_fidelity',
    help: `How often ghosts would have said the same as the upstream, by endpoint: the ${MOST} most frequent, then other`,
    labelNames: ['service', 'endpoint'],
    registers: [options.registry],
    collect() {
      this.reset()
      for (const [key, models] of named(modelsOf(context))) {
        const [service = '', endpoint = ''] = key.split('\n')
        const { fidelity } = meanFidelity(models.map(({ id }) => fidelityOf(knowledge, id)))
        if (fidelity !== null) this.set({ service, endpoint }, fidelity)
      }
    },
  })
}

export const readinessRoutes = (api: Api, context: ApiContext): void => {
  if (context.options.registry.getSingleMetric('chaosproxy_ghost_readiness') === undefined) {
    gauges(context)
    endpointGauge(context)
  }
  api.openapi(route, (c) => c.json({ items: servicesOf(context) }, 200))
}
