/**
 * Templates as OpenAPI wants them: the names of parameters are unique within a path, and two paths that differ in nothing
 * but these names are one path.
 */
import type { Endpoint, Parameter } from '../../events.ts'

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

export interface ApiPath {
  /** `/users/{id}/books/{id2}` */
  readonly path: string
  readonly parameters: readonly Parameter[]
}

export interface Route extends ApiPath {
  /** Lower case, as a key of the path. */
  readonly method: string
  readonly endpoint: Endpoint
}

export interface Routes {
  /** By path, then in the order of endpoints' ids. */
  readonly byPath: ReadonlyMap<string, readonly Route[]>
  /** Sorted ids of endpoints that OpenAPI has no place for: an unusual method, or the same path and method as another one. */
  readonly left: readonly string[]
}

const PARAMETER = /\{([^{}]*)\}/g

/** The parameters of a template, by place, with unique names. */
export const apiPathOf = ({ template, parameters }: Pick<Endpoint, 'template' | 'parameters'>): ApiPath => {
  const taken = new Set<string>()
  const named: Parameter[] = []
  const rooted = template.startsWith('/') ? template : `/${template}`
  const path = rooted.replace(PARAMETER, (_, given: string) => {
    const plain = given === '' ? 'value' : given
    let name = plain
    for (let i = 2; taken.has(name); i++) name = `${plain}${i}`
    taken.add(name)
    named.push({ name, kind: parameters[named.length]?.kind ?? '' })
    return `{${name}}`
  })
  return { path, parameters: named }
}

const nameless = (path: string): string => path.replace(PARAMETER, '{}')

const byId = (a: Endpoint, b: Endpoint): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** Groups endpoints by path. Of two with the same path and method the one with more exchanges stays. */
export const routesOf = (endpoints: readonly Endpoint[]): Routes => {
  const paths = new Map<string, ApiPath>()
  const routes = new Map<string, Route>()
  const left: string[] = []
  for (const endpoint of endpoints.filter(({ mergedInto }) => mergedInto === '').toSorted(byId)) {
    const own = apiPathOf(endpoint)
    const shared = paths.get(nameless(own.path)) ?? own
    const method = endpoint.method.toLowerCase()
    const key = `${method} ${shared.path}`
    const rival = routes.get(key)
    if (!METHODS.has(method) || (rival !== undefined && rival.endpoint.count >= endpoint.count)) {
      left.push(endpoint.id)
      continue
    }
    if (rival !== undefined) left.push(rival.endpoint.id)
    paths.set(nameless(own.path), shared)
    // The path's names, and this endpoint's kinds.
    const parameters = shared.parameters.map(({ name }, i) => ({ name, kind: own.parameters[i]?.kind ?? '' }))
    routes.set(key, { path: shared.path, parameters, method, endpoint })
  }
  const byPath = new Map<string, Route[]>()
  for (const route of routes.values()) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route])
  return { byPath, left: left.toSorted() }
}

const wordsOf = (text: string): string[] => text.match(/[A-Za-z0-9]+/g) ?? []
const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)

/** `GET /users/{id}/books` → `getUsersBooksById`: parameters come last, so that names sort by resource. */
export const operationName = ({ method, path, parameters }: Pick<Route, 'method' | 'path' | 'parameters'>): string => {
  const literal = wordsOf(path.replace(PARAMETER, ' ')).map(capital).join('')
  const by = parameters.map(({ name }) => wordsOf(name).map(capital).join('')).join('And')
  return method + (literal === '' ? 'Root' : literal) + (by === '' ? '' : `By${by}`)
}

const PREFIX = /^(?:api|rest|v\d+(?:\.\d+)*)$/i

/** What an operation is about: the first segment that is no prefix such as `api` or `v1`. */
export const tagOf = (path: string): string => {
  const segments = path.split('/').filter((segment) => segment !== '' && !segment.includes('{'))
  return segments.find((segment) => !PREFIX.test(segment)) ?? segments[0] ?? 'root'
}
