/**
 * How upstreams conduct themselves, endpoint by endpoint: what a failure says of the endpoint and what of its upstream,
 * which 500s are far from normal, how long a request may take, and which clients stay with ghosts for a moment.
 */
import type { LearnedEndpoint } from '../../schemas/semantics/ghost-port.ts'
import { hash32 } from '../../schemas/semantics/ghosts/text.ts'
import { normalErrors, usualLatency } from '../../schemas/semantics/vitals.ts'
import type { BreakerChange, Outcome, Permission } from '../balance/breaker.ts'
import { isOver, isPinned, noteIll, noteMove, openPins, pin, unpin, type Pins } from '../balance/pins.ts'
import * as routes from '../balance/routes.ts'
import { isFar, noteError, noteGood } from '../balance/surprise.ts'
import type { Context, FieldLines, Service, Upstream } from './context.ts'
import { fieldOf } from './fields.ts'
import { notesOf } from './notes.ts'

export type Lookup = (service: string, method: string, target: string) => LearnedEndpoint | undefined

/** `endpoint` is '' where none is learned yet. */
export type TellRoute = (context: Context, change: BreakerChange, endpoint: string) => void

export interface Conduct {
  /** Hears when an endpoint is left alone at an upstream, and when it is asked for again. */
  readonly tellTo: (tell: TellRoute) => void
  /** Where knowledge of endpoints comes from; before, none is known. */
  readonly learnFrom: (lookup: Lookup) => void
  readonly learned: (context: Context) => LearnedEndpoint | undefined
  /** Whether the endpoint may be asked for at this upstream; changes nothing. */
  readonly may: (context: Context, upstream: Upstream, now: number) => boolean
  /** The request goes to this upstream. */
  readonly enter: (context: Context, upstream: Upstream, now: number) => void
  /** A try is decided: what it says of the upstream as a whole. */
  readonly settle: (context: Context, outcome: Outcome, now: number) => Outcome
  /** The exchange is over: nothing waits for it any more. */
  readonly over: (context: Context, now: number) => void
  /** What the exchange says is not held against its service. */
  readonly isExcused: (context: Context) => boolean
  /** An answer with 500: as often as this is normal, far from it, or nobody knows. */
  readonly judge500: (context: Context, worked: boolean, now: number) => 'normal' | 'far' | 'unknown'
  /** ms after which a request that reads is too late: undefined where that is not known. */
  readonly patience: (context: Context) => number | undefined
  /** The breaker of this request's upstream opened or closed: what was held against endpoints there is void. */
  readonly moved: (context: Context, now: number) => void
  /** The upstreams of this service cannot. */
  readonly ill: (service: Service, now: number) => void
  /** Nothing is wrong with this service now: a span in which ghosts answered is over. */
  readonly isCalm: (service: Service, now: number) => boolean
  readonly pin: (context: Context, now: number) => void
  readonly isPinned: (context: Context, now: number) => boolean
  /** What became of all tries at this upstream, whoever answered its clients then. */
  readonly results: (upstream: Upstream) => Readonly<Record<Outcome, number>>
  /** Endpoints that are not asked for at this upstream. */
  readonly leftAlone: (upstream: Upstream) => number
}

/** So many times the usual latency is too late. */
const TOO_LATE = 4

const WORDS = 2
/** Where nothing was learned: by the beginning of the path. */
const nameless = (method: string, target: string): string => {
  const path = target.split('?')[0] ?? target
  return `${method} ${path.split('/', WORDS + 1).join('/')}`
}

const credentialOf = (lines: FieldLines): string => {
  const credential = `${fieldOf(lines, 'authorization') ?? ''} ${fieldOf(lines, 'cookie') ?? ''}`
  return credential === ' ' ? '' : String(hash32(credential))
}

const clientOf = ({ head, arrival }: Context): string => {
  const notes = notesOf(arrival)
  if (notes === undefined) return `${head.client} ${credentialOf(arrival.rawHeaders)}`
  return `${head.client} ${(notes.credential ??= credentialOf(notes.of))}`
}

const lazily = <K extends object, V>(map: WeakMap<K, V>, key: K, open: () => V): V => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = open()
  map.set(key, made)
  return made
}

interface Memory {
  lookup: Lookup
  tell: TellRoute
  readonly routes: WeakMap<Upstream, routes.Routes>
  readonly pins: WeakMap<Service, Pins>
  /** Of requests that their endpoint's breaker lets through as a probe. */
  readonly probes: WeakMap<Context, Permission>
  readonly excused: WeakSet<Context>
}

const learnedOf = ({ lookup }: Memory, service: Service, method: string, target: string): LearnedEndpoint | undefined =>
  lookup(service.name, method, target)

const keyOf =
  (memory: Memory, service: Service) =>
  (method: string, target: string): string =>
    learnedOf(memory, service, method, target)?.endpoint || nameless(method, target)

const keyFor = (memory: Memory, { service, arrival, target }: Context): string =>
  keyOf(memory, service as Service)(arrival.method, target)

const routesOf = (memory: Memory, upstream: Upstream): routes.Routes =>
  lazily(memory.routes, upstream, routes.openRoutes)

/** That a probe has failed again is told to nobody. */
const settleRoute = (memory: Memory, context: Context, at: routes.Routes, seen: routes.RouteSeen): void => {
  const service = context.service as Service
  const change = routes.settleRoute(at, service.breaker, seen)
  if (change === undefined || (change.to === 'open' && change.from !== 'closed')) return
  memory.tell(context, change, learnedOf(memory, service, context.arrival.method, context.target)?.endpoint ?? '')
}

/** What was well: seldom more than to remember that. */
const well = (memory: Memory, context: Context, at: routes.Routes, now: number): void => {
  const { arrival, target } = context
  const service = context.service as Service
  routes.noteWell(at, arrival.method, target, now)
  const pins = memory.pins.get(service)
  if (pins !== undefined && pins.clients.size > 0) unpin(pins, clientOf(context))
  if (at.known.size === 0) return
  const key = keyFor(memory, context)
  if (at.known.has(key)) {
    const normal = normalOf(memory, context)
    if (normal !== undefined) noteGood(routes.surpriseOf(at, key, service.breaker, now), normal)
    const permission = memory.probes.get(context) ?? 'yes'
    settleRoute(memory, context, at, { key, permission, outcome: 'good', now })
    memory.probes.delete(context)
  }
  routes.sweepRoutes(at, service.breaker, now)
}

const normalOf = (memory: Memory, { service, arrival, target }: Context): number | undefined => {
  const vitals = learnedOf(memory, service as Service, arrival.method, target)?.vitals
  return vitals === undefined ? undefined : normalErrors(vitals)
}

/** A failure that began with an answer, or with a silence: first of all the endpoint's. */
const failed = (memory: Memory, context: Context, outcome: Outcome, now: number): Outcome => {
  const service = context.service as Service
  const at = routesOf(memory, context.upstream as Upstream)
  const key = keyFor(memory, context)
  const permission = memory.probes.get(context) ?? 'yes'
  memory.probes.delete(context)
  const { window } = service.breaker
  const isItsOwn = routes.blames(at, { key, now, window, keyOf: keyOf(memory, service) })
  // What the upstream's breaker hears of, the endpoint's need not: it would hold out longer than its upstream.
  if (!isItsOwn || permission === 'probe') settleRoute(memory, context, at, { key, permission, outcome, now })
  return isItsOwn ? outcome : 'neutral'
}

const settle = (memory: Memory, context: Context, outcome: Outcome, now: number): Outcome => {
  const at = routesOf(memory, context.upstream as Upstream)
  at.results[outcome]++
  if (outcome === 'good') {
    well(memory, context, at, now)
    return outcome
  }
  const said = outcome === 'neutral' || context.handedAt === 0 ? outcome : failed(memory, context, outcome, now)
  if (said === 'neutral') memory.excused.add(context)
  else {
    memory.excused.delete(context)
    noteIll(lazily(memory.pins, context.service as Service, openPins), now)
  }
  return said
}

const letGo = (memory: Memory, context: Context, now: number): void => {
  const permission = memory.probes.get(context)
  if (permission === undefined) return
  memory.probes.delete(context)
  const at = routesOf(memory, context.upstream as Upstream)
  const key = keyFor(memory, context)
  settleRoute(memory, context, at, { key, permission, outcome: 'neutral', now })
}

const judge500 = (memory: Memory, context: Context, worked: boolean, now: number): 'normal' | 'far' | 'unknown' => {
  const normal = normalOf(memory, context)
  if (normal === undefined) return 'unknown'
  const { breaker } = context.service as Service
  const at = routesOf(memory, context.upstream as Upstream)
  const surprise = routes.surpriseOf(at, keyFor(memory, context), breaker, now)
  noteError(surprise, normal, context.target, worked)
  return isFar(surprise) ? 'far' : 'normal'
}

const patienceFor = (memory: Memory, { service, arrival, target }: Context): number | undefined => {
  const { ghost, timeouts, name } = service as Service
  if (ghost.patience === 0) return undefined
  const vitals = memory.lookup(name, arrival.method, target)?.vitals
  const usual = vitals === undefined ? undefined : usualLatency(vitals)
  if (usual === undefined) return undefined
  const patience = Math.max(ghost.patience, TOO_LATE * usual)
  return patience < timeouts.response ? patience : undefined
}

export const createConduct = (): Conduct => {
  const memory: Memory = {
    lookup: () => undefined,
    tell: () => undefined,
    routes: new WeakMap(),
    pins: new WeakMap(),
    probes: new WeakMap(),
    excused: new WeakSet(),
  }
  return {
    tellTo: (tell) => (memory.tell = tell),
    learnFrom: (lookup) => (memory.lookup = lookup),
    learned: (context) => learnedOf(memory, context.service as Service, context.arrival.method, context.target),
    may: (context, upstream, now) => {
      const at = memory.routes.get(upstream)
      return at === undefined || at.known.size === 0 || routes.routeOpen(at, keyFor(memory, context), now)
    },
    enter: (context, upstream, now) => {
      const at = memory.routes.get(upstream)
      if (at === undefined || at.known.size === 0) return
      const permission = routes.permitRoute(at, keyFor(memory, context), now)
      if (permission === 'probe') memory.probes.set(context, permission)
    },
    settle: (context, outcome, now) => settle(memory, context, outcome, now),
    over: (context, now) => letGo(memory, context, now),
    isExcused: (context) => memory.excused.has(context),
    judge500: (context, worked, now) => judge500(memory, context, worked, now),
    patience: (context) => patienceFor(memory, context),
    moved: ({ service, upstream }, now) => {
      noteMove(lazily(memory.pins, service as Service, openPins), now)
      routesOf(memory, upstream as Upstream).known.clear()
    },
    ill: (service, now) => noteIll(lazily(memory.pins, service, openPins), now),
    isCalm: (service, now) => {
      const pins = memory.pins.get(service)
      if (pins !== undefined && !isOver(pins, now)) return false
      return service.upstreams.every((upstream) => {
        const at = memory.routes.get(upstream)
        return at === undefined || routes.allWell(at)
      })
    },
    pin: (context, now) => pin(lazily(memory.pins, context.service as Service, openPins), clientOf(context), now),
    results: (upstream) => routesOf(memory, upstream).results,
    leftAlone: (upstream) => routes.leftAlone(routesOf(memory, upstream)),
    isPinned: (context, now) => {
      const service = context.service as Service
      const pins = memory.pins.get(service)
      return pins !== undefined && isPinned(pins, clientOf(context), now, service.ghost.stay)
    },
  }
}
