/**
 * A breaker (Nygard, Release It!), one per upstream and one per service: closed while it works, open after too many errors
 * or slow answers in a rolling window or too many hard failures in a row, then one probe at a time. A failed probe doubles
 * the pause, up to eight times the first.
 * Time is an argument, in ms of any monotonic clock.
 */
import type { BreakerOptions } from '../options.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'
/** `probe`: this one request may go and decides; whoever gets it must call `settle`. */
export type Permission = 'yes' | 'probe' | 'no'
/** `slow`: good, but too late; `neutral`: nothing was learned, e.g. the client went away. */
export type Outcome = 'good' | 'slow' | 'bad' | 'neutral'

export interface BreakerChange {
  readonly from: BreakerState
  readonly to: BreakerState
}

export interface Breaker {
  readonly options: BreakerOptions
  state: BreakerState
  readonly good: number[]
  readonly slow: number[]
  readonly bad: number[]
  /** Number of the newest slot since time 0. */
  slot: number
  readonly most: number
  /** Bad outcomes without a good one between. */
  streak: number
  /** When it opened last. */
  openedAt: number
  until: number
  pause: number
  probing: boolean
  /** Good probes since it opened. */
  proven: number
  /** 0..1, so that several proxies do not probe at once. */
  readonly chance: () => number
}

const SLOTS = 10
/** Hard failures in a row that open at once: below `minRequests` a dead upstream must not be asked for long. */
export const STREAK = 5
const MAX_BACKOFF = 8
/** A pause after a failed probe is up to so much shorter. */
const JITTER = 0.2
/** ms that it stays open at least, whatever health checks say: one probe a second is enough. */
const LEAST = 1000

const NO_CHANCE = (): number => 0

/** `most`: so many hard failures in a row open it. */
export const openBreaker = (options: BreakerOptions, most = STREAK, chance = NO_CHANCE): Breaker => ({
  options,
  most,
  state: 'closed',
  good: Array<number>(SLOTS).fill(0),
  slow: Array<number>(SLOTS).fill(0),
  bad: Array<number>(SLOTS).fill(0),
  slot: 0,
  streak: 0,
  openedAt: 0,
  until: 0,
  pause: options.openFor,
  probing: false,
  proven: 0,
  chance,
})

const forget = ({ good, slow, bad }: Breaker): void => {
  good.fill(0)
  slow.fill(0)
  bad.fill(0)
}

const roll = (breaker: Breaker, now: number): number => {
  const slot = Math.floor((now * SLOTS) / breaker.options.window)
  const steps = Math.min(slot - breaker.slot, SLOTS)
  for (let i = 1; i <= steps; i++) {
    breaker.good[(breaker.slot + i) % SLOTS] = 0
    breaker.slow[(breaker.slot + i) % SLOTS] = 0
    breaker.bad[(breaker.slot + i) % SLOTS] = 0
  }
  breaker.slot = Math.max(breaker.slot, slot)
  return breaker.slot % SLOTS
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

const tooBad = ({ options, streak, most, good, slow, bad }: Breaker): boolean => {
  if (streak >= most) return true
  const errors = sum(bad)
  const late = sum(slow)
  const all = errors + late + sum(good)
  if (all < options.minRequests) return false
  return (errors > 0 && errors >= all * options.openAtErrorRate) || (late > 0 && late >= all * options.openAtSlowRate)
}

const move = (breaker: Breaker, to: BreakerState): BreakerChange => {
  const from = breaker.state
  breaker.state = to
  return { from, to }
}

const open = (breaker: Breaker, now: number, pause: number): BreakerChange => {
  breaker.pause = pause
  breaker.openedAt = now
  breaker.until = now + pause * (pause > breaker.options.openFor ? 1 - JITTER * breaker.chance() : 1)
  breaker.probing = false
  breaker.proven = 0
  return move(breaker, 'open')
}

/** Whether it would let a request pass now; changes nothing. */
export const wouldPermit = (breaker: Breaker, now: number): boolean =>
  breaker.state === 'closed' || (!breaker.probing && (breaker.state === 'half-open' || now >= breaker.until))

/** Asks for one request. A `probe` is given to one asker at a time. */
export const permit = (breaker: Breaker, now: number): Permission => {
  if (breaker.state === 'closed') return 'yes'
  if (!wouldPermit(breaker, now)) return 'no'
  breaker.state = 'half-open'
  breaker.probing = true
  return 'probe'
}

const settleProbe = (breaker: Breaker, now: number, outcome: Outcome): BreakerChange | undefined => {
  breaker.probing = false
  if (outcome === 'neutral' || breaker.state !== 'half-open') return undefined
  const { probes, openFor } = breaker.options
  if (outcome !== 'good') return open(breaker, now, Math.min(breaker.pause * 2, openFor * MAX_BACKOFF))
  if (++breaker.proven < probes) return undefined
  forget(breaker)
  breaker.streak = 0
  breaker.pause = breaker.options.openFor
  return move(breaker, 'closed')
}

/** What became of a permitted request. Returns the change of state, if any. */
export const settle = (
  breaker: Breaker,
  now: number,
  permission: Permission,
  outcome: Outcome,
): BreakerChange | undefined => {
  if (permission === 'probe') return settleProbe(breaker, now, outcome)
  if (permission === 'no' || outcome === 'neutral' || breaker.state !== 'closed') return undefined
  const slot = roll(breaker, now)
  const counts = breaker[outcome]
  counts[slot] = (counts[slot] as number) + 1
  breaker.streak = outcome === 'bad' ? breaker.streak + 1 : 0
  return outcome !== 'good' && tooBad(breaker) ? open(breaker, now, breaker.options.openFor) : undefined
}

/** Opens it, unless it has left its closed state by itself. */
export const trip = (breaker: Breaker, now: number): BreakerChange | undefined =>
  breaker.state === 'closed' ? open(breaker, now, breaker.options.openFor) : undefined

/** A health check went well: no need to sit out the pause, the next request may probe, a second after it opened. */
export const hint = (breaker: Breaker, now: number, least = LEAST): void => {
  if (breaker.state === 'open') breaker.until = Math.min(breaker.until, Math.max(now, breaker.openedAt + least))
}
