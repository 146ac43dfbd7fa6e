/** route: which service is meant. The longest prefix wins, on segment boundaries; the path is not normalised. */
import type { Phase } from './compose.ts'
import type { Service } from './context.ts'
import { problem } from './problem.ts'

/** `/api/*` → `/api`; `/*` → ''. */
export const prefixOf = (match: string): string => match.replace(/\/?\*$/, '').replace(/\/$/, '')

const covers = (prefix: string, path: string): boolean =>
  prefix === '' || (path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/'))

/** The service of a path, undefined when none matches. */
export const createRouter =
  (services: readonly Service[]): ((path: string) => Service | undefined) =>
  (path) => {
    let best: Service | undefined
    for (const service of services)
      if (covers(service.prefix, path) && !(best !== undefined && best.prefix.length >= service.prefix.length))
        best = service
    return best
  }

export const createRoute = (services: readonly Service[]): Phase => {
  const find = createRouter(services)
  return (context, next) => {
    context.service = find(context.path)
    if (context.service !== undefined) return next()
    const known = services.map((service) => service.match).join(', ')
    next(problem(context, { why: 'no-route', detail: `No service is configured for this path; there are: ${known}.` }))
  }
}
