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

/** RFC 3986 section 5.2.4, as most upstreams do before they look for a route. */
const walked = (segments: readonly string[]): string[] => {
  const way: string[] = []
  for (const segment of segments) {
    const step = plain(segment)
    if (step === '..') way.pop()
    else if (step !== '.') way.push(segment)
  }
  return way
}

const DOTS = /\/(?:\.|%2e)/i
const segmentsOf = (path: string): string[] => (DOTS.test(path) ? walked(pathSegments(path)) : pathSegments(path))

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
    const given = segmentsOf(path)
    const longEnough = open ? given.length >= wanted.length : given.length === wanted.length
    return longEnough && wanted.every((fits, i) => fits(given[i] as string))
  }
}
