/** Signals: what the ingress has to say besides exchanges. Each goes to the log, to the logger and to the person at the terminal. */
import type { Header, Signal } from '../../schemas/events.ts'
import type { BreakerChange } from '../balance/breaker.ts'
import type { HealthChange } from '../balance/health.ts'
import type { IngressOptions, Logger, Mode } from '../options.ts'
import type { Service, Upstream } from '../phases/context.ts'
import { signal } from '../phases/emit.ts'
import { upstreamStatus } from '../status.ts'
import { monotonic, wall } from './clock.ts'
import type { Emitter } from './emitter.ts'
import { uuid7 } from './ids.ts'
import type { Desk } from './desk.ts'
import type { Views } from './views.ts'

export interface SignalSettings {
  readonly emitter: Emitter
  readonly options: Pick<IngressOptions, 'logger' | 'onEvent'>
  /** Hears what other processes should know. */
  readonly tell: Desk['tell']
}

export interface AboutRoute {
  /** '' where none is learned yet: what was asked for is no name, since it was not redacted. */
  readonly endpoint: string
  readonly reason: string
}

export interface Signals {
  readonly breaker: (service: Service, upstream: Upstream, change: BreakerChange, reason: string) => void
  /** Of one endpoint at one upstream; its subject is `<upstream> <endpoint>`. */
  readonly route: (service: Service, upstream: Upstream, change: BreakerChange, about: AboutRoute) => void
  /** Of the service as a whole; its subject is `*`. */
  readonly circuit: (service: Service, change: BreakerChange, reason: string) => void
  readonly health: (service: Service, upstream: Upstream, change: HealthChange, reason: string) => void
  /** It does worse than its pool. */
  readonly ejected: (service: Service, upstream: Upstream, reason: string) => void
  /** It is back in its pool. */
  readonly returned: (service: Service, upstream: Upstream) => void
  readonly mode: (service: Service, from: Mode, by: string) => void
}

const put = (emitter: Emitter, service: string, about: Signal): void => {
  const at = wall()
  emitter.emit({ key: service, id: uuid7(at / 1000), at, service, signal: about })
}

const isUp = (upstream: Upstream): boolean =>
  !upstream.drained && upstream.health.state !== 'down' && upstream.breaker.state === 'closed'

/** That a probe has failed again is nobody else's concern. */
const findingOf = ({ from, to }: BreakerChange): 'open' | 'closed' | undefined =>
  to === 'closed' || (to === 'open' && from === 'closed') ? to : undefined

const createRouteSignal =
  (emitter: Emitter, logger: Logger): Signals['route'] =>
  (service, upstream, change, { endpoint, reason }) => {
    const subject = `${upstream.url} ${endpoint || '(an endpoint that is not learned yet)'}`
    put(emitter, service.name, signal('breaker', subject, { ...change, reason }))
    const about = { service: service.name, subject, ...change, reason }
    logger[change.to === 'open' ? 'warn' : 'info'](about, 'breaker of an endpoint')
  }

export const createSignals = ({ emitter, options, tell }: SignalSettings): Signals => {
  const { logger, onEvent } = options
  const down = new WeakSet<Upstream>()
  const tellBreaker = (service: Service, subject: string, change: BreakerChange, reason: string): void => {
    const to = findingOf(change)
    if (to !== undefined) tell({ kind: 'breaker', service: service.name, subject, to, reason })
  }

  const tellUp = (service: Service, upstream: Upstream, reason: string): void => {
    const up = isUp(upstream)
    if (down.has(upstream) !== up) return
    if (up) down.delete(upstream)
    else down.add(upstream)
    const about = { service: service.name, upstream: upstream.url, reason }
    if (up) logger.info(about, 'upstream is up')
    else logger.warn(about, 'upstream is down')
    onEvent?.({ kind: up ? 'up' : 'down', ...about })
  }
  return {
    breaker: (service, upstream, change, reason) => {
      put(emitter, service.name, signal('breaker', upstream.url, { ...change, reason }))
      tellBreaker(service, upstream.url, change, reason)
      tellUp(service, upstream, reason)
    },
    health: (service, upstream, change, reason) => {
      put(emitter, service.name, signal('health', upstream.url, { ...change, reason }))
      const { from, to } = change
      if (to === 'down' || (to === 'up' && from === 'down'))
        tell({ kind: 'health', service: service.name, subject: upstream.url, to, reason })
      tellUp(service, upstream, reason)
    },
    route: createRouteSignal(emitter, logger),
    circuit: (service, change, reason) => {
      put(emitter, service.name, signal('breaker', '*', { ...change, reason }))
      tellBreaker(service, '*', change, reason)
      logger[change.to === 'open' ? 'warn' : 'info'](
        { service: service.name, ...change, reason },
        'breaker of a service',
      )
    },
    ejected: (service, upstream, reason) => {
      const from = upstream.health.state
      put(emitter, service.name, signal('health', upstream.url, { from, to: 'ejected', reason }))
      logger.warn({ service: service.name, upstream: upstream.url, reason }, 'upstream is ejected for a while')
    },
    returned: (service, upstream) => {
      const to = upstream.health.state
      const reason = 'its time is over'
      put(emitter, service.name, signal('health', upstream.url, { from: 'ejected', to, reason }))
      logger.info({ service: service.name, upstream: upstream.url }, 'upstream is no longer ejected')
    },
    mode: (service, from, by) => {
      put(emitter, service.name, signal('mode', service.name, { from, to: service.mode, reason: by }))
      logger.info({ service: service.name, from, to: service.mode, by }, 'mode changed')
      onEvent?.({ kind: 'mode', service: service.name, from, to: service.mode, by })
    },
  }
}

export interface HeartbeatSettings {
  readonly emitter: Emitter
  readonly services: readonly Service[]
  readonly views: Views
  readonly inFlight: () => number
  readonly every: number
}

const attributesOf = ({ emitter, views, inFlight }: HeartbeatSettings): Header[] => {
  const { spool, ...counts } = emitter.status()
  const values = { ...counts, spool_records: spool.records, spool_bytes: spool.bytes, in_flight: inFlight() }
  const list = Object.entries(values).map(([name, value]) => ({ name, value: String(value) }))
  for (const [name, positions] of views.positions()) list.push({ name: `view_${name}`, value: positions.join(',') })
  return list
}

/** More than this are not listed: a heartbeat stays small. */
const LISTED = 100

const upstreamsOf = ({ upstreams }: Service): Header => {
  const now = monotonic() / 1000
  const value = JSON.stringify(upstreams.slice(0, LISTED).map((upstream) => upstreamStatus(upstream, now)))
  return { name: 'upstreams', value }
}

/** A heartbeat for each service, so that event time goes on without traffic and the console sees spool and lag. Returns how to stop. */
export const startHeartbeat = (settings: HeartbeatSettings): (() => void) => {
  const beat = (): void => {
    const shared = attributesOf(settings)
    for (const service of settings.services) {
      const attributes = [...shared, { name: 'mode', value: service.mode }, upstreamsOf(service)]
      put(settings.emitter, service.name, signal('heartbeat', service.name, { attributes }))
    }
  }
  beat()
  const timer = setInterval(beat, settings.every).unref()
  return () => clearInterval(timer)
}
