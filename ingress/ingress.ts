/** The face of the ingress, and the one place where its phases and its edge are put together. */
import { addressSet } from '../schemas/semantics/addresses.ts'
import { createRedactor, type RedactionSettings, type Redactor } from '../schemas/semantics/redaction.ts'
import { startChecker, type Checker } from './edge/checker.ts'
import { conductMetrics } from './edge/conduct-metrics.ts'
import { monotonic, wall } from './edge/clock.ts'
import { followControl } from './edge/control.ts'
import { openEmitter, type Emitter } from './edge/emitter.ts'
import { keepRequestsYoung } from './edge/heap.ts'
import { uuid7 } from './edge/ids.ts'
import type { Accepting } from './edge/front/door.ts'
import { openKeys } from './edge/keys.ts'
import { openMembers, type Members } from './edge/members.ts'
import { openDesk } from './edge/desk.ts'
import { createHearing } from './edge/news.ts'
import { openPools } from './edge/pools.ts'
import { openQueue } from './edge/queue/queue.ts'
import { createTell } from './edge/queue/telling.ts'
import { openServer, type Listening, type ServerSettings } from './edge/server.ts'
import { openTraces, type Traces } from './edge/traces.ts'
import { openListenTls, type ListenTls } from './edge/tls.ts'
import { openShield } from './edge/shield.ts'
import { openSecured } from './edge/secured.ts'
import { createSettling } from './edge/settle.ts'
import { createSignals, startHeartbeat } from './edge/signals.ts'
import { TUNNEL_IDLE } from './edge/tunnel/join.ts'
import { openViews } from './edge/views.ts'
import type { Ingress, IngressOptions, ListenLimits, ListenTimeouts } from './options.ts'
import type { Service, Upstream } from './phases/context.ts'
import { openService, type Given } from './services.ts'
import { statusOf } from './status.ts'
import { walkOf, type Parts } from './walk.ts'

export type { Accepting } from './edge/front/door.ts'
export type * from './options.ts'

const REDACT = { headers: [], fields: [], pii: 'pseudonymise' } as const
/** Whose address is a pseudonym in one place should not stand in another. */
const ADDRESSES = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'true-client-ip', 'cf-connecting-ip']

const redactOf = ({ capture: { redact = REDACT } }: IngressOptions): RedactionSettings =>
  redact.pii === 'off' ? redact : { ...redact, headers: [...redact.headers, ...ADDRESSES] }

/** Requests get most of the ten seconds, events the rest. */
const DRAIN_REQUESTS = 7500
const DRAIN_EVENTS = 2000
const DRAIN_TRACES = 500

const LIMITS: ListenLimits = { head: 32 * 1024, target: 16 * 1024, fields: 200, body: 0, connectionsPerClient: 0 }
const TIMEOUTS: ListenTimeouts = { head: 60_000, stall: 30_000, idle: 75_000, send: 60_000, tunnel: TUNNEL_IDLE }

const emitterOf = ({ log, codecs, spool, logger, onEvent }: IngressOptions, instance: string): Emitter =>
  openEmitter({
    log,
    codecs,
    spool,
    instance,
    onState: (state, reason) => {
      logger[state === 'direct' ? 'info' : state === 'spooling' ? 'warn' : 'error']({ state }, reason)
      onEvent?.({ kind: 'log', state, reason })
    },
    onDefect: (error) => logger.error({ err: error }, 'an event could not be encoded and is lost'),
  })

const listenOf = ({ listen, capture, logger }: IngressOptions): Omit<ServerSettings, 'tls' | 'run' | 'accepting'> => {
  const { host, port, h2c = false, proxyProtocol = false } = listen
  const limits = { ...LIMITS, ...listen.limits }
  const timeouts = { ...TIMEOUTS, ...listen.timeouts }
  const balancers = proxyProtocol ? addressSet(listen.trustedProxies ?? []) : undefined
  return { host, port, limits, timeouts, balancers, h2c, maxBody: capture.maxBody, logger }
}

const stamped = (): { readonly id: string; readonly at: number } => {
  const at = wall()
  return { id: uuid7(at / 1000), at }
}

const tracesOf = async (
  { traces }: IngressOptions,
  instance: string,
  redactor: Redactor,
): Promise<Traces | undefined> =>
  traces === undefined ? undefined : await openTraces({ url: traces.url, instance, redactor })

/** What is set once the server listens. */
interface Life {
  server?: Listening
}

interface Opened extends Parts {
  readonly instance: string
  readonly tls: ListenTls | undefined
  readonly checker: Checker
  readonly members: Members
  readonly hear: Ingress['hear']
}

const nowMs = (): number => monotonic() / 1000

/** Everything but the listening socket, each part given what it needs of those before it. */
const openAll = async (options: IngressOptions, life: Life): Promise<Opened> => {
  const keys = openKeys(options.secret)
  const given: Given = { random: Math.random, tokenOf: (url) => keys.pseudonym(`upstream ${url}`) }
  const services = options.services.map((service) => openService(service, given))
  const instance = options.instance ?? uuid7(Date.now())
  const { logger } = options
  const tls = options.listen.tls?.enabled === true ? openListenTls(options.listen.tls, logger) : undefined
  const redactor = createRedactor(keys, redactOf(options))
  const traces = await tracesOf(options, instance, redactor)
  const emitter = emitterOf(options, instance)
  const desk = openDesk(instance, options.onNews)
  const signals = createSignals({ emitter, options, tell: desk.tell })
  const tell = createTell(emitter, redactor, services)
  const queue = await openQueue({ ...options, options: options.queue, services, redactor, tell })
  const secured = openSecured(logger)
  const pools = openPools(services, secured)
  const inFlight = (): number => life.server?.inFlight() ?? 0
  const shield = openShield({ options, redactor, pseudonym: keys.pseudonym, inFlight, services })
  const opened = (service: Service, upstream: Upstream): void => checker.watch(service, [upstream])
  const settling = createSettling({ signals, clock: monotonic, opened })
  conductMetrics(services, options.registry, settling.conduct)
  const checker = startChecker(services, signals, { secured, pools, ill: settling.conduct.ill })
  return {
    options,
    services,
    instance,
    tls,
    emitter,
    signals,
    hear: createHearing({ desk, services, checker, signals }),
    keys,
    redactor,
    shield,
    settling,
    views: openViews(logger),
    traces,
    pools,
    queue,
    checker,
    members: openMembers({ services, configured: options.services, given, pools, checker, logger, now: nowMs }),
    draining: () => life.server?.draining() ?? false,
  }
}

/** Clients first, then what watches, then what is told, then the log. */
const closeAll = async (opened: Opened, server: Listening, stopHeartbeat: () => void): Promise<void> => {
  opened.checker.close()
  await server.close(DRAIN_REQUESTS)
  opened.tls?.close()
  await opened.queue.close()
  await opened.shield.close()
  stopHeartbeat()
  await opened.traces?.close(DRAIN_TRACES)
  await opened.emitter.close(DRAIN_EVENTS)
  await opened.views.close()
  opened.pools.close()
}

/**
 * Starts to listen. Rejects when the port is taken or an option is wrong; never because the log or an upstream is away.
 * `accepting`: other processes accept from the same port.
 */
export const startIngress = async (options: IngressOptions, accepting?: Accepting): Promise<Ingress> => {
  keepRequestsYoung()
  const life: Life = {}
  const opened = await openAll(options, life)
  const { services, instance, emitter, signals, shield, members, views, tls } = opened
  const run = walkOf(opened)
  views.follow('control', () =>
    followControl({
      ...options,
      services,
      members,
      onMode: signals.mode,
      onFault: shield.obeyFault,
      onWrite: opened.queue.obey,
      onNews: opened.hear,
    }),
  )
  await views.ready()
  const server = (life.server = await openServer({ ...listenOf(options), accepting, tls, run }))
  const { inFlight } = server
  const stopHeartbeat = startHeartbeat({ emitter, services, views, inFlight, every: options.heartbeat ?? 1000 })
  let closing: Promise<void> | undefined
  return {
    address: server.address,
    port: server.port,
    status: () => ({
      instance,
      inFlight: inFlight(),
      services: services.map((service) => statusOf(service, nowMs())),
      events: emitter.status(),
    }),
    command: (service, command) => emitter.emit({ key: service, ...stamped(), service, command }),
    absorb: shield.absorb,
    hear: opened.hear,
    reload: (wanted) => {
      shield.reload()
      tls?.reload()
      return members.reload(wanted)
    },
    close: () => (closing ??= closeAll(opened, server, stopHeartbeat)),
  }
}
