/** The face of the ingress, and the one place where its phases and its edge are put together. */
import { openGhostBook } from '../schemas/semantics/ghosts/book.ts'
import { createRedactor } from '../schemas/semantics/redaction.ts'
import { settle } from './balance/breaker.ts'
import { sendReply } from './edge/carrier.ts'
import { startChecker } from './edge/checker.ts'
import { monotonic, wall } from './edge/clock.ts'
import { followControl } from './edge/control.ts'
import { openEmitter, type Emitter } from './edge/emitter.ts'
import { createForward } from './edge/forward.ts'
import { createConsult, followGhosts } from './edge/ghosts.ts'
import { keepRequestsYoung } from './edge/heap.ts'
import { newSpan, newTrace, uuid7 } from './edge/ids.ts'
import { openKeys } from './edge/keys.ts'
import { openMetrics } from './edge/metrics.ts'
import { openPools, type Pools } from './edge/pools.ts'
import { createRecord } from './edge/record.ts'
import { openServer, type Listening } from './edge/server.ts'
import { createSignals, startHeartbeat, type Signals } from './edge/signals.ts'
import { openViews, type Views } from './edge/views.ts'
import type { Ingress, IngressOptions } from './options.ts'
import { createAccept } from './phases/accept.ts'
import { createBalance } from './phases/balance.ts'
import type { CaptureSettings } from './phases/capture.ts'
import { compose, type Phase } from './phases/compose.ts'
import type { Context, Service, Upstream } from './phases/context.ts'
import { createDecide, type Decide } from './phases/decide.ts'
import { createFault } from './phases/fault.ts'
import { createLimit } from './phases/limit.ts'
import { toHeaders } from './phases/fields.ts'
import { problem } from './phases/problem.ts'
import { createRoute } from './phases/route.ts'
import { openService, statusOf } from './services.ts'

export type * from './options.ts'

const REDACT = { headers: [], fields: [], pii: 'pseudonymise' } as const
/** Requests get most of the ten seconds, events the rest. */
const DRAIN_REQUESTS = 7500
const DRAIN_EVENTS = 2000

interface Parts {
  readonly options: IngressOptions
  readonly services: readonly Service[]
  readonly emitter: Emitter
  readonly signals: Signals
  readonly views: Views
  readonly pools: Pools
  readonly draining: () => boolean
}

const forwardOf = ({ signals, pools, draining }: Parts, decide: Decide): Phase =>
  createForward({
    pools,
    decide,
    clock: monotonic,
    settle: (context, outcome, reason) => {
      const service = context.service as Service
      const upstream = context.upstream as Upstream
      const change = settle(upstream.breaker, monotonic() / 1000, context.permission, outcome)
      if (outcome === 'good') service.activation = ''
      if (change !== undefined) signals.breaker(service, upstream, change, reason)
    },
    draining,
  })

const walkOf = (parts: Parts): ((context: Context) => void) => {
  const { options, services, emitter, views, draining } = parts
  const { capture, logger } = options
  const keys = openKeys(options.secret)
  const redactor = createRedactor(keys, capture.redact ?? REDACT)
  const captured: CaptureSettings = {
    redactor,
    bodies: capture.bodies,
    pseudonym: keys.pseudonym,
    concat: (chunks) => (chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)),
    clock: monotonic,
  }
  const book = options.ghosts ?? openGhostBook()
  views.follow('ghosts', () => followGhosts({ log: options.log, codecs: options.codecs, book, logger }))
  const decide = createDecide({
    consult: createConsult(book, redactor),
    now: wall,
    newActivation: () => uuid7(wall() / 1000),
    unseal: keys.unseal,
    // Opened first: a sealed value that a client sends as its credential stays sealed.
    unsealBody: (body, { arrival }) => redactor.restoreOwn(keys.unsealBody(body), toHeaders(arrival.rawHeaders)),
  })
  const metrics = openMetrics(options.registry, services, emitter.status)
  const forward = forwardOf(parts, decide)
  return compose({
    phases: [
      ['accept', createAccept({ newSpan, newTrace })],
      ['route', createRoute(services)],
      ['limit', createLimit([])],
      ['fault', createFault([])],
      ['decide', decide.phase],
      ['balance', createBalance({ clock: monotonic, recover: decide.recover })],
      ['forward', forward],
    ],
    answer: (context, reply, done) => sendReply(context, reply, draining(), done),
    record: createRecord({
      capture: captured,
      maxBody: capture.maxBody,
      emitter,
      metrics,
      logger,
      onEvent: options.onEvent,
    }),
    defect: (context, phase, error) => {
      logger.error({ err: error, phase, request: context.head.requestId }, 'a phase failed')
      return problem(context, { why: 'internal', detail: `The phase ${phase} failed.`, close: true })
    },
  })
}

/** Starts to listen. Rejects when the port is taken or an option is wrong; never because the log or an upstream is away. */
export const startIngress = async (options: IngressOptions): Promise<Ingress> => {
  keepRequestsYoung()
  const services = options.services.map(openService)
  const instance = options.instance ?? uuid7(Date.now())
  const { logger, onEvent } = options
  const emitter = openEmitter({
    log: options.log,
    codecs: options.codecs,
    spool: options.spool,
    instance,
    onState: (state, reason) => {
      logger[state === 'direct' ? 'info' : state === 'spooling' ? 'warn' : 'error']({ state }, reason)
      onEvent?.({ kind: 'log', state, reason })
    },
    onDefect: (error) => logger.error({ err: error }, 'an event could not be encoded and is lost'),
  })
  const signals = createSignals({ emitter, services, options })
  const views = openViews(logger)
  const pools = openPools(services)
  const life: { server?: Listening } = {}
  const draining = (): boolean => life.server?.draining() ?? false
  const run = walkOf({ options, services, emitter, signals, views, pools, draining })
  views.follow('control', () => followControl({ ...options, services, onMode: signals.mode }))
  await views.ready()
  const { host, port, headersTimeout = 60_000, stallTimeout = 30_000 } = options.listen
  const server = await openServer({ host, port, headersTimeout, stallTimeout, maxBody: options.capture.maxBody, run })
  life.server = server
  const stopChecks = startChecker(services, { onChange: signals.health })
  const { inFlight } = server
  const stopHeartbeat = startHeartbeat({ emitter, services, views, inFlight, every: options.heartbeat ?? 1000 })
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    stopChecks()
    await server.close(DRAIN_REQUESTS)
    stopHeartbeat()
    await emitter.close(DRAIN_EVENTS)
    await views.close()
    pools.close()
  }
  return {
    address: server.address,
    port: server.port,
    status: () => ({
      instance,
      inFlight: server.inFlight(),
      services: services.map(statusOf),
      events: emitter.status(),
    }),
    command: (service, command) => {
      const at = wall()
      emitter.emit({ key: service, id: uuid7(at / 1000), at, service, command })
    },
    close: () => (closing ??= close()),
  }
}
