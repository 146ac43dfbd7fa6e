/**
 * What another process says of an upstream. Bad news is believed at once, and for no longer than it takes to see for
 * oneself; good news only makes one look sooner. So all stop asking a dead upstream together, none is kept from a
 * living one by another's broken network, and no two can talk each other to and fro.
 */
import type { HealthOptions } from '../options.ts'
import { hint, trip, type Breaker, type BreakerChange } from './breaker.ts'
import type { Health, HealthChange } from './health.ts'

/** Its breaker opened: this one opens for the first pause, and its own probe decides. It closed: a probe may go at once. */
export const heardBreaker = (breaker: Breaker, to: 'open' | 'closed', now: number): BreakerChange | undefined => {
  if (to === 'open') return trip(breaker, now)
  hint(breaker, now, 0)
  return undefined
}

/** Its checks found it down: so it is here, until one of our own is good. They found it up: one of our own is enough. */
export const heardHealth = (
  health: Health,
  to: 'up' | 'down',
  { healthyAfter }: Pick<HealthOptions, 'healthyAfter'>,
): HealthChange | undefined => {
  const from = health.state
  if (to === 'up' && from !== 'down') return undefined
  health.good = healthyAfter - 1
  if (to === 'up' || from === 'down') return undefined
  health.bad = 0
  health.state = 'down'
  return { from, to: 'down' }
}

/** µs: older news is no news. Clocks that differ by more cannot be told from it, and everybody sees for himself then. */
const FRESH = 5_000_000

/** Whether something said at `at` is new to who knows of `latest`; all µs of the wall clock. */
export const isNews = (at: number, latest: number, now: number): boolean => at > latest && now - at <= FRESH
