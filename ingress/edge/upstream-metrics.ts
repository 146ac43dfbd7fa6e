/** Metrics of the upstreams: read from their records when they are asked for. */
import { Counter, Gauge, type Registry } from 'prom-client'
import { latencyAt } from '../balance/latency.ts'
import { isEjected } from '../balance/outliers.ts'
import type { Service, Upstream } from '../phases/context.ts'
import { monotonic } from './clock.ts'

const STATES = { closed: 0, 'half-open': 1, open: 2 }

type Read = (upstream: Upstream, now: number) => number

/** Those that are gone are not told any more. */
const tell = (gauge: Gauge, services: readonly Service[], read: Read): void => {
  const now = monotonic() / 1000
  gauge.reset()
  for (const { name, upstreams } of services)
    for (const upstream of upstreams) gauge.set({ service: name, upstream: upstream.url }, read(upstream, now))
}

const GAUGES: readonly (readonly [name: string, help: string, read: Read])[] = [
  [
    'chaosproxy_upstream_up',
    '1 while requests may be sent to the upstream',
    (u) => (u.health.state === 'down' || u.breaker.state === 'open' || u.drained ? 0 : 1),
  ],
  [
    'chaosproxy_upstream_ejected',
    '1 while the upstream is left alone since it does worse than the others',
    (u, now) => (isEjected(u.outlier, now) ? 1 : 0),
  ],
  ['chaosproxy_upstream_in_flight', 'Requests that the upstream has not answered to their end', (u) => u.inFlight],
  [
    'chaosproxy_upstream_weight',
    'Its share now: less than its weight while it starts slowly',
    (u) => u.weight * u.ramp,
  ],
  [
    'chaosproxy_upstream_latency_seconds',
    'Until the first byte, as a peak EWMA',
    (u, now) => latencyAt(u.latency, now) / 1e6,
  ],
]

export const upstreamMetrics = (services: readonly Service[], registry: Registry): void => {
  const registers = [registry]
  const labelNames = ['service', 'upstream']
  for (const [name, help, read] of GAUGES)
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        tell(this, services, read)
      },
    })
  new Gauge({
    name: 'chaosproxy_breaker_state',
    help: 'Breaker: 0 closed, 1 half-open, 2 open; upstream * is the service as a whole',
    labelNames,
    registers,
    collect() {
      tell(this, services, ({ breaker }) => STATES[breaker.state])
      for (const { name, circuit } of services) this.set({ service: name, upstream: '*' }, STATES[circuit.state])
    },
  })
  new Counter({
    name: 'chaosproxy_retries_total',
    help: 'Tries after the first one',
    labelNames: ['service'],
    registers,
    collect() {
      this.reset()
      for (const { name, retried } of services) this.inc({ service: name }, retried)
    },
  })
}
