/** What people know of templates and traffic cannot tell: merge, split, rename, pin. Checked here, obeyed by the learners. */
import { z } from '@hono/zod-openapi'
import type { Endpoint } from '../../../schemas/events.ts'
import { pathSegments, segmentParts, splitOperation } from '../../../schemas/semantics/templates.ts'
import { Refusal } from '../problem.ts'
import type { Api, ApiContext } from './context.ts'
import { tell, telling, tellingMore } from './telling.ts'

const TEMPLATE = z.string().max(2048).regex(/^\//, 'a template begins with /')
const word = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^/{}#?]+$/, 'a word is one segment of a path')

const merge = tellingMore(
  '/admin/endpoints/{id}/merge',
  'These endpoints are one: where their templates differ there is a parameter',
  z.strictObject({ with: z.array(z.string()).min(1).max(200) }).openapi('Merge'),
)
const split = tellingMore(
  '/admin/endpoints/{id}/split',
  'These values of a parameter (the last one unless named) are endpoints of their own; without words all are',
  z.strictObject({ words: z.array(word).max(200).default([]), parameter: z.string().optional() }).openapi('Split'),
)
const rename = tellingMore(
  '/admin/endpoints/{id}/rename',
  'The template with other names for its parameters, or with a parameter where a word was',
  z.strictObject({ template: TEMPLATE }).openapi('Rename'),
)
const pin = telling('/admin/endpoints/{id}/pin', 'The template stands as it is, whatever traffic says')
const unpin = telling(
  '/admin/endpoints/{id}/unpin',
  'What was said of this template is forgotten: traffic decides again',
)

const partsOf = (template: string): readonly string[][] =>
  pathSegments(splitOperation(template)[0]).map((segment) => segmentParts(segment))

const checkMerge = (endpoint: Endpoint, others: readonly Endpoint[]): void => {
  const own = partsOf(endpoint.template)
  for (const other of others) {
    if (other.service !== endpoint.service)
      throw new Refusal(400, `${other.id} is of another service than ${endpoint.id}`)
    if (partsOf(other.template).length !== own.length)
      throw new Refusal(400, `${other.template} has not as many segments as ${endpoint.template}`)
  }
}

const checkSplit = ({ template }: Endpoint, parameter: string | undefined): void => {
  const names = template.match(/(?<=\/)\{[^{}]*\}(?=\/|#|$)/g)?.map((one) => one.slice(1, -1)) ?? []
  if (names.length === 0) throw new Refusal(400, `${template} has no segment that is all parameter`)
  if (parameter !== undefined && !names.includes(parameter))
    throw new Refusal(400, `${template} has no parameter ${parameter}; it has ${names.join(', ')}`)
}

const checkRename = ({ template }: Endpoint, to: string): void => {
  const before = partsOf(template)
  const after = partsOf(to)
  const isPure = (parts: readonly string[] | undefined): boolean => parts?.join('{}') === '{}'
  const isSame = (parts: readonly string[], i: number): boolean => {
    const other = after[i]
    return parts.join('{}') === other?.join('{}') || (parts.length === 1 && isPure(other))
  }
  if (before.length !== after.length || !before.every(isSame))
    throw new Refusal(
      400,
      `${to} is not ${template} under other names: words stay, or become a {parameter} of their own`,
    )
  const names = [...to.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
  if (names.some((name) => !/^[A-Za-z_][\w.-]{0,63}$/.test(name)) || new Set(names).size < names.length)
    throw new Refusal(400, 'names of parameters are letters, digits, _, - and ., and each is there once')
}

export const templateRoutes = (api: Api, context: ApiContext): void => {
  const find = (id: string): Endpoint => {
    const found = context.knowledge.endpoints.get(id)
    if (found === undefined || found.mergedInto !== '')
      throw new Refusal(404, `no endpoint ${id} was learned; GET /admin/endpoints lists those that were`)
    return found
  }
  const say = ({ service, id }: Endpoint, kind: string, value?: object) =>
    tell(context, { service, kind, subject: id, ...(value && { value }) })
  api.openapi(merge, async (c) => {
    const endpoint = find(c.req.valid('param').id)
    const others = c.req.valid('json').with.map(find)
    checkMerge(endpoint, others)
    return c.json(await say(endpoint, 'endpoints.merge', { with: others.map(({ id }) => id) }), 202)
  })
  api.openapi(split, async (c) => {
    const endpoint = find(c.req.valid('param').id)
    const value = c.req.valid('json')
    checkSplit(endpoint, value.parameter)
    return c.json(await say(endpoint, 'endpoints.split', value), 202)
  })
  api.openapi(rename, async (c) => {
    const endpoint = find(c.req.valid('param').id)
    const { template } = c.req.valid('json')
    checkRename(endpoint, template)
    return c.json(await say(endpoint, 'endpoints.rename', { template }), 202)
  })
  api.openapi(pin, async (c) => c.json(await say(find(c.req.valid('param').id), 'endpoints.pin'), 202))
  api.openapi(unpin, async (c) => c.json(await say(find(c.req.valid('param').id), 'endpoints.unpin'), 202))
}
