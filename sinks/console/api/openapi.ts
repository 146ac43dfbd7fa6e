/** What was learned as an OpenAPI 3.1 document: of one service, or of all. */
import { z } from '@hono/zod-openapi'
import { stringify } from 'yaml'
import { openApiOf, type OpenApi } from '../../../schemas/semantics/openapi/document.ts'
import { Refusal } from '../problem.ts'
import { get, type Api, type ApiContext } from './context.ts'

const query = z.object({ service: z.string().optional() })

const asJson = get({
  path: '/admin/docs/openapi.json',
  summary: 'The learned API as OpenAPI 3.1',
  query,
  answer: z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) }),
})

export const openApiRoutes = (api: Api, { knowledge }: ApiContext): void => {
  const describe = (service: string | undefined): OpenApi => {
    const endpoints = knowledge.endpoints.values()
    if (service !== undefined && !endpoints.some((endpoint) => endpoint.service === service))
      throw new Refusal(404, `nothing was learned of a service ${service}; GET /admin/endpoints names the services`)
    return openApiOf({ endpoints, shapeOf: knowledge.shapes.get, ...(service === undefined ? {} : { service }) })
  }
  api.openapi(asJson, (c) => c.json(describe(c.req.valid('query').service), 200))
  api.get('/admin/docs/openapi.yaml', (c) =>
    c.body(stringify(describe(c.req.query('service')), { aliasDuplicateObjects: false }), 200, {
      'content-type': 'application/yaml; charset=utf-8',
    }),
  )
}
