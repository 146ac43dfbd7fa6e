/** Options of a service, with what is not said filled in; and the state that goes with it. */
import { openBreaker, STREAK } from './balance/breaker.ts'
import { openBudget } from './balance/budget.ts'
import { openHealth } from './balance/health.ts'
import { openLatency } from './balance/latency.ts'
import { membersOf, type Configured, type Member } from './balance/membership.ts'
import { openOutlier } from './balance/outliers.ts'
import { seedOf } from './balance/rendezvous.ts'
import type {
  BreakerOptions,
  GhostOptions,
  PassiveOptions,
  RetryOptions,
  ServiceOptions,
  TimeoutOptions,
} from './options.ts'
import type { Service, Upstream } from './phases/context.ts'
import { prefixOf } from './phases/route.ts'

const BREAKER: BreakerOptions = {
  window: 30_000,
  minRequests: 20,
  openAtErrorRate: 0.5,
  slowCall: 0,
  openAtSlowRate: 0.8,
  openFor: 5000,
  probes: 1,
}
const PASSIVE: PassiveOptions = {
  consecutiveErrors: 5,
  errorRate: 0.5,
  slowerThan: 5,
  minRequests: 20,
  interval: 10_000,
  ejectFor: 10_000,
  maxEjected: 0.5,
}
const RETRY: RetryOptions = { attempts: 2, budget: 0.2, perSecond: 10 }
const SLOW_START = 10_000
const TIMEOUTS: TimeoutOptions = { connect: 2000, response: 30_000, total: 0 }
const GHOST: GhostOptions = {
  mode: 'failover',
  methods: ['GET', 'HEAD', 'OPTIONS'],
  writes: 'reject',
  keepFor: 24 * 3600 * 1000,
  trustKeys: false,
  control: 'off',
  latency: 'learned',
  minConfidence: 0.6,
  maxAge: 24 * 3600 * 1000,
  patience: 1000,
  stay: 3000,
  model: true,
  minReadiness: 0,
}

/** What the edge gives: chance, and names that nobody can make up. */
export interface Given {
  readonly random: () => number
  readonly tokenOf: (url: string) => string
}

/** The one form of an upstream's address. Throws, with a cure, when it is none. */
export const originOf = (service: string, text: string): string => {
  if (!URL.canParse(text) || !/^https?:/i.test(text))
    throw new Error(`service ${service}: "${text}" is no upstream; write it as http://host:port`)
  const url = new URL(text)
  if (url.pathname !== '/' || url.search !== '')
    throw new Error(`service ${service}: the upstream ${text} has a path; give only http://host:port`)
  return url.origin
}

/** The upstreams as configured, each by the one form of its address. */
export const configuredOf = ({ name, upstreams }: ServiceOptions): readonly Configured[] =>
  upstreams.map((upstream) => ({ ...upstream, url: originOf(name, upstream.url) }))

export const openUpstream = ({ url, weight, drained }: Member, breaker: BreakerOptions, given: Given): Upstream => ({
  url,
  authority: new URL(url).host,
  token: given.tokenOf(url),
  weight,
  ramp: 1,
  since: -1,
  seed: seedOf(url),
  breaker: openBreaker(breaker, STREAK, given.random),
  health: openHealth(),
  outlier: openOutlier(),
  latency: openLatency(),
  inFlight: 0,
  credit: 0,
  drained,
})

type Settings = Pick<
  Service,
  | 'match'
  | 'prefix'
  | 'host'
  | 'strategy'
  | 'slowStart'
  | 'sticky'
  | 'health'
  | 'passive'
  | 'retry'
  | 'breaker'
  | 'timeouts'
  | 'ghost'
  | 'partitionBy'
  | 'protocol'
  | 'shield'
>

const balanceOf = ({
  balance,
  passive,
}: ServiceOptions): Pick<Settings, 'strategy' | 'slowStart' | 'sticky' | 'passive'> => {
  const { strategy = 'weighted', slowStart = SLOW_START, sticky } = balance ?? {}
  return {
    strategy,
    slowStart,
    sticky: sticky === undefined ? undefined : { name: sticky.name, ttl: Math.round(sticky.ttl / 1000) },
    passive: passive === 'off' ? 'off' : { ...PASSIVE, ...passive },
  }
}

/** Throws, with a cure, when the options are wrong. */
export const settingsOf = (options: ServiceOptions): Settings => {
  if (!options.match.startsWith('/'))
    throw new Error(`service ${options.name}: match "${options.match}" is no path prefix; write it as /* or /api/*`)
  if (options.upstreams.length === 0)
    throw new Error(`service ${options.name} has no upstream: add one under upstreams`)
  const origins = options.upstreams.map(({ url }) => originOf(options.name, url))
  const tls = origins.some((url) => url.startsWith('https:'))
  return {
    ...balanceOf(options),
    match: options.match,
    prefix: prefixOf(options.match),
    host: options.host ?? (tls ? 'upstream' : 'keep'),
    health: options.health ?? 'off',
    retry: { ...RETRY, ...options.retry },
    breaker: { ...BREAKER, ...options.breaker },
    timeouts: { ...TIMEOUTS, ...options.timeouts },
    ghost: { ...GHOST, ...options.ghost },
    partitionBy: options.partitionBy ?? 'service',
    protocol: options.protocol ?? 'http/1.1',
    shield: options.shield ?? {},
  }
}

/** Throws, with a cure, when the options are wrong. */
export const openService = (options: ServiceOptions, given: Given): Service => {
  const settings = settingsOf(options)
  const { breaker, retry, ghost } = settings
  const members = membersOf(configuredOf(options), new Map())
  return {
    ...settings,
    name: options.name,
    upstreams: members.map((member) => openUpstream(member, breaker, given)),
    question: { now: 0, client: '', random: given.random },
    budget: openBudget(retry),
    retried: 0,
    // No number of failures in a row: all that was in flight at one upstream that dies fails at once.
    circuit: openBreaker(breaker, Infinity, given.random),
    mode: ghost.mode,
    activation: '',
  }
}

/** New settings for a service that runs. What requests and pools hold by reference is changed in place. */
export const resettle = (service: Service, { breaker, timeouts, ...settings }: Settings): void => {
  Object.assign(service, settings)
  Object.assign(service.breaker, breaker)
  Object.assign(service.timeouts, timeouts)
}
