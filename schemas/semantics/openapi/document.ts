/**
 * All that was learned of one service, or of several, as one OpenAPI 3.1 document. Pure: the same knowledge gives the same
 * document, byte for byte; what makes a strict validator stumble (names, doubles, unusual methods) is settled in paths.ts.
 */
import type { Endpoint, Shape } from '../../events.ts'
import { operationOf } from './operation.ts'
import { describeOperations, foldOperations } from './operations.ts'
import { securitySchemes } from './parameters.ts'
import { operationName, routesOf, type Route } from './paths.ts'
import type { Json } from './schema.ts'

export interface DocumentOptions {
  readonly endpoints: readonly Endpoint[]
  readonly shapeOf: (endpoint: string) => Shape | undefined
  /** Only this one; all of them when it is not given. */
  readonly service?: string
  /** Where the API is served, if known. */
  readonly servers?: readonly string[]
}

export interface OpenApi extends Json {
  readonly openapi: '3.1.0'
  readonly paths: Json
}

const uniqueNames = (): ((route: Route) => string) => {
  const taken = new Set<string>()
  return (route) => {
    const plain = operationName(route)
    let name = plain
    for (let i = 2; taken.has(name); i++) name = `${plain}${i}`
    taken.add(name)
    return name
  }
}

const infoOf = (endpoints: readonly Endpoint[], left: readonly string[]): Json => {
  const services = [...new Set(endpoints.map(({ service }) => service))].toSorted()
  const exchanges = endpoints.reduce((sum, { count }) => sum + count, 0)
  return {
    title: services.join(', ') || 'Nothing learned yet',
    version: '0.0.0',
    description: `Learned by Chaos-Proxy from ${exchanges} exchanges at ${endpoints.length} endpoints. Ranges and lengths (x-range, x-length, x-items) are what was seen, and no promise.`,
    ...(left.length > 0 && { 'x-left-out': left }),
  }
}

const describedBy = (endpoints: readonly Endpoint[], service: string | undefined): Endpoint[] =>
  endpoints.filter((e) => e.mergedInto === '' && (service === undefined || e.service === service))

/** The OpenAPI 3.1 document of what was learned. */
export const openApiOf = ({ endpoints, shapeOf, service, servers = [] }: DocumentOptions): OpenApi => {
  const described = describedBy(endpoints, service)
  const folded = foldOperations(described, shapeOf)
  const { byPath, left } = routesOf(folded.endpoints)
  const nameOf = uniqueNames()
  const credentials = new Set<string>()
  const itemOf = (routes: readonly Route[]): Json =>
    Object.fromEntries(
      routes.map((route) => {
        const { id } = route.endpoint
        const operation = operationOf(route, folded.shapeOf(id), nameOf(route))
        for (const name of operation.credentials.names) credentials.add(name)
        const asked = folded.operationsOf(id)
        return [route.method, asked ? { ...operation.json, ...describeOperations(asked) } : operation.json]
      }),
    )
  const sorted = [...byPath].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const paths = Object.fromEntries(sorted.map(([path, routes]) => [path, itemOf(routes)]))
  return {
    openapi: '3.1.0',
    info: infoOf(described, left),
    ...(servers.length > 0 && { servers: servers.map((url) => ({ url })) }),
    paths,
    // Always there: a document without a path needs some other part.
    components: { securitySchemes: securitySchemes(credentials) },
  }
}
