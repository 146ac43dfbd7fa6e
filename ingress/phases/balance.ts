/**
 * balance: which upstream is asked. A strategy sees only candidates; health, breakers, what was tried, stickiness and who
 * is how busy are settled here.
 */
import { permit, wouldPermit } from '../balance/breaker.ts'
import { payIn } from '../balance/budget.ts'
import { isEjected } from '../balance/outliers.ts'
import { rampOf } from '../balance/slow-start.ts'
import { stickyCookie, type Sticky } from '../balance/sticky.ts'
import { strategies } from '../balance/strategies.ts'
import type { Conduct } from './conduct.ts'
import type { Phase } from './compose.ts'
import type { Context, Failure, Reply, Service, Upstream } from './context.ts'
import { IDEMPOTENT } from './forward.ts'

export interface BalanceSettings {
  /** µs, monotonic. */
  readonly clock: () => number
  readonly recover: (context: Context, failure: Failure) => Reply
  /** A ghost for a client that stays with ghosts for a moment. */
  readonly keep?: (context: Context) => Reply | undefined
  readonly conduct?: Paths
}

/** Which endpoints are left alone at which upstream. */
export type Paths = Pick<Conduct, 'may' | 'enter'>

const ALL: Paths = { may: () => true, enter: () => undefined }

const usable = (upstream: Upstream, now: number): boolean =>
  !upstream.drained && upstream.health.state !== 'down' && wouldPermit(upstream.breaker, now)

interface Asking {
  readonly context: Context
  readonly now: number
  readonly paths: Paths
}

const untried = (upstream: Upstream, { tried }: Context): boolean => tried.length === 0 || !tried.includes(upstream)

const askable = (upstream: Upstream, { context, now, paths }: Asking): boolean =>
  usable(upstream, now) && paths.may(context, upstream, now) && untried(upstream, context)

/** A breaker's probe may fail: it is better a request that can be sent again. */
const welcome = ({ outlier, breaker }: Upstream, { arrival }: Context, now: number): boolean =>
  !isEjected(outlier, now) && (breaker.state === 'closed' || IDEMPOTENT.has(arrival.method))

/** All of them, as nearly always, without a copy; else those that may be asked; those that are in doubt only when there are no others. */
const candidatesOf = (service: Service, asking: Asking): readonly Upstream[] => {
  const { upstreams, slowStart } = service
  const { context, now } = asking
  let all = true
  for (const upstream of upstreams) {
    if (upstream.since >= 0) warm(upstream, now, slowStart)
    all &&= askable(upstream, asking) && welcome(upstream, context, now)
  }
  if (all) return upstreams
  const able = upstreams.filter((upstream) => askable(upstream, asking))
  const liked = able.filter((upstream) => welcome(upstream, context, now))
  return liked.length > 0 ? liked : able
}

const warm = (upstream: Upstream, now: number, slowStart: number): void => {
  upstream.ramp = rampOf(upstream.since, now, slowStart)
  if (upstream.ramp === 1) upstream.since = -1
}

const stuck = ({ bound }: Context, candidates: readonly Upstream[]): Upstream | undefined =>
  bound === '' ? undefined : candidates.find(({ token }) => token === bound)

const bind = (context: Context, sticky: Sticky, { token }: Upstream): void => {
  const own = [...context.own]
  // A second try binds to another one: one cookie says one thing.
  const before = own.findIndex((text, i) => i % 2 === 1 && text.startsWith(`${sticky.name}=`))
  if (before > 0) own.splice(before - 1, 2)
  context.own = [...own, 'set-cookie', stickyCookie(sticky, token, context.arrival.secure)]
}

const pick = (service: Service, asking: Asking): Upstream | undefined => {
  const { context, now } = asking
  const { upstreams, sticky, question } = service
  const only = upstreams.length === 1 ? upstreams[0] : undefined
  if (only !== undefined) return askable(only, asking) ? only : undefined
  const candidates = candidatesOf(service, asking)
  if (sticky !== undefined) {
    const bound = stuck(context, candidates)
    if (bound !== undefined) return bound
  }
  question.now = now
  question.client = context.head.client
  const chosen = strategies[service.strategy](candidates, question)
  if (sticky !== undefined && chosen !== undefined) bind(context, sticky, chosen)
  return chosen
}

/** The request is no longer its upstream's: for each request that was given to one, once, when it is over. */
export const release = (context: Context): void => {
  if (!context.counted) return
  context.counted = false
  ;(context.upstream as Upstream).inFlight--
}

/** Chooses an upstream that was not tried yet and notes the breaker's permission; false when there is none. */
export const choose = (context: Context, service: Service, nowUs: number, paths = ALL): boolean => {
  const now = nowUs / 1000
  const upstream = pick(service, { context, now, paths })
  if (upstream === undefined) return false
  release(context)
  paths.enter(context, upstream, now)
  context.permission = permit(upstream.breaker, now)
  context.upstream = upstream
  context.counted = true
  context.handedAt = 0
  upstream.inFlight++
  return true
}

/** A service with one upstream is as well as that is. */
const enter = (context: Context, service: Service, now: number): boolean => {
  if (service.upstreams.length < 2) return true
  context.passage = permit(service.circuit, now)
  return context.passage !== 'no'
}

const DOWN = 'No upstream is healthy: requests are not sent to it.'
const LEFT = 'This endpoint failed too often: it is not asked for a while.'
const BROKEN = 'Too many requests of this service failed: none is sent for a while.'

export const createBalance =
  ({ clock, recover, keep, conduct = ALL }: BalanceSettings): Phase =>
  (context, next) => {
    const service = context.service as Service
    const nowUs = clock()
    const now = nowUs / 1000
    context.chosenAt = nowUs
    payIn(service.budget, service.retry, now)
    const kept = keep?.(context)
    if (kept !== undefined) return next(kept)
    const may = enter(context, service, now)
    if (may && choose(context, service, nowUs, conduct)) return next()
    const left = may && service.upstreams.some((upstream) => usable(upstream, now))
    const detail = left ? LEFT : may ? DOWN : BROKEN
    next(recover(context, { why: 'unavailable', sent: false, detail }))
  }
