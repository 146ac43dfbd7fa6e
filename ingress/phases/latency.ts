/**
 * Mock mode takes as long as the backend did: a time drawn from what was learned of the endpoint's first bytes. The draw
 * follows from the request (its id, or the seed it asked for), so that a test that says which gets the same again.
 */
import { hash32 } from '../../schemas/semantics/ghosts/text.ts'
import { PER_OCTAVE, type Vitals } from '../../schemas/semantics/vitals.ts'
import type { Context, Reply, Service } from './context.ts'
import type { Decide } from './decide.ts'

/** 0..1 */
const chance = (text: string): number => hash32(text) / 2 ** 32

/** ms; undefined where nothing was learned. `text`: what the draw follows from. */
export const drawLatency = ({ latency }: Pick<Vitals, 'latency'>, text: string): number | undefined => {
  const all = latency.reduce((sum, [, count]) => sum + count, 0)
  let left = chance(text) * all
  for (const [bucket, count] of latency.toSorted((a, b) => a[0] - b[0])) {
    left -= count
    if (left < 0) return 2 ** ((bucket + chance(`${text} within`)) / PER_OCTAVE) / 1000
  }
  return undefined
}

export interface LatencySettings {
  readonly vitals: (context: Context) => Vitals | undefined
  /** µs, monotonic. */
  readonly clock: () => number
  /** Calls back after so many ms. */
  readonly wait: (ms: number, then: () => void) => void
}

const drawn = (context: Context, { vitals, clock }: LatencySettings): number => {
  const { arrival, directions } = context
  const { timeouts, ghost, mode } = context.service as Service
  const known = mode === 'mock' && ghost.latency === 'learned' ? vitals(context) : undefined
  if (known === undefined) return 0
  const { seed } = directions ?? {}
  const ms = drawLatency(known, seed === undefined ? arrival.id : `${seed} ${context.target}`) ?? 0
  return Math.min(ms, timeouts.response) - (clock() - arrival.started) / 1000
}

/** The same decisions; in mock mode a ghost's answer comes when the backend's would have come. */
export const withLatency = <D extends Decide>(decide: D, settings: LatencySettings): D => {
  const inTime = (context: Context, reply: Reply): Reply => {
    const ms = drawn(context, settings)
    if (ms <= 0) return reply
    const { later = (send) => send(reply) } = reply
    const slow = (send: (reply: Reply) => void) => (made: Reply) =>
      made.answeredBy === 'ghost' ? settings.wait(ms, () => send(made)) : send(made)
    return { ...reply, later: (send) => later(slow(send)) }
  }
  return {
    ...decide,
    phase: (context, next) =>
      decide.phase(context, (reply) => next(reply === undefined ? undefined : inTime(context, reply))),
  }
}
