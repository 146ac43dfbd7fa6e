/** Upstreams: what ingresses report of them, and an operator's words, which are records on `control` that every ingress obeys. */
import { createRoute, z } from '@hono/zod-openapi'
import { pause } from '../../kit/backoff.ts'
import { problemSchema, Refusal } from '../problem.ts'
import { saidOf, servicesOf, upstreamId, upstreamsOf, wordKey, type Known, type Said } from '../upstreams.ts'
import { get, json, type Api, type ApiContext } from './context.ts'
import { sayControl } from './control.ts'

const weight = z.number().min(0.001).max(1000)
const instanceSchema = z.object({
  instance: z.string(),
  health: z.string(),
  breaker: z.string(),
  ejected: z.boolean(),
  in_flight: z.number(),
  latency_ms: z.number().openapi({ description: 'until the first byte, as clients have it: peak EWMA' }),
  check_ms: z.number().nullable().openapi({ description: 'of the last good health check' }),
  checked_at: z.string().nullable(),
  checked: z.string().openapi({ description: 'what the last health check found' }),
})
const upstreamSchema = z
  .object({
    id: z.string().openapi({ description: 'service@host:port' }),
    service: z.string(),
    url: z.string(),
    weight: z.number(),
    drained: z.boolean(),
    state: z.enum(['up', 'down', 'drained', 'ejected', 'unknown']),
    set: z.object({ added: z.boolean(), drained: z.boolean().nullable(), weight: z.number().nullable() }),
    instances: z.array(instanceSchema).openapi({ description: 'what each ingress says of it' }),
  })
  .openapi('Upstream')
type Shown = z.infer<typeof upstreamSchema>

const addSchema = z
  .object({
    service: z.string().optional().openapi({ description: 'may be left out where there is only one' }),
    url: z.string().regex(/^https?:\/\/[^/?#]+\/?$/, 'expected http://host:port, without a path'),
    weight: weight.optional(),
    drained: z.boolean().optional(),
  })
  .openapi('NewUpstream')
const changeSchema = z.object({ weight: weight.optional(), drained: z.boolean().optional() }).openapi('UpstreamChange')
const drainSchema = z.object({ drained: z.boolean().default(true) }).openapi('Drain')

const failure = (description: string) => ({
  content: { 'application/problem+json': { schema: problemSchema } },
  description,
})
const byId = z.object({ id: z.string() })
const body = <T extends z.ZodType>(schema: T) => ({ content: { 'application/json': { schema } }, required: true })
const answers = {
  200: json(upstreamSchema, 'Said; each ingress obeys as soon as it reads it'),
  400: failure('The request is not understood'),
  404: failure('There is none'),
  409: failure('That would leave the service without upstreams'),
}
const path = '/api/upstreams/{id}'

const list = get({
  path: '/api/upstreams',
  summary: 'Upstreams as every ingress sees them',
  query: z.object({ service: z.string().optional() }),
  answer: z.object({ items: z.array(upstreamSchema), next_cursor: z.string().nullable() }),
})
const one = get({ path, summary: 'One upstream', params: byId, answer: upstreamSchema })
const add = createRoute({
  method: 'post',
  path: '/api/upstreams',
  summary: 'Add an upstream to a service that runs',
  request: { body: body(addSchema) },
  responses: { ...answers, 201: json(upstreamSchema, 'It gets its share little by little') },
})
const change = createRoute({
  method: 'patch',
  path,
  summary: 'Change weight or drain',
  request: { params: byId, body: body(changeSchema) },
  responses: answers,
})
const remove = createRoute({
  method: 'delete',
  path,
  summary: 'Take it out: no new requests, those under way end',
  request: { params: byId },
  responses: answers,
})
const drain = createRoute({
  method: 'post',
  path: `${path}/drain`,
  summary: 'No new requests until it is said otherwise; it is still checked',
  request: { params: byId, body: { content: { 'application/json': { schema: drainSchema } } } },
  responses: answers,
})
const reset = createRoute({
  method: 'post',
  path: `${path}/reset`,
  summary: 'Forget what was said: it is as configured',
  request: { params: byId },
  responses: answers,
})
const check = createRoute({
  method: 'post',
  path: `${path}/check`,
  summary: 'Check its health now; waits up to three seconds for what an ingress finds',
  request: { params: byId },
  responses: answers,
})

const stateOf = (drained: boolean, instances: Known['instances']): Shown['state'] => {
  const has = (is: (one: Known['instances'][number]) => boolean): boolean => instances.some(is)
  if (drained) return 'drained'
  if (instances.length === 0) return 'unknown'
  if (has(({ health, breaker }) => health === 'down' || breaker === 'open')) return 'down'
  return has(({ ejected }) => ejected) ? 'ejected' : 'up'
}

const show = ({ id, service, url, said, instances }: Known): Shown => {
  const [first] = instances
  const drained = said.drained ?? first?.drained ?? false
  return {
    id,
    service,
    url,
    weight: said.weight ?? first?.weight ?? 1,
    drained,
    state: stateOf(drained, instances),
    set: { added: said.present === true, drained: said.drained ?? null, weight: said.weight ?? null },
    instances: instances.map((i) => ({
      instance: i.instance,
      health: i.health,
      breaker: i.breaker,
      ejected: i.ejected,
      in_flight: i.inFlight,
      latency_ms: i.ewma,
      check_ms: i.latency < 0 ? null : Math.round(i.latency * 10) / 10,
      checked_at: i.checkedAt > 0 ? new Date(i.checkedAt).toISOString() : null,
      checked: i.checked,
    })),
  }
}

const find = (context: ApiContext, id: string): Known => {
  const found = upstreamsOf(context).find((known) => known.id === id || known.url === id)
  if (found === undefined)
    throw new Refusal(404, `there is no upstream ${id}; GET /api/upstreams lists those there are`)
  return found
}

const serviceOf = (context: ApiContext, asked: string | undefined): string => {
  const services = servicesOf(context)
  const [only] = services
  if (asked === undefined && services.length === 1 && only !== undefined) return only
  if (asked !== undefined && services.includes(asked)) return asked
  const names = services.length === 0 ? 'none runs yet' : `there are: ${services.join(', ')}`
  throw new Refusal(404, asked === undefined ? `say which service; ${names}` : `there is no service ${asked}; ${names}`)
}

type Of = Pick<Known, 'service' | 'url'>

/** Says something about an upstream on top of what was said before. */
const say = async (context: ApiContext, { service, url }: Of, said: Said): Promise<Said> => {
  const key = wordKey(service, url)
  const word = { ...saidOf(context.knowledge.control.get(key)), ...said }
  await sayControl(context, { key, kind: 'upstream', service }, word)
  return word
}

/** Nobody should be left without an upstream by a slip of the hand. */
const refuseLast = (context: ApiContext, { id, service }: Known): void => {
  const others = upstreamsOf(context).some(
    (known) => known.service === service && known.id !== id && !show(known).drained,
  )
  if (!others)
    throw new Refusal(
      409,
      `${id} is the last upstream of ${service} that takes requests; add another first, or drain it`,
    )
}

const PATIENCE = 3000
const checkNow = async (context: ApiContext, known: Known): Promise<Known> => {
  const { service, url } = known
  const order = await sayControl(context, { key: `check/${service}/${url}`, kind: 'upstream', service }, {})
  const until = Date.now() + PATIENCE
  for (;;) {
    const now = find(context, known.id)
    if (now.instances.some(({ obeyed }) => obeyed >= order) || Date.now() > until) return now
    await pause(50)
  }
}

export const upstreamRoutes = (api: Api, context: ApiContext): void => {
  api.openapi(list, (c) => {
    const { service } = c.req.valid('query')
    const items = upstreamsOf(context).filter((known) => service === undefined || known.service === service)
    return c.json({ items: items.map(show), next_cursor: null }, 200)
  })
  api.openapi(one, (c) => c.json(show(find(context, c.req.valid('param').id)), 200))
  api.openapi(add, async (c) => {
    const { service: asked, url: text, ...rest } = c.req.valid('json')
    if (!URL.canParse(text)) throw new Refusal(400, `url: ${text} is no address; write it as http://host:port`)
    const place = { service: serviceOf(context, asked), url: new URL(text).origin }
    const { weight: share, drained = false } = rest
    const said = await say(context, place, {
      present: true,
      drained,
      ...(share === undefined ? {} : { weight: share }),
    })
    const id = upstreamId(place.service, place.url)
    const known = upstreamsOf(context).find((each) => each.id === id) ?? { ...place, id, said, instances: [] }
    return c.json(show(known), 201)
  })
  api.openapi(change, async (c) => {
    const known = find(context, c.req.valid('param').id)
    const { weight: share, drained } = c.req.valid('json')
    const said = await say(context, known, {
      ...(share === undefined ? {} : { weight: share }),
      ...(drained === undefined ? {} : { drained }),
    })
    return c.json(show({ ...known, said }), 200)
  })
  api.openapi(remove, async (c) => {
    const known = find(context, c.req.valid('param').id)
    refuseLast(context, known)
    const { service, url } = known
    await sayControl(context, { key: wordKey(service, url), kind: 'upstream', service }, { present: false })
    return c.json(show(known), 200)
  })
  api.openapi(drain, async (c) => {
    const known = find(context, c.req.valid('param').id)
    const said = await say(context, known, { drained: c.req.valid('json').drained })
    return c.json(show({ ...known, said }), 200)
  })
  api.openapi(reset, async (c) => {
    const known = find(context, c.req.valid('param').id)
    const { service, url } = known
    await sayControl(context, { key: wordKey(service, url), kind: 'upstream', service }, undefined)
    return c.json(show({ ...known, said: {} }), 200)
  })
  api.openapi(check, async (c) => c.json(show(await checkNow(context, find(context, c.req.valid('param').id))), 200))
}
