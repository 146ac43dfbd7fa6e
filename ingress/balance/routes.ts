/**
 * One broken endpoint is no broken upstream. Each endpoint that fails at an upstream gets a breaker of its own there, for as
 * long as there is something to remember; and a failure counts against the upstream as a whole only while no other endpoint
 * speaks for it. Time is an argument, in ms of any monotonic clock.
 */
import type { BreakerOptions } from '../options.ts'
import { openBreaker, permit, settle, wouldPermit, type Breaker } from './breaker.ts'
import type { BreakerChange, Outcome, Permission } from './breaker.ts'
import { openSurprise, type Surprise } from './surprise.ts'

interface Route {
  readonly breaker: Breaker
  readonly surprise: Surprise
  /** When it was heard of last. */
  at: number
}

/** An answer that was well: which request, and when. */
interface Good {
  readonly method: string
  readonly target: string
  readonly at: number
}

export interface Routes {
  readonly known: Map<string, Route>
  readonly good: Good[]
  next: number
  /** The one endpoint that failed since the last good answer, MANY of them, or '' none. */
  failing: string
  /** What became of all tries. */
  readonly results: Record<Outcome, number>
}

const MANY = '*'
const MOST = 500
const RING = 8

export const openRoutes = (): Routes => ({
  known: new Map(),
  good: [],
  next: 0,
  failing: '',
  results: { good: 0, slow: 0, bad: 0, neutral: 0 },
})

/** Whether this endpoint may be asked for at this upstream; changes nothing. */
export const routeOpen = ({ known }: Routes, key: string, now: number): boolean => {
  const route = known.get(key)
  return route === undefined || wouldPermit(route.breaker, now)
}

/** Asks for one request: `yes` where nothing is known against it. */
export const permitRoute = ({ known }: Routes, key: string, now: number): Permission => {
  const route = known.get(key)
  return route === undefined ? 'yes' : permit(route.breaker, now)
}

const routeOf = ({ known }: Routes, key: string, options: BreakerOptions, now: number): Route => {
  const route = known.get(key) ?? { breaker: openBreaker(options), surprise: openSurprise(), at: now }
  known.delete(key)
  known.set(key, route)
  route.at = now
  const [oldest] = known.keys()
  if (known.size > MOST && oldest !== undefined) known.delete(oldest)
  return route
}

/** What is remembered of an endpoint's 500s here. */
export const surpriseOf = (routes: Routes, key: string, options: BreakerOptions, now: number): Surprise =>
  routeOf(routes, key, options, now).surprise

/** What became of one request for an endpoint. */
export interface RouteSeen {
  readonly key: string
  readonly permission: Permission
  readonly outcome: Outcome
  readonly now: number
}

/** An endpoint of which something is known was asked for, and answered or not. Returns how its breaker moved, if it did. */
export const settleRoute = (routes: Routes, options: BreakerOptions, seen: RouteSeen): BreakerChange | undefined => {
  const { key, permission, outcome, now } = seen
  const isKnown = routes.known.has(key)
  if (!isKnown && (outcome === 'good' || outcome === 'neutral')) return undefined
  const { breaker } = routeOf(routes, key, options, now)
  return settle(breaker, now, permission, outcome)
}

/** A good answer: remembered without finding out which endpoint's it is. */
export const noteWell = (routes: Routes, method: string, target: string, at: number): void => {
  routes.good[routes.next] = { method, target, at }
  routes.next = (routes.next + 1) % RING
  routes.failing = ''
}

/** No endpoint is left alone here. */
export const allWell = (routes: Routes): boolean => leftAlone(routes) === 0

/** How many endpoints are left alone here. */
export const leftAlone = ({ known }: Routes): number => {
  let count = 0
  for (const { breaker } of known.values()) if (breaker.state !== 'closed') count++
  return count
}

/** Forgets the endpoints that have been well for a window. */
export const sweepRoutes = ({ known }: Routes, options: BreakerOptions, now: number): void => {
  for (const [key, { breaker, at }] of known)
    if (breaker.state === 'closed' && now - at > options.window) known.delete(key)
}

export interface Charge {
  readonly key: string
  readonly now: number
  /** ms for which a good answer speaks for the upstream. */
  readonly window: number
  readonly keyOf: (method: string, target: string) => string
}

/** Whether a failure of this endpoint is the upstream's own: others fail too, or none was well lately. */
export const blames = (routes: Routes, { key, now, window, keyOf }: Charge): boolean => {
  const alone = routes.failing === '' || routes.failing === key
  routes.failing = alone ? key : MANY
  if (!alone) return true
  return !routes.good.some(({ method, target, at }) => now - at < window && keyOf(method, target) !== key)
}
