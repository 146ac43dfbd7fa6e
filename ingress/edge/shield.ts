/** The shield, put together: whom to believe, who is refused, which faults strike. */
import { randomInt } from 'node:crypto'
import { addressSet } from '../../schemas/semantics/addresses.ts'
import type { Redactor } from '../../schemas/semantics/redaction.ts'
import { orderedFaults } from '../faults/ordered.ts'
import type { IngressOptions, OverloadOptions } from '../options.ts'
import type { AcceptSettings } from '../phases/accept.ts'
import type { Phase } from '../phases/compose.ts'
import type { Context, Service } from '../phases/context.ts'
import { PSEUDONYM } from '../phases/forwarded.ts'
import { limitConcurrency, limitRates, shedLoad, type Limiter, type Rates } from '../phases/limit.ts'
import { openAccessLog, type AccessLog } from './access-log.ts'
import { carrierOf } from './carrier.ts'
import { monotonic, wall } from './clock.ts'
import { distort, resetClient, type After } from './distort.ts'
import { openFaults, type Faults } from './faults.ts'
import { openPressure, roomForRequests } from './pressure.ts'
import { shareCounts } from './shared-counts.ts'
import { openShieldMetrics, type ShieldMetrics } from './shield-metrics.ts'

export interface ShieldSettings {
  readonly options: Pick<
    IngressOptions,
    'listen' | 'overload' | 'serverTiming' | 'accessLog' | 'registry' | 'logger' | 'onCounted'
  >
  readonly redactor: Redactor
  /** A keyed one-way name, the same at every start. */
  readonly pseudonym: (text: string) => string
  readonly inFlight: () => number
  readonly services: readonly Service[]
}

export interface Shield {
  readonly belief: Pick<AcceptSettings, 'trusted' | 'neighbours'>
  readonly limiters: readonly Limiter[]
  readonly faults: readonly Phase[]
  readonly obeyFault: Faults['obey']
  /** The request is over; once for each. */
  readonly over: (context: Context) => void
  /** What other processes on this port let through. */
  readonly absorb: Rates['absorb']
  /** Somebody moved the access log away. */
  readonly reload: () => void
  readonly close: () => Promise<void>
}

const OVERLOAD: OverloadOptions = { maxMemory: 0.92, maxRequests: 0 }

const overloadOf = ({ overload = OVERLOAD }: ShieldSettings['options']): OverloadOptions => ({
  ...overload,
  maxRequests: overload.maxRequests || roomForRequests(),
})

/** Other proxies of this kind have another secret, so a chain of them is no loop; our own workers have the same. */
const nameOf = (pseudonym: ShieldSettings['pseudonym']): string =>
  `${PSEUDONYM}-${pseudonym('via').slice(0, 6).toLowerCase()}`

const beliefOf = ({ options, pseudonym }: ShieldSettings): Shield['belief'] => {
  const { trustedProxies = [], clientFrom = 'x-forwarded-for', forwarded = 'x-forwarded' } = options.listen
  const timing = options.serverTiming ?? false
  const neighbours = { from: clientFrom, as: forwarded, name: nameOf(pseudonym), timing }
  return trustedProxies.length === 0 ? { neighbours } : { neighbours, trusted: addressSet(trustedProxies) }
}

const after: After = (ms, then) => void setTimeout(then, ms).unref()

const waitFor = (context: Context, ms: number, then: () => void): void => {
  const carrier = carrierOf(context)
  const goOn = (): void => {
    clearTimeout(timer)
    carrier.closed = undefined
    then()
  }
  const timer = setTimeout(goOn, ms).unref()
  carrier.closed = goOn
}

const faultsPhase = (faults: Faults, { struck }: ShieldMetrics): Phase =>
  orderedFaults({
    active: faults.active,
    wait: waitFor,
    gone: (context) => carrierOf(context).over,
    reset: (context) => resetClient(carrierOf(context)),
    distort: (context) => distort(carrierOf(context), context.distortions, after),
    onHit: (context, fault) => struck(context.service?.name ?? '', fault),
  })

const accessLogOf = ({ options, redactor }: ShieldSettings): AccessLog | undefined => {
  const { accessLog: file = '', logger } = options
  return file === '' ? undefined : openAccessLog({ file, redactor, clock: monotonic, logger })
}

export const openShield = (settings: ShieldSettings): Shield => {
  const { options, redactor, inFlight } = settings
  const { logger } = options
  const { principalOf } = redactor
  const clock = (): number => monotonic() / 1000
  const pressure = openPressure()
  const concurrency = limitConcurrency(clock)
  const accessLog = accessLogOf(settings)
  const sharing = shareCounts(options.onCounted)
  const rates = limitRates({
    principalOf,
    seed: randomInt(2 ** 31),
    clock,
    services: settings.services,
    onCounted: sharing.note,
  })
  const faults = openFaults({ principalOf, wall, clock, logger })
  const metrics = openShieldMetrics(options.registry, {
    gates: concurrency.gates,
    memory: pressure.memory,
    faults: () => faults.active().length,
    dropped: () => accessLog?.dropped() ?? 0,
  })
  return {
    belief: beliefOf(settings),
    limiters: [
      shedLoad(overloadOf(options), { memory: pressure.memory, inFlight }),
      rates.limiter,
      concurrency.limiter,
    ],
    faults: [faultsPhase(faults, metrics)],
    obeyFault: faults.obey,
    over: (context) => {
      concurrency.over(context)
      accessLog?.note(context)
    },
    absorb: rates.absorb,
    reload: () => accessLog?.reopen(),
    close: async () => {
      pressure.close()
      sharing.close()
      await accessLog?.close()
    },
  }
}
