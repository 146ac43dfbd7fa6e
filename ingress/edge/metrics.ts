/** Metrics of the ingress: prefix chaosproxy_, base units, no label that a client could choose. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { EmitterStatus } from '../options.ts'
import type { Context, Service } from '../phases/context.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** Children by their labels: hashing labels at each request costs more than counting. */
const MAX_CHILDREN = 5000

export interface Metrics {
  readonly observe: (context: Context, seconds: number) => void
  readonly ghost: (service: string, kind: string) => void
}

const memo = <T>(make: (labels: string[]) => T): ((...labels: string[]) => T) => {
  const children = new Map<string, T>()
  return (...labels) => {
    const key = labels.join('\u0000')
    const known = children.get(key)
    if (known !== undefined) return known
    const made = make(labels)
    if (children.size < MAX_CHILDREN) children.set(key, made)
    return made
  }
}

const upstreamGauges = (services: readonly Service[], registers: Registry[]): void => {
  const states = { closed: 0, 'half-open': 1, open: 2 }
  const each = (gauge: Gauge, read: (u: Service['upstreams'][number]) => number): void => {
    for (const s of services) for (const u of s.upstreams) gauge.set({ service: s.name, upstream: u.url }, read(u))
  }
  const labelNames = ['service', 'upstream']
  new Gauge({
    name: 'chaosproxy_upstream_up',
    help: '1 while requests may be sent to the upstream',
    labelNames,
    registers,
    collect() {
      each(this, (u) => (u.health.state === 'down' || u.breaker.state === 'open' || u.drained ? 0 : 1))
    },
  })
  new Gauge({
    name: 'chaosproxy_breaker_state',
    help: 'Breaker: 0 closed, 1 half-open, 2 open',
    labelNames,
    registers,
    collect() {
      each(this, (u) => states[u.breaker.state])
    },
  })
}

const emitterGauges = (status: () => EmitterStatus, registers: Registry[]): void => {
  const total = (name: string, help: string, read: (s: EmitterStatus) => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read(status()))
      },
    })
  }
  total('chaosproxy_events_emitted_total', 'Events on the log', (s) => s.emitted)
  total('chaosproxy_events_spooled_total', 'Events that went through the spool', (s) => s.spooled)
  total('chaosproxy_events_dropped_total', 'Events lost because the spool was full', (s) => s.dropped)
  const gauge = (name: string, help: string, read: (s: EmitterStatus) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(status()))
      },
    })
  }
  gauge('chaosproxy_spool_bytes', 'Bytes in the spool', (s) => s.spool.bytes)
  gauge('chaosproxy_spool_records', 'Events in the spool', (s) => s.spool.records)
  gauge('chaosproxy_events_pending', 'Events only in memory', (s) => s.pending)
}

export const openMetrics = (
  registry: Registry,
  services: readonly Service[],
  emitter: () => EmitterStatus,
): Metrics => {
  const registers = [registry]
  const requests = new Counter({
    name: 'chaosproxy_requests_total',
    help: 'Requests by who answered',
    labelNames: ['service', 'method', 'code', 'answered_by'],
    registers,
  })
  const duration = new Histogram({
    name: 'chaosproxy_request_duration_seconds',
    help: 'Arrival to the last byte of the answer',
    labelNames: ['service', 'answered_by'],
    buckets: BUCKETS,
    registers,
  })
  const ghosts = new Counter({
    name: 'chaosproxy_ghost_answers_total',
    help: 'Answers given in an upstream’s place',
    labelNames: ['service', 'kind'],
    registers,
  })
  upstreamGauges(services, registers)
  emitterGauges(emitter, registers)
  const requestOf = memo((labels) => requests.labels(...labels))
  const durationOf = memo((labels) => duration.labels(...labels))
  return {
    observe: (context, seconds) => {
      const service = context.service?.name ?? ''
      const method = METHODS.has(context.arrival.method) ? context.arrival.method : 'other'
      requestOf(service, method, String(context.status), context.answeredBy).inc()
      durationOf(service, context.answeredBy).observe(seconds)
    },
    ghost: (service, kind) => ghosts.inc({ service, kind }),
  }
}
