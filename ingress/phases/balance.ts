/** balance: which upstream is asked. A balancer sees only candidates; health, breakers and what was tried are settled here. */
import { permit, wouldPermit } from '../balance/breaker.ts'
import { roundRobin } from '../balance/round-robin.ts'
import type { Phase } from './compose.ts'
import type { Context, Failure, Reply, Service, Upstream } from './context.ts'

export interface BalanceSettings {
  /** µs, monotonic. */
  readonly clock: () => number
  readonly recover: (context: Context, failure: Failure) => Reply
}

const usable = (upstream: Upstream, now: number): boolean =>
  !upstream.drained && upstream.health.state !== 'down' && wouldPermit(upstream.breaker, now)

/** Chooses an upstream that was not tried yet and notes the breaker's permission; false when there is none. */
export const choose = (context: Context, service: Service, nowUs: number): boolean => {
  const now = nowUs / 1000
  const only = service.upstreams.length === 1 ? service.upstreams[0] : undefined
  const upstream =
    only !== undefined
      ? usable(only, now) && !context.tried.includes(only)
        ? only
        : undefined
      : roundRobin(service.upstreams.filter((u) => usable(u, now) && !context.tried.includes(u)))
  if (upstream === undefined) return false
  context.permission = permit(upstream.breaker, now)
  context.upstream = upstream
  return true
}

export const createBalance =
  ({ clock, recover }: BalanceSettings): Phase =>
  (context, next) => {
    const now = clock()
    context.chosenAt = now
    if (choose(context, context.service as Service, now)) return next()
    next(
      recover(context, {
        why: 'unavailable',
        sent: false,
        detail: 'No upstream is healthy: requests are not sent to it.',
      }),
    )
  }
