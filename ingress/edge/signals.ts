/** Signals: what the ingress has to say besides exchanges. Each goes to the log, to the logger and to the person at the terminal. */
import type { Header, Signal } from '../../schemas/events.ts'
import type { BreakerChange } from '../balance/breaker.ts'
import type { HealthChange } from '../balance/health.ts'
import type { IngressOptions, Mode } from '../options.ts'
import type { Service, Upstream } from '../phases/context.ts'
import { signal } from '../phases/emit.ts'
import { wall } from './clock.ts'
import type { Emitter } from './emitter.ts'
import { uuid7 } from './ids.ts'
import type { Views } from './views.ts'

export interface SignalSettings {
  readonly emitter: Emitter
  readonly services: readonly Service[]
  readonly options: Pick<IngressOptions, 'logger' | 'onEvent'>
}

export interface Signals {
  readonly breaker: (service: Service, upstream: Upstream, change: BreakerChange, reason: string) => void
  readonly health: (service: Service, upstream: Upstream, change: HealthChange, reason: string) => void
  readonly mode: (service: Service, from: Mode, by: string) => void
}

const put = (emitter: Emitter, service: string, about: Signal): void => {
  const at = wall()
  emitter.emit({ key: service, id: uuid7(at / 1000), at, service, signal: about })
}

const isUp = (upstream: Upstream): boolean =>
  !upstream.drained && upstream.health.state !== 'down' && upstream.breaker.state === 'closed'

export const createSignals = ({ emitter, services, options }: SignalSettings): Signals => {
  const { logger, onEvent } = options
  const wasUp = new Map(services.flatMap((s) => s.upstreams).map((upstream) => [upstream, true]))

  const tellUp = (service: Service, upstream: Upstream, reason: string): void => {
    const up = isUp(upstream)
    if (wasUp.get(upstream) === up) return
    wasUp.set(upstream, up)
    const about = { service: service.name, upstream: upstream.url, reason }
    if (up) logger.info(about, 'upstream is up')
    else logger.warn(about, 'upstream is down')
    onEvent?.({ kind: up ? 'up' : 'down', ...about })
  }
  return {
    breaker: (service, upstream, change, reason) => {
      put(emitter, service.name, signal('breaker', upstream.url, { ...change, reason }))
      tellUp(service, upstream, reason)
    },
    health: (service, upstream, change, reason) => {
      put(emitter, service.name, signal('health', upstream.url, { ...change, reason }))
      tellUp(service, upstream, reason)
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

/** A heartbeat for each service, so that event time goes on without traffic and the console sees spool and lag. Returns how to stop. */
export const startHeartbeat = (settings: HeartbeatSettings): (() => void) => {
  const beat = (): void => {
    const shared = attributesOf(settings)
    for (const service of settings.services) {
      const attributes = [...shared, { name: 'mode', value: service.mode }]
      put(settings.emitter, service.name, signal('heartbeat', service.name, { attributes }))
    }
  }
  beat()
  const timer = setInterval(beat, settings.every).unref()
  return () => clearInterval(timer)
}
