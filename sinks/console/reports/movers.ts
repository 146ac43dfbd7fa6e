/** What is different from the period before, endpoint by endpoint: the largest changes as sentences. Pure. */
import { quantileMs, share, type Sum } from './figures.ts'

export interface Mover {
  readonly endpoint: string
  readonly what: 'requests' | 'p95' | 'errors'
  readonly before: number
  readonly now: number
  readonly sentence: string
}

/** Fewer requests than these in both periods say nothing. */
const ENOUGH = 20
/** Smaller changes are weather. */
const FACTOR = 1.5
const POINTS = 0.02

interface Change extends Mover {
  /** Doublings, and for errors tenths of the traffic. */
  readonly size: number
}

const doublings = (before: number, now: number): number => Math.abs(Math.log2(now / before))
const times = (before: number, now: number): string =>
  now > before ? `${(now / before).toFixed(1)} ×` : `${Math.round((100 * now) / before)} % of`
const percent = (n: number): string => `${(100 * n).toFixed(1)} %`

const requestsOf = (endpoint: string, before: number, now: number): Change[] => {
  const change = (size: number, sentence: string): Change[] => [
    { endpoint, what: 'requests', before, now, size, sentence },
  ]
  if (Math.max(before, now) < ENOUGH) return []
  if (before === 0) return change(4, `is new: ${now} requests`)
  if (now === 0) return change(4, `is silent; it had ${before} requests`)
  const size = doublings(before, now)
  return size < Math.log2(FACTOR) ? [] : change(size, `${times(before, now)} the requests (${before} → ${now})`)
}

const latencyOf = (endpoint: string, was: Sum, is: Sum): Change[] => {
  const [before, now] = [quantileMs(was, 0.95), quantileMs(is, 0.95)]
  if (Math.min(was.requests, is.requests) < ENOUGH || before <= 0 || now <= 0) return []
  const size = doublings(before, now)
  if (size < Math.log2(FACTOR)) return []
  return [
    { endpoint, what: 'p95', before, now, size, sentence: `${times(before, now)} the p95 (${before} → ${now} ms)` },
  ]
}

const errorsOf = (endpoint: string, was: Sum, is: Sum): Change[] => {
  const [before, now] = [share(was.errors, was.requests), share(is.errors, is.requests)]
  if (is.requests < ENOUGH || Math.abs(now - before) < POINTS) return []
  const size = 10 * Math.abs(now - before)
  return [
    { endpoint, what: 'errors', before, now, size, sentence: `${percent(now)} errors, before ${percent(before)}` },
  ]
}

const nothing = (sum: Sum | undefined): number => sum?.requests ?? 0

/** The `limit` largest changes. */
export const moversOf = (was: ReadonlyMap<string, Sum>, is: ReadonlyMap<string, Sum>, limit = 5): Mover[] =>
  [...new Set([...was.keys(), ...is.keys()])]
    .flatMap((endpoint) => {
      const [past, now] = [was.get(endpoint), is.get(endpoint)]
      const changes = requestsOf(endpoint, nothing(past), nothing(now))
      return past && now ? [...changes, ...latencyOf(endpoint, past, now), ...errorsOf(endpoint, past, now)] : changes
    })
    .sort((a, b) => b.size - a.size || (a.endpoint < b.endpoint ? -1 : 1))
    .slice(0, limit)
    .map(({ endpoint, what, before, now, sentence }) => ({ endpoint, what, before, now, sentence }))
