/** Options of a service, with what is not said filled in; and the state that goes with it. */
import { openBreaker } from './balance/breaker.ts'
import { openHealth } from './balance/health.ts'
import type {
  BreakerOptions,
  GhostOptions,
  ServiceOptions,
  ServiceStatus,
  TimeoutOptions,
  UpstreamOptions,
} from './options.ts'
import type { Service, Upstream } from './phases/context.ts'
import { prefixOf } from './phases/route.ts'

const BREAKER: BreakerOptions = { window: 30_000, minRequests: 20, openAtErrorRate: 0.5, openFor: 5000 }
const TIMEOUTS: TimeoutOptions = { connect: 2000, response: 30_000 }
const GHOST: GhostOptions = {
  mode: 'failover',
  methods: ['GET', 'HEAD'],
  writes: 'reject',
  minConfidence: 0.6,
  maxAge: 24 * 3600 * 1000,
}

const upstreamOf = (service: ServiceOptions, options: UpstreamOptions, breaker: BreakerOptions): Upstream => {
  if (!URL.canParse(options.url) || !/^https?:/i.test(options.url))
    throw new Error(`service ${service.name}: "${options.url}" is no upstream; write it as http://host:port`)
  const url = new URL(options.url)
  if (url.pathname !== '/' || url.search !== '')
    throw new Error(`service ${service.name}: the upstream ${options.url} has a path; give only http://host:port`)
  return {
    url: url.origin,
    authority: url.host,
    weight: options.weight ?? 1,
    breaker: openBreaker(breaker),
    health: openHealth(),
    credit: 0,
    drained: false,
  }
}

/** Throws, with a cure, when the options are wrong. */
export const openService = (options: ServiceOptions): Service => {
  if (!options.match.startsWith('/'))
    throw new Error(`service ${options.name}: match "${options.match}" is no path prefix; write it as /* or /api/*`)
  if (options.upstreams.length === 0)
    throw new Error(`service ${options.name} has no upstream: add one under upstreams`)
  const breaker = { ...BREAKER, ...options.breaker }
  const ghost = { ...GHOST, ...options.ghost }
  const upstreams = options.upstreams.map((upstream) => upstreamOf(options, upstream, breaker))
  const tls = upstreams.some((upstream) => upstream.url.startsWith('https:'))
  return {
    name: options.name,
    match: options.match,
    prefix: prefixOf(options.match),
    host: options.host ?? (tls ? 'upstream' : 'keep'),
    upstreams,
    health: options.health ?? 'off',
    breaker,
    timeouts: { ...TIMEOUTS, ...options.timeouts },
    ghost,
    partitionBy: options.partitionBy ?? 'service',
    mode: ghost.mode,
    activation: '',
  }
}

export const statusOf = (service: Service): ServiceStatus => ({
  name: service.name,
  match: service.match,
  mode: service.mode,
  upstreams: service.upstreams.map(({ url, health, breaker }) => ({
    url,
    health: health.state,
    breaker: breaker.state,
    latency: health.latency,
  })),
})
