/** Which paths a rule means: `/*`, a prefix such as `/api/*`, a path, or a template such as `/users/{id}`, also with a star behind it. */
import { matchParts, pathSegments, segmentParts } from '../../schemas/semantics/templates.ts'

type Fits = (segment: string) => boolean

/** `%61dmin` is `admin` to most upstreams: a rule that took it for another path would be no rule. */
const plain = (segment: string): string => {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const fitsOf = (segment: string): Fits => {
  const parts = segmentParts(segment)
  if (parts.length === 1) return (given) => plain(given) === plain(segment)
  return (given) => matchParts(parts, plain(given)) !== undefined
}

/** Empty segments do not count: `//users/` is `/users`. */
export const pathMatcher = (pattern: string): ((path: string) => boolean) => {
  const open = pattern.endsWith('*')
  const wanted = pathSegments(open ? pattern.slice(0, -1) : pattern).map(fitsOf)
  if (open && wanted.length === 0) return () => true
  return (path) => {
    const given = pathSegments(path)
    const longEnough = open ? given.length >= wanted.length : given.length === wanted.length
    return longEnough && wanted.every((fits, i) => fits(given[i] as string))
  }
}
