/** The switch: who answers. A change is a record on `control`, which every ingress follows. */
import { createRoute, z } from '@hono/zod-openapi'
import { modes, type Mode } from '../options.ts'
import { problemSchema } from '../problem.ts'
import { get, iso, json, type Api, type ApiContext } from './context.ts'
import { sayControl } from './control.ts'

const mode = z.enum(modes)
const setSchema = z.object({ service: z.string(), mode, at: z.string(), by: z.string() })
const stateSchema = z
  .object({
    default: mode.openapi({ description: 'of services for which nothing was set and nothing is reported' }),
    set: z.array(setSchema).openapi({ description: 'what was set here; service * means all; the newest word counts' }),
    services: z.array(z.object({ service: z.string(), mode, reported: mode.nullable() })),
  })
  .openapi('ModeState')

const changeSchema = z.object({ service: z.string().min(1).max(200).default('*'), mode }).openapi('ModeChange')

const show = get({ path: '/api/mode', summary: 'The mode of each service', answer: stateSchema })
const change = createRoute({
  method: 'put',
  path: '/api/mode',
  summary: 'Set the mode of one service, or of all',
  request: { body: { content: { 'application/json': { schema: changeSchema } }, required: true } },
  responses: {
    200: json(stateSchema, 'The mode was set; each ingress obeys as soon as it reads it'),
    400: { content: { 'application/problem+json': { schema: problemSchema } }, description: 'No such mode' },
  },
})

const isMode = (text: string | undefined): text is Mode => modes.some((known) => known === text)

/** Services as known from heartbeats, endpoints and settings, each with the mode that it should have and the one it reports. */
export const modeState = ({ knowledge, live, options }: ApiContext): z.infer<typeof stateSchema> => {
  const set = knowledge.modes()
  const reported = new Map(live.heartbeats().map(({ service, attributes }) => [service, attributes.get('mode')]))
  const services = new Set([...reported.keys(), ...knowledge.endpoints.values().map((e) => e.service), ...set.keys()])
  services.delete('*')
  const newest = (service: string): Mode | undefined => {
    const words = [set.get(service), set.get('*')].filter((word) => word !== undefined)
    return words.toSorted((a, b) => b.at - a.at)[0]?.mode
  }
  const fallback = options.defaultMode ?? 'failover'
  return {
    default: set.get('*')?.mode ?? fallback,
    set: [...set].map(([service, { mode: value, at, by }]) => ({ service, mode: value, at: iso(at), by })),
    services: [...services].toSorted().map((service) => {
      const said = reported.get(service)
      const known = isMode(said) ? said : null
      return { service, mode: newest(service) ?? known ?? fallback, reported: known }
    }),
  }
}

export const modeRoutes = (api: Api, context: ApiContext): void => {
  api.openapi(show, (c) => c.json(modeState(context), 200))
  api.openapi(change, async (c) => {
    const { service, mode: wanted } = c.req.valid('json')
    // The newest word counts, whether it is about one service or about all.
    const before = Math.max(0, ...[...context.knowledge.modes().values()].map((word) => word.at))
    await sayControl(context, { key: `mode/${service}`, kind: 'mode', service }, { mode: wanted }, before)
    return c.json(modeState(context), 200)
  })
}
