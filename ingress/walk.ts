/** The walk of every request, put together: the phases in their order, and what stands behind each. */
import { openGhostBook } from '../schemas/semantics/ghosts/book.ts'
import type { Vitals } from '../schemas/semantics/vitals.ts'
import type { Redactor } from '../schemas/semantics/redaction.ts'
import { sendReply } from './edge/carrier.ts'
import { monotonic, wall } from './edge/clock.ts'
import type { Emitter } from './edge/emitter.ts'
import { createForward } from './edge/forward.ts'
import type { ForwardSettings } from './edge/forwarding.ts'
import { createConsult, followGhosts } from './edge/ghosts.ts'
import { judgeOf, openModels } from './edge/models.ts'
import { newSpan, newTrace, uuid7 } from './edge/ids.ts'
import type { Keys } from './edge/keys.ts'
import { openMetrics } from './edge/metrics.ts'
import type { Pools } from './edge/pools.ts'
import { startReplays, type ReplaySettings } from './edge/queue/messenger.ts'
import type { Queue } from './edge/queue/queue.ts'
import { createRecord } from './edge/record.ts'
import type { Settling } from './edge/settle.ts'
import type { Shield } from './edge/shield.ts'
import type { Signals } from './edge/signals.ts'
import type { Traces } from './edge/traces.ts'
import { TUNNEL_IDLE } from './edge/tunnel/join.ts'
import type { Views } from './edge/views.ts'
import type { IngressOptions } from './options.ts'
import { createAccept } from './phases/accept.ts'
import { createBalance } from './phases/balance.ts'
import type { CaptureSettings } from './phases/capture.ts'
import { compose, type Phase } from './phases/compose.ts'
import type { Context, Service } from './phases/context.ts'
import { createDecide, type Decide, type Staying, type DecideSettings } from './phases/decide.ts'
import { direct, withDirections } from './phases/directed.ts'
import { createFault } from './phases/fault.ts'
import { withLatency } from './phases/latency.ts'
import { createLimit } from './phases/limit.ts'
import { problem } from './phases/problem.ts'
import { withQueries } from './phases/queries.ts'
import { withQueue } from './phases/queue.ts'
import { createRoute } from './phases/route.ts'

/** What the ingress is made of, before it listens. */
export interface Parts {
  readonly options: IngressOptions
  readonly services: readonly Service[]
  readonly emitter: Emitter
  readonly signals: Signals
  readonly keys: Keys
  readonly redactor: Redactor
  readonly shield: Shield
  readonly settling: Settling
  readonly views: Views
  readonly traces: Traces | undefined
  readonly pools: Pools
  readonly queue: Queue
  readonly draining: () => boolean
}

const forwardOf = (
  { options, settling, pools, draining }: Parts,
  decide: Pick<Decide, 'recover' | 'replace'> & Partial<Staying>,
  gate?: ForwardSettings['gate'],
): Phase =>
  createForward({
    pools,
    tunnelIdle: options.listen.timeouts?.tunnel ?? TUNNEL_IDLE,
    maxBody: options.listen.limits?.body ?? 0,
    decide,
    clock: monotonic,
    settle: settling.tried,
    conduct: settling.conduct,
    draining,
    gate,
  })

const NOTHING = Buffer.alloc(0)

const samplerOf =
  ({ traces }: IngressOptions): (() => boolean) =>
  () =>
    traces !== undefined && Math.random() < traces.share

/** ms */
const clock = (): number => monotonic() / 1000

const decideOf = ({ options, services, keys, redactor, views, queue, settling }: Parts): Decide & Staying => {
  const { log, codecs, logger } = options
  const models = openModels(options.registry)
  const book = options.ghosts ?? openGhostBook(judgeOf(models.judge, services))
  views.follow('ghosts', () => followGhosts({ log, codecs, book, logger }))
  views.follow('models', () => models.follow({ log, codecs, logger }))
  const consult = createConsult(book, redactor)
  const { conduct } = settling
  conduct.learnFrom((service, method, target) => book.learned?.(service, method, target))
  const newActivation = (): string => uuid7(wall() / 1000)
  // Opened first: a sealed value that a client sends as its credential stays sealed.
  const unsealBody: DecideSettings['unsealBody'] = (body, { arrival }) =>
    redactor.restoreOwnOf(keys.unsealBody(body), arrival.rawHeaders)
  const { gather, explain, tagOf, mayAsk, asks } = consult
  queue.learnFrom((context) => tagOf(context, wall()))
  const ghostly = createDecide({ consult, conduct, clock, now: wall, newActivation, unseal: keys.unseal, unsealBody })
  const queued = withQueue(ghostly, { keeper: queue, gather, newActivation })
  const vitals = (context: Context): Vitals | undefined => conduct.learned(context)?.vitals
  const asked = withQueries(queued, { mayAsk, asks, gather })
  const timed = withLatency(asked, { vitals, clock: monotonic, wait: (ms, then) => void setTimeout(then, ms) })
  return withDirections(timed, { explain, gather, now: wall, unsealBody })
}

const recordOf = ({ options, services, emitter, keys, redactor }: Parts): ((context: Context) => void) => {
  const { capture, logger, onEvent, registry } = options
  const captured: CaptureSettings = {
    redactor,
    bodies: capture.bodies,
    noStore: capture.noStore,
    pseudonym: keys.pseudonym,
    concat: (chunks) => (chunks.length > 1 ? Buffer.concat(chunks) : (chunks[0] ?? NOTHING)),
    clock: monotonic,
  }
  const metrics = openMetrics(registry, services, emitter.status)
  return createRecord({ capture: captured, maxBody: capture.maxBody, emitter, metrics, logger, onEvent })
}

export const walkOf = (parts: Parts): ((context: Context) => void) => {
  const { options, services, shield, settling, queue, draining } = parts
  const { capture, logger } = options
  const decide = decideOf(parts)
  const record = recordOf(parts)
  const accept = createAccept({ newSpan, newTrace, sampled: samplerOf(options), ...shield.belief })
  const forward: ReplaySettings['forward'] = (to, gate) => forwardOf(parts, to, gate)
  startReplays({ ...parts, accept, record, clock: monotonic, maxBody: capture.maxBody, forward })
  return compose({
    phases: [
      ['accept', accept],
      ['monitor', queue.monitor],
      ['route', createRoute(services)],
      ['direct', direct],
      ['limit', createLimit(shield.limiters)],
      ['fault', createFault(shield.faults)],
      ['decide', decide.phase],
      ['balance', createBalance({ ...settling, ...decide, clock: monotonic })],
      ['forward', forwardOf(parts, decide)],
    ],
    answer: (context, reply, done) => sendReply(context, reply, draining(), done),
    record: (context) => {
      settling.over(context)
      shield.over(context)
      record(context)
      parts.traces?.over(context)
    },
    defect: (context, phase, error) => {
      logger.error({ err: error, phase, request: context.head.requestId }, 'a phase failed')
      return problem(context, { why: 'internal', detail: `The phase ${phase} failed.`, close: true })
    },
  })
}
