/** Faults on purpose: each is a record on `control` with its own end, which every ingress obeys and keeps to by itself. */
import { randomInt } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import type { Control } from '../../../schemas/events.ts'
import { faultMatchSchema, faultRuleSchema, faultSchema, type FaultRule } from '../../../schemas/faults.ts'
import { problemSchema, Refusal } from '../problem.ts'
import { servicesOf } from '../upstreams.ts'
import { get, iso, json, notFound, type Api, type ApiContext } from './context.ts'
import { sayControl } from './control.ts'

const PREFIX = 'fault/'
const ALL = 'fault/*'

const ruleSchema = z
  .object({
    id: z.string(),
    match: faultMatchSchema,
    fault: faultSchema,
    seed: z.number(),
    since: z.string(),
    until: z.string().openapi({ description: 'it ends then, whatever became of who ordered it' }),
    alarm: z.boolean().openapi({ description: 'anomalies are told of what it does' }),
    by: z.string(),
  })
  .openapi('ChaosRule')
const rulesSchema = z
  .object({
    items: z.array(ruleSchema),
    next_cursor: z.string().nullable(),
    stopped: z.boolean().openapi({ description: 'the switch: no fault strikes, and none can be ordered' }),
  })
  .openapi('ChaosRules')
const orderSchema = z
  .strictObject({
    id: faultRuleSchema.shape.id.optional().openapi({ description: 'the same id again replaces the rule' }),
    match: faultMatchSchema.default({ service: '*', percent: 100 }),
    fault: faultSchema,
    seed: faultRuleSchema.shape.seed.optional(),
    for_seconds: z.number().min(1).max(86_400).default(600),
    alarm: z
      .boolean()
      .optional()
      .openapi({ description: 'anomalies are told of what it does; unless given as alerts.faults is configured' }),
  })
  .openapi('ChaosOrder')
const switchSchema = z.strictObject({ stopped: z.boolean() }).openapi('ChaosSwitch')

const failure = (description: string) => ({
  content: { 'application/problem+json': { schema: problemSchema } },
  description,
})
const body = <T extends z.ZodType>(schema: T) => ({ content: { 'application/json': { schema } }, required: true })

const path = '/api/chaos/rules'
const list = get({ path, summary: 'The faults in force', answer: rulesSchema })
const add = createRoute({
  method: 'post',
  path,
  summary: 'Order a fault, for a time',
  request: { body: body(orderSchema) },
  responses: {
    201: json(ruleSchema, 'It strikes as soon as each ingress reads it'),
    400: failure('The order is not understood'),
    404: failure('There is no such service'),
    409: failure('All faults are stopped'),
  },
})
const clear = createRoute({
  method: 'delete',
  path,
  summary: 'End all faults',
  responses: { 200: json(rulesSchema, 'None is in force') },
})
const remove = createRoute({
  method: 'delete',
  path: `${path}/{id}`,
  summary: 'End one fault',
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: json(rulesSchema, 'Those still in force'), ...notFound },
})
const flip = createRoute({
  method: 'put',
  path: '/api/chaos',
  summary: 'The switch: stop all faults and order none, or allow them again',
  request: { body: body(switchSchema) },
  responses: { 200: json(rulesSchema, 'Each ingress obeys as soon as it reads it'), 400: failure('Not understood') },
})

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface Ordered {
  readonly rule: FaultRule
  readonly word: Control
}

const ordered = ({ knowledge }: ApiContext): readonly Ordered[] =>
  knowledge.control.values().flatMap((word) => {
    if (!word.key.startsWith(PREFIX) || word.key === ALL) return []
    const parsed = faultRuleSchema.safeParse(parse(word.value))
    return parsed.success ? [{ rule: parsed.data, word }] : []
  })

const isStopped = ({ knowledge }: ApiContext): boolean => {
  const said = parse(knowledge.control.get(ALL)?.value ?? '')
  return typeof said === 'object' && said !== null && 'stopped' in said && said.stopped === true
}

const show = ({ rule, word }: Ordered): z.infer<typeof ruleSchema> => ({
  ...rule,
  since: iso(word.at),
  until: iso(rule.until),
  alarm: rule.alarm === true,
  by: word.by,
})

const showAll = (context: ApiContext): z.infer<typeof rulesSchema> => {
  const now = Date.now() * 1000
  const items = ordered(context).filter(({ rule }) => rule.until > now)
  return { items: items.map(show), next_cursor: null, stopped: isStopped(context) }
}

const end = async (context: ApiContext, { rule }: Ordered): Promise<void> =>
  void (await sayControl(context, { key: PREFIX + rule.id, kind: 'fault', service: rule.match.service }, undefined))

/** What is over is no more than litter on the topic. */
const sweep = async (context: ApiContext): Promise<void> => {
  const now = Date.now() * 1000
  for (const each of ordered(context)) if (each.rule.until <= now) await end(context, each)
}

const refuseUnknown = (context: ApiContext, service: string): void => {
  const known = servicesOf(context)
  if (service === '*' || known.length === 0 || known.includes(service)) return
  throw new Refusal(404, `there is no service ${service}; there are: ${known.join(', ')}`)
}

const order = async (context: ApiContext, wanted: z.output<typeof orderSchema>): Promise<Ordered> => {
  if (isStopped(context))
    throw new Refusal(409, 'all faults are stopped; allow them again with PUT /api/chaos {"stopped": false}')
  const { id: named, match, fault, seed = randomInt(2 ** 31), for_seconds: seconds } = wanted
  const { alarm = context.options.faultsAlarm === true } = wanted
  refuseUnknown(context, match.service)
  await sweep(context)
  const id = named ?? `${fault.kind.replace('_', '-')}-${seed.toString(36)}`
  const until = Date.now() * 1000 + Math.round(seconds * 1e6)
  const rule: FaultRule = { id, match, fault, seed, until, ...(alarm ? { alarm } : {}) }
  const word = { key: PREFIX + id, kind: 'fault', service: match.service } as const
  const at = await sayControl(context, word, rule)
  return { rule, word: { ...word, at, by: 'console', value: '' } }
}

/** A fault that was taken back is gone from the view a moment later. */
const settled = async (context: ApiContext, isGone: () => boolean): Promise<z.infer<typeof rulesSchema>> => {
  for (let attempt = 0; attempt < 50 && !isGone(); attempt++) await new Promise((resolve) => setTimeout(resolve, 20))
  return showAll(context)
}

export const chaosRoutes = (api: Api, context: ApiContext): void => {
  api.openapi(list, (c) => c.json(showAll(context), 200))
  api.openapi(add, async (c) => c.json(show(await order(context, c.req.valid('json'))), 201))
  api.openapi(clear, async (c) => {
    for (const each of ordered(context)) await end(context, each)
    return c.json(await settled(context, () => ordered(context).length === 0), 200)
  })
  api.openapi(remove, async (c) => {
    const { id } = c.req.valid('param')
    const found = ordered(context).find(({ rule }) => rule.id === id)
    if (found === undefined)
      throw new Refusal(404, `there is no fault ${id}; GET /api/chaos/rules lists those in force`)
    await end(context, found)
    return c.json(await settled(context, () => ordered(context).every(({ rule }) => rule.id !== id)), 200)
  })
  api.openapi(flip, async (c) => {
    const { stopped } = c.req.valid('json')
    await sayControl(context, { key: ALL, kind: 'fault', service: '*' }, { stopped })
    return c.json(showAll(context), 200)
  })
}
