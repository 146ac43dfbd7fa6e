/**
 * A breaker per upstream (Nygard, Release It!): closed while it works, open after too many errors in a rolling window or
 * too many hard failures in a row, then one probe at a time. A failed probe doubles the pause, up to eight times the first.
 * Time is an argument, in ms of any monotonic clock.
 */
import type { BreakerOptions } from '../options.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'
/** `probe`: this one request may go and decides; whoever gets it must call `settle`. */
export type Permission = 'yes' | 'probe' | 'no'
/** `neutral`: nothing was learned, e.g. the client went away. */
export type Outcome = 'good' | 'bad' | 'neutral'

export interface BreakerChange {
  readonly from: BreakerState
  readonly to: BreakerState
}

export interface Breaker {
  readonly options: BreakerOptions
  state: BreakerState
  readonly good: number[]
  readonly bad: number[]
  /** Number of the newest slot since time 0. */
  slot: number
  /** Bad outcomes without a good one between. */
  streak: number
  until: number
  pause: number
  probing: boolean
}

const SLOTS = 10
/** Hard failures in a row that open at once: below `minRequests` a dead upstream must not be asked for long. */
const STREAK = 5
const MAX_BACKOFF = 8

export const openBreaker = (options: BreakerOptions): Breaker => ({
  options,
  state: 'closed',
  good: Array<number>(SLOTS).fill(0),
  bad: Array<number>(SLOTS).fill(0),
  slot: 0,
  streak: 0,
  until: 0,
  pause: options.openFor,
  probing: false,
})

const roll = (breaker: Breaker, now: number): number => {
  const slot = Math.floor((now * SLOTS) / breaker.options.window)
  const steps = Math.min(slot - breaker.slot, SLOTS)
  for (let i = 1; i <= steps; i++) {
    breaker.good[(breaker.slot + i) % SLOTS] = 0
    breaker.bad[(breaker.slot + i) % SLOTS] = 0
  }
  if (slot > breaker.slot) {
    if (steps === SLOTS) {
      breaker.good.fill(0)
      breaker.bad.fill(0)
    }
    breaker.slot = slot
  }
  return breaker.slot % SLOTS
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

const tooBad = (breaker: Breaker): boolean => {
  if (breaker.streak >= STREAK) return true
  const bad = sum(breaker.bad)
  const all = bad + sum(breaker.good)
  return all >= breaker.options.minRequests && bad >= all * breaker.options.openAtErrorRate
}

const move = (breaker: Breaker, to: BreakerState): BreakerChange => {
  const from = breaker.state
  breaker.state = to
  return { from, to }
}

const open = (breaker: Breaker, now: number, pause: number): BreakerChange => {
  breaker.pause = pause
  breaker.until = now + pause
  breaker.probing = false
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
  if (outcome === 'bad') return open(breaker, now, Math.min(breaker.pause * 2, breaker.options.openFor * MAX_BACKOFF))
  breaker.good.fill(0)
  breaker.bad.fill(0)
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
  const counts = outcome === 'good' ? breaker.good : breaker.bad
  counts[slot] = (counts[slot] as number) + 1
  breaker.streak = outcome === 'good' ? 0 : breaker.streak + 1
  return outcome === 'bad' && tooBad(breaker) ? open(breaker, now, breaker.options.openFor) : undefined
}

/** A health check went well: no need to sit out the pause, the next request may probe. */
export const hint = (breaker: Breaker, now: number): void => {
  if (breaker.state === 'open') breaker.until = Math.min(breaker.until, now)
}
