/** How the services are, for those who ask: the composition root, and each heartbeat. */
import { latencyAt } from './balance/latency.ts'
import { isEjected } from './balance/outliers.ts'
import type { ServiceStatus, UpstreamStatus } from './options.ts'
import type { Service, Upstream } from './phases/context.ts'

const tenths = (value: number): number => Math.round(value * 10) / 10

/** `now`: ms, monotonic. */
export const upstreamStatus = (upstream: Upstream, now: number): UpstreamStatus => ({
  url: upstream.url,
  health: upstream.health.state,
  breaker: upstream.breaker.state,
  latency: upstream.health.latency,
  checkedAt: upstream.health.checkedAt,
  obeyed: upstream.health.obeyed,
  checked: upstream.health.checked,
  weight: upstream.weight,
  drained: upstream.drained,
  ejected: isEjected(upstream.outlier, now),
  inFlight: upstream.inFlight,
  ewma: tenths(latencyAt(upstream.latency, now) / 1000),
})

export const statusOf = (service: Service, now: number): ServiceStatus => ({
  name: service.name,
  match: service.match,
  mode: service.mode,
  strategy: service.strategy,
  upstreams: service.upstreams.map((upstream) => upstreamStatus(upstream, now)),
})
