/** route: which service is meant. The longest prefix wins, on segment boundaries; the path is not normalised. */
import type { Phase } from './compose.ts'
import { cookieOf, withoutCookie, type Sticky } from '../balance/sticky.ts'
import type { Context, Service } from './context.ts'
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

/** Our own cookie is taken off at the door: it is no business of upstreams, learners and limiters who counts whom. */
const takeCookie = (context: Context, { name }: Sticky): void => {
  const { arrival, head } = context
  context.bound = cookieOf(arrival.rawHeaders, name)
  if (context.bound === '') return
  arrival.rawHeaders = withoutCookie(arrival.rawHeaders, name)
  head.fields = [...withoutCookie(head.fields, name)]
}

export const createRoute = (services: readonly Service[]): Phase => {
  const find = createRouter(services)
  return (context, next) => {
    context.service = find(context.path)
    if (context.service !== undefined) {
      const { sticky } = context.service
      if (sticky !== undefined) takeCookie(context, sticky)
      return next()
    }
    const known = services.map((service) => service.match).join(', ')
    next(problem(context, { why: 'no-route', detail: `No service is configured for this path; there are: ${known}.` }))
  }
}
