/** limit: may this client ask now? A limiter refuses with a reply of its own; without one everybody may. */
import { openGate, type Gate } from '../limits/gate.ts'
import { openRates, type RateLimiter, type RateSettings } from '../limits/rates.ts'
import type { LimitCount, OverloadOptions, RateLimitOptions } from '../options-shield.ts'
import type { Phase } from './compose.ts'
import type { Context, Reply, Service } from './context.ts'
import { problem } from './problem.ts'

export type Limiter = (context: Context) => Reply | undefined

export const createLimit =
  (limiters: readonly Limiter[]): Phase =>
  (context, next) => {
    for (const limiter of limiters) {
      const refusal = limiter(context)
      if (refusal !== undefined) return next(refusal)
    }
    next()
  }

/** What is opened for a service, and opened anew only when what it was opened from has changed. */
const perService = <O extends object, T>(
  optionsOf: (service: Service) => O | undefined,
  open: (options: O, service: string) => T | undefined,
) => {
  const opened = new Map<string, { options: O | undefined; text: string; made: T | undefined }>()
  const of = (service: Service): T | undefined => {
    const options = optionsOf(service)
    const known = opened.get(service.name)
    if (known !== undefined && known.options === options) return known.made
    const text = JSON.stringify(options) ?? ''
    const made = known !== undefined && known.text === text ? known.made : options && open(options, service.name)
    opened.set(service.name, { options, text, made })
    return made
  }
  const all = (): (readonly [service: string, T])[] =>
    [...opened].flatMap(([name, { made }]) => (made === undefined ? [] : [[name, made] as const]))
  return { of, all }
}

export interface Rates {
  readonly limiter: Limiter
  /** What other processes let through at these services. */
  readonly absorb: (counts: readonly LimitCount[]) => void
}

export interface RatesSettings extends Omit<RateSettings, 'onCounted'> {
  /** ms, monotonic. */
  readonly clock: () => number
  readonly services: readonly Service[]
  /** Told of each request that was counted, if anybody wants to hear of it. */
  readonly onCounted?: ((service: string, rule: string, key: string) => void) | undefined
}

/** Refusals by rate. */
export const limitRates = ({ clock, services, onCounted, ...settings }: RatesSettings): Rates => {
  const openFor = (rules: readonly RateLimitOptions[], service: string): RateLimiter | undefined =>
    rules.length === 0
      ? undefined
      : openRates(rules, {
          ...settings,
          ...(onCounted === undefined ? {} : { onCounted: (rule, key) => onCounted(service, rule, key) }),
        })
  const rates = perService(({ shield }) => shield.rateLimit, openFor)
  return {
    limiter: (context) => rates.of(context.service as Service)?.ask(context, clock()),
    absorb: (counts) => {
      for (const count of counts) {
        const service = services.find(({ name }) => name === count.service)
        if (service !== undefined) rates.of(service)?.absorb(count, clock())
      }
    },
  }
}

const shed = (context: Context, why: 'too-many' | 'overloaded', detail: string): Reply => ({
  ...problem(context, { why, detail, retryAfter: 1 }),
  answeredBy: 'limiter',
})

export interface Concurrency {
  readonly limiter: Limiter
  /** The request is over, whatever became of it; once for each. */
  readonly over: (context: Context) => void
  /** The gates of the services that have one, by name. */
  readonly gates: () => readonly (readonly [service: string, Gate])[]
}

/** ms from handing the request on to the answer's first byte; a request that got none in time took until now. */
const latencyOf = ({ handedAt, firstByteAt, why }: Context, now: number): number => {
  if (handedAt === 0) return -1
  if (firstByteAt > 0) return (firstByteAt - handedAt) / 1000
  return why === 'timeout' ? now - handedAt / 1000 : -1
}

/** Refusals because too many requests are under way at the service. `clock`: ms, monotonic, as the context's times are. */
export const limitConcurrency = (clock: () => number): Concurrency => {
  const gates = perService(({ shield }) => shield.concurrency, openGate)
  const enter = (context: Context, gate: Gate): Reply | undefined => {
    if (!gate.enter()) return shed(context, 'too-many', `${gate.limit()} requests to this service are under way.`)
    context.gate = gate
    return undefined
  }
  return {
    gates: gates.all,
    limiter: (context) => {
      // A tunnel may stay open for days: it is no request under way.
      if (context.arrival.upgrade !== '') return undefined
      const gate = gates.of(context.service as Service)
      return gate === undefined ? undefined : enter(context, gate)
    },
    over: (context) => {
      const { gate } = context
      if (gate === undefined) return
      context.gate = undefined
      const now = clock()
      gate.leave(latencyOf(context, now), now)
    },
  }
}

export interface Load {
  /** Share of the memory that the process may have, 0..1. */
  readonly memory: () => number
  /** Requests under way, of all services. */
  readonly inFlight: () => number
}

/** Refusals before memory runs out: some get 503 at once, so that those under way get their answers. */
export const shedLoad =
  ({ maxMemory, maxRequests }: OverloadOptions, { memory, inFlight }: Load): Limiter =>
  (context) => {
    if (maxMemory < 1 && memory() >= maxMemory)
      return {
        ...shed(context, 'overloaded', 'The proxy is short of memory and takes no more for a moment.'),
        close: true,
      }
    if (maxRequests > 0 && inFlight() > maxRequests)
      return { ...shed(context, 'too-many', `More than ${maxRequests} requests are under way.`), close: true }
    return undefined
  }
