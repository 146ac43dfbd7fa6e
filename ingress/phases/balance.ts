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
import type { Phase } from './compose.ts'
import type { Context, Failure, Reply, Service, Upstream } from './context.ts'
import { IDEMPOTENT } from './forward.ts'

export interface BalanceSettings {
  /** µs, monotonic. */
  readonly clock: () => number
  readonly recover: (context: Context, failure: Failure) => Reply
}

const usable = (upstream: Upstream, now: number): boolean =>
  !upstream.drained && upstream.health.state !== 'down' && wouldPermit(upstream.breaker, now)

const untried = (upstream: Upstream, { tried }: Context): boolean => tried.length === 0 || !tried.includes(upstream)

/** A breaker's probe may fail: it is better a request that can be sent again. */
const welcome = ({ outlier, breaker }: Upstream, { arrival }: Context, now: number): boolean =>
  !isEjected(outlier, now) && (breaker.state === 'closed' || IDEMPOTENT.has(arrival.method))

/** All of them, as nearly always, without a copy; else those that may be asked; those that are in doubt only when there are no others. */
const candidatesOf = (context: Context, service: Service, now: number): readonly Upstream[] => {
  const { upstreams, slowStart } = service
  let all = true
  for (const upstream of upstreams) {
    if (upstream.since >= 0) warm(upstream, now, slowStart)
    all &&= usable(upstream, now) && untried(upstream, context) && welcome(upstream, context, now)
  }
  if (all) return upstreams
  const able = upstreams.filter((upstream) => usable(upstream, now) && untried(upstream, context))
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

const pick = (context: Context, service: Service, now: number): Upstream | undefined => {
  const { upstreams, sticky, question } = service
  const only = upstreams.length === 1 ? upstreams[0] : undefined
  if (only !== undefined) return usable(only, now) && untried(only, context) ? only : undefined
  const candidates = candidatesOf(context, service, now)
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
export const choose = (context: Context, service: Service, nowUs: number): boolean => {
  const now = nowUs / 1000
  const upstream = pick(context, service, now)
  if (upstream === undefined) return false
  release(context)
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
const BROKEN = 'Too many requests of this service failed: none is sent for a while.'

export const createBalance =
  ({ clock, recover }: BalanceSettings): Phase =>
  (context, next) => {
    const service = context.service as Service
    const nowUs = clock()
    const now = nowUs / 1000
    context.chosenAt = nowUs
    payIn(service.budget, service.retry, now)
    const may = enter(context, service, now)
    if (may && choose(context, service, nowUs)) return next()
    next(recover(context, { why: 'unavailable', sent: false, detail: may ? DOWN : BROKEN }))
  }
