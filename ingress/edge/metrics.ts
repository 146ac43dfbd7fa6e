/** Metrics of the ingress: prefix chaosproxy_, base units, no label that a client could choose. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { EmitterStatus } from '../options.ts'
import type { Context, Service } from '../phases/context.ts'
import { openHistogram, type Series } from './histogram.ts'
import { upstreamMetrics } from './upstream-metrics.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
export interface Metrics {
  readonly observe: (context: Context, seconds: number) => void
  readonly ghost: (service: string, kind: string) => void
}

/** The requests that are alike to the metrics. */
interface Kind {
  readonly service: string
  readonly method: string
  readonly status: number
  readonly answeredBy: string
  readonly seconds: Series
  count: number
}

const isOf = (kind: Kind, service: string, { arrival, status, answeredBy }: Context): boolean =>
  kind.status === status && kind.service === service && kind.answeredBy === answeredBy && kind.method === arrival.method

/** Most requests are of the kind that the one before was; the others are found by name. */
const openKinds = (seconds: (service: string, answeredBy: string) => Series) => {
  const kinds = new Map<string, Kind>()
  const series = new Map<string, Series>()
  let last: Kind | undefined
  const find = (service: string, { arrival, status, answeredBy }: Context): Kind => {
    const method = METHODS.has(arrival.method) ? arrival.method : 'other'
    const name = `${status} ${method} ${answeredBy} ${service}`
    const known = kinds.get(name)
    if (known !== undefined) return known
    const group = `${answeredBy} ${service}`
    const observed = series.get(group) ?? seconds(service, answeredBy)
    series.set(group, observed)
    const made: Kind = { service, method, status, answeredBy, seconds: observed, count: 0 }
    kinds.set(name, made)
    return made
  }
  return {
    all: (): Iterable<Kind> => kinds.values(),
    of: (context: Context): Kind => {
      const service = context.service?.name ?? ''
      return last !== undefined && isOf(last, service, context) ? last : (last = find(service, context))
    },
  }
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
  const seconds = openHistogram({
    name: 'chaosproxy_request_duration_seconds',
    help: 'Arrival to the last byte of the answer',
    buckets: BUCKETS,
    registry,
  })
  const kinds = openKinds((service, answeredBy) => seconds({ service, answered_by: answeredBy }))
  new Counter({
    name: 'chaosproxy_requests_total',
    help: 'Requests by who answered',
    labelNames: ['service', 'method', 'code', 'answered_by'],
    registers,
    collect() {
      this.reset()
      for (const { service, method, status, answeredBy, count } of kinds.all())
        this.inc({ service, method, code: String(status), answered_by: answeredBy }, count)
    },
  })
  const ghosts = new Map<string, Map<string, number>>()
  new Counter({
    name: 'chaosproxy_ghost_answers_total',
    help: 'Answers given in an upstream’s place',
    labelNames: ['service', 'kind'],
    registers,
    collect() {
      this.reset()
      for (const [service, counts] of ghosts) for (const [kind, count] of counts) this.inc({ service, kind }, count)
    },
  })
  upstreamMetrics(services, registry)
  emitterGauges(emitter, registers)
  return {
    observe: (context, duration) => {
      const kind = kinds.of(context)
      kind.count++
      kind.seconds.observe(duration)
    },
    ghost: (service, kind) => {
      const counts = ghosts.get(service) ?? new Map<string, number>()
      if (counts.size === 0) ghosts.set(service, counts)
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
    },
  }
}
