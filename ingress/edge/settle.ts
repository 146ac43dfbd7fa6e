/** What requests say about their upstreams and their service: to breakers, passive health, latencies and the retry budget. */
import { settle, type Breaker, type BreakerChange, type Outcome } from '../balance/breaker.ts'
import { observe } from '../balance/latency.ts'
import { noted } from '../balance/outliers.ts'
import { release } from '../phases/balance.ts'
import type { Context, Service, Upstream } from '../phases/context.ts'
import { createConduct, type Conduct } from '../phases/conduct.ts'
import { outcomeOfExchange, triedMicros } from '../phases/outcome.ts'
import type { Signals } from './signals.ts'

export interface Settling {
  readonly conduct: Conduct
  /** A try is decided. */
  readonly tried: (context: Context, outcome: Outcome, reason: string) => void
  /** The exchange is over. */
  readonly over: (context: Context) => void
}

export interface SettlingSettings {
  readonly signals: Pick<Signals, 'breaker' | 'circuit' | 'ejected'> & Partial<Pick<Signals, 'route'>>
  /** µs, monotonic. */
  readonly clock: () => number
  readonly conduct?: Conduct
  /** A breaker opened: whether its upstream is back is to be looked at from now on. */
  readonly opened?: (service: Service, upstream: Upstream) => void
}

type Tell = (change: BreakerChange, reason: string) => void

const PROBE: BreakerChange = { from: 'open', to: 'half-open' }

/** A breaker goes half-open by being asked; that is told when the probe is decided. */
const teller = () => {
  const open = new WeakSet<Breaker>()
  return (breaker: Breaker, change: BreakerChange | undefined, reason: string, tell: Tell): void => {
    const asked = breaker.state !== 'open' || change?.from === 'half-open'
    if (asked && open.delete(breaker)) tell(PROBE, 'a request may try')
    if (change === undefined) return
    if (change.to === 'open') open.add(breaker)
    tell(change, reason)
  }
}

/** Good, but too late. */
const timedOf = ({ service }: Context, outcome: Outcome, micros: number): Outcome => {
  const slowCall = service?.breaker.slowCall ?? 0
  return outcome === 'good' && slowCall > 0 && micros > slowCall * 1000 ? 'slow' : outcome
}

export const createSettling = ({ signals, clock, conduct = createConduct(), opened }: SettlingSettings): Settling => {
  const told = teller()
  const watch = (service: Service, upstream: Upstream, seen: Parameters<typeof noted>[2], reason: string): void => {
    const { passive, upstreams } = service
    if (passive === 'off') return
    const why = noted(upstream, upstreams, seen, passive)
    if (why !== undefined) signals.ejected(service, upstream, `${why}, the last: ${reason}`)
  }
  const calm = (service: Service, now: number): void => {
    if (service.activation !== '' && conduct.isCalm(service, now)) service.activation = ''
  }
  const moved = (context: Context, { to }: BreakerChange, now: number): void => {
    conduct.moved(context, now)
    if (to === 'closed') (context.upstream as Upstream).since = now
    if (to === 'open') opened?.(context.service as Service, context.upstream as Upstream)
  }
  conduct.tellTo(({ service, upstream, why, status }, change, endpoint) =>
    signals.route?.(service as Service, upstream as Upstream, change, { endpoint, reason: `${why} ${status}` }),
  )
  return {
    conduct,
    tried: (context, outcome, reason) => {
      const service = context.service as Service
      const upstream = context.upstream as Upstream
      const nowUs = clock()
      const now = nowUs / 1000
      const micros = triedMicros(context, outcome, nowUs)
      if (micros > 0) observe(upstream.latency, micros, now)
      const said = conduct.settle(context, timedOf(context, outcome, micros), now)
      const { permission } = context
      const change = settle(upstream.breaker, now, permission, said)
      context.permission = 'no'
      if (outcome === 'good') calm(service, now)
      if (change !== undefined) moved(context, change, now)
      if (service.upstreams.length > 1)
        watch(service, upstream, { outcome: outcome === 'good' ? outcome : said, micros, now }, reason)
      // As nearly always: nothing moved.
      if (change === undefined && permission === 'yes') return
      told(upstream.breaker, change, said === 'slow' ? `${reason}, too late` : reason, (moved, why) =>
        signals.breaker(service, upstream, moved, why),
      )
    },
    over: (context) => {
      release(context)
      conduct.over(context, clock() / 1000)
      const { service, passage, permission, upstream } = context
      // Nobody settled it, whatever went wrong: a probe that never ends would keep its upstream out for ever.
      if (permission === 'probe') settle((upstream as Upstream).breaker, clock() / 1000, permission, 'neutral')
      if (service === undefined) return
      if (context.attempts > 1) service.retried += context.attempts - 1
      if (passage === 'no') return
      const outcome = conduct.isExcused(context) ? 'neutral' : outcomeOfExchange(context, service.breaker.slowCall)
      const change = settle(service.circuit, clock() / 1000, passage, outcome)
      if (change === undefined && passage === 'yes') return
      told(service.circuit, change, `${context.why} ${context.status}`, (moved, why) =>
        signals.circuit(service, moved, why),
      )
    },
  }
}
