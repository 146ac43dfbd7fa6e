/**
 * decide: live, ghost or an honest error; before the upstream is asked (mode mock) and again when it failed.
 *
 * A ghost answers only what the service's configuration allows, and only in the place of an upstream that cannot: no
 * connection, no answer in time, 502, 503 or 504. A 500, a 429 and a 503 with Retry-After are answers and pass.
 * A write is answered by a ghost only where the configuration wants it and none of it was sent. Otherwise, whether it may
 * have arrived decides between "try again" and "nobody knows".
 */
import type { GhostAnswer, GhostRefusal, GhostVerdict, LearnedEndpoint } from '../../schemas/semantics/ghost-port.ts'
import { readinessOf } from '../../schemas/semantics/vitals.ts'
import type { Phase } from './compose.ts'
import { forbidden, HEALTH_CHECK, isHealthCheck, isWriting, mayWrite, missOf, type Miss } from './consent.ts'
import type { Conduct } from './conduct.ts'
import type { Context, Failure, Reply, Service, Why } from './context.ts'
import { tee } from './tee.ts'
import { ghostReply, type GhostReplySettings } from './ghost.ts'
import { problem, type ProblemDetails } from './problem.ts'

/** The ghosts, as the ingress asks them. */
export interface Consult {
  /** What they say to this request. */
  readonly ask: (context: Context, now: number) => GhostVerdict
  /** Reads the request's body, if that was not done; `whole` is false where it cannot be kept. */
  readonly gather: (context: Context, done: (whole: boolean) => void) => void
  /** Their answer to a write is given. */
  readonly accept: (context: Context, answer: GhostAnswer, now: number) => void
}

/** What decisions hang on besides the ghosts themselves. */
export type Known = Pick<Conduct, 'learned' | 'isPinned' | 'pin' | 'judge500'>

export interface DecideSettings {
  readonly consult: Consult
  /** Wall clock, µs. */
  readonly now: () => number
  readonly newActivation: () => string
  readonly conduct?: Known
  /** ms, monotonic. */
  readonly clock?: () => number
  readonly unseal: GhostReplySettings['unseal']
  readonly unsealBody: GhostReplySettings['unsealBody']
}

export interface Decide {
  readonly phase: Phase
  /** The upstream failed before a byte of its answer went out: what the client gets instead. */
  readonly recover: (context: Context, failure: Failure) => Reply
  /** The upstream answered 502, 503 or 504: a ghost instead, or undefined: pass it on. */
  readonly replace: (context: Context, why: Why) => Reply | undefined
}

const SENT: Miss = { reason: 'write', detail: 'It was sent: no ghost answers in its place.' }
const TOO_LONG = 'The request is too long for a ghost, or did not come to its end: nothing was done, nothing was kept.'

/** Seconds until it makes sense to ask again. */
const retryAfter = (service: Service): number => Math.max(1, Math.ceil(service.breaker.openFor / 1000))

const LONG: Miss = { reason: 'write', detail: TOO_LONG }

const simulates = (context: Context, { ghost }: Service): boolean =>
  isWriting(context) && mayWrite(ghost, context.arrival.method)

const allowed = (context: Context, { ghost, health, mode }: Service): Miss | undefined => {
  const { arrival, path } = context
  if (mode !== 'mock' && isHealthCheck(path, arrival.rawHeaders, health === 'off' ? '' : health.path))
    return HEALTH_CHECK
  return forbidden(ghost, context.reads ? 'GET' : arrival.method)
}

const isReply = (found: Reply | Miss): found is Reply => 'status' in found

const refused = (context: Context, service: Service, details: ProblemDetails): Reply =>
  problem(context, { ...details, status: 503, retryAfter: retryAfter(service) })

const unable = (context: Context, service: Service, miss: Miss): Reply =>
  refused(context, service, { why: 'mode-mock', detail: miss.detail, miss })

type Fault = ProblemDetails['why']

/** A request of which nothing was sent may simply be tried again. */
const tryAgain = (service: Service, { sent }: Failure) => (sent ? {} : { status: 503, retryAfter: retryAfter(service) })

const ghostless = (context: Context, service: Service, failure: Failure): Reply => {
  const { why, detail } = failure as Failure & { why: Fault }
  return problem(context, why === 'unavailable' ? { why, detail, ...tryAgain(service, failure) } : { why, detail })
}

/** No ghost stands in: why not, and whether the request may have been carried out. */
const missing = (context: Context, service: Service, failure: Failure, miss: Miss): Reply => {
  const { why, detail, sent } = failure as Failure & { why: Fault }
  if (!isWriting(context)) return refused(context, service, { why, detail: `${detail} ${miss.detail}`, miss })
  const unknown = sent ? 'The request was sent: whether it was carried out is not known.' : miss.detail
  return problem(context, { why, detail: `${detail} ${unknown}`, ...tryAgain(service, failure), miss })
}

/** What else is asked of ghosts while upstreams answer. */
export interface Staying {
  /** A ghost for a client that a ghost answered a moment ago, undefined: the upstream may be asked. */
  readonly keep: (context: Context) => Reply | undefined
  /** The upstream answered 500: whether that is far from normal, normal, or nobody knows. */
  readonly suspect: (context: Context) => 'far' | 'normal' | 'unknown'
}

const AGAIN: Failure = { why: 'unavailable', sent: false, detail: 'The upstream comes and goes.' }

/** What the sender of a write was told is what the processors fold: it belongs on the log. */
const kept = (context: Context, { status }: GhostAnswer, reply: Reply, accept: () => void): Reply => {
  if (status < 300) accept()
  tee(context.responseBody, reply.body)
  return reply
}

const NO_CONDUCT: Known = {
  learned: () => undefined,
  isPinned: () => false,
  pin: () => undefined,
  judge500: () => 'unknown',
}

const notReady = ({ ghost }: Service, known: LearnedEndpoint | undefined): Miss | undefined => {
  const share = known?.vitals === undefined ? undefined : readinessOf(known.vitals)
  if (share !== undefined && share >= ghost.minReadiness) return undefined
  const could = share === undefined ? 'too little was seen to say how much' : `${Math.round(share * 100)} %`
  const wanted = `ghost.minReadiness is ${Math.round(ghost.minReadiness * 100)} %`
  return {
    reason: 'not-ready',
    detail: `Of the last requests for ${known?.endpoint || 'this'}, ${could} could have been answered; ${wanted}.`,
  }
}

/** Bodies of ghosts that are put on the log each second, so that they can be compared with the backend's afterwards. */
const SAMPLES = 20

const openSamples = (clock: () => number): (() => boolean) => {
  let second = -1
  let left = 0
  return () => {
    const now = Math.floor(clock() / 1000)
    if (now !== second) left = SAMPLES
    second = now
    return left-- > 0
  }
}

const sampled = (context: Context, reply: Reply, isSample: boolean): Reply => {
  if (isSample && reply.status < 300) tee(context.responseBody, reply.body)
  return reply
}

const STOPPED = (): number => 0

type Ghostly = (context: Context, service: Service, why: Why) => Reply | Miss

const stayingOf = (
  { conduct = NO_CONDUCT, clock = STOPPED, consult, now }: DecideSettings,
  ghost: Ghostly,
): Staying => ({
  keep: (context) => {
    const service = context.service as Service
    if (service.mode !== 'failover' || isWriting(context) || !conduct.isPinned(context, clock())) return undefined
    const found = ghost(context, service, AGAIN.why)
    return isReply(found) ? found : undefined
  },
  suspect: (context) => {
    if (isWriting(context) || context.service?.mode !== 'failover') return 'unknown'
    const verdict = consult.ask(context, now())
    const worked = verdict.kind === 'answer' && verdict.ghost === 'exact' && verdict.status < 400
    return conduct.judge500(context, worked, clock())
  },
})

export const createDecide = (settings: DecideSettings): Decide & Staying => {
  const { conduct = NO_CONDUCT, clock = STOPPED, unseal, unsealBody } = settings
  const isSample = openSamples(clock)
  const unready = (context: Context, service: Service): Miss | undefined =>
    service.ghost.minReadiness === 0 ? undefined : notReady(service, conduct.learned(context))
  const ghost: Ghostly = (context, service, why) => {
    const refusal = allowed(context, service) ?? unready(context, service)
    if (refusal !== undefined) return refusal
    const now = settings.now()
    const verdict = settings.consult.ask(context, now)
    const miss = missOf(service.ghost, verdict, now)
    if (miss !== undefined || verdict.kind === 'refuse') {
      context.endpoint = verdict.endpoint
      return miss ?? (verdict as GhostRefusal)
    }
    service.activation ||= settings.newActivation()
    if (service.mode === 'failover') conduct.pin(context, clock())
    const reply = ghostReply(context, verdict, { why, now, activation: service.activation, unseal, unsealBody })
    return isWriting(context)
      ? kept(context, verdict, reply, () => settings.consult.accept(context, verdict, now))
      : sampled(context, reply, isSample())
  }
  /** A write is answered when all of it is there. */
  const written = (context: Context, otherwise: () => Reply, made: () => Reply): Reply => ({
    ...otherwise(),
    later: (send) => settings.consult.gather(context, (whole) => send(whole ? made() : otherwise())),
  })

  const recover = (context: Context, failure: Failure): Reply => {
    const service = context.service as Service
    const isOurs = service.mode === 'failover' && simulates(context, service) && !failure.sent
    const made = (): Reply => instead(context, failure)
    if (!isOurs) return made()
    const details = { why: failure.why as ProblemDetails['why'], detail: TOO_LONG, miss: LONG }
    return written(context, () => refused(context, service, details), made)
  }

  const instead = (context: Context, failure: Failure): Reply => {
    const service = context.service as Service
    if (service.mode !== 'failover') return ghostless(context, service, failure)
    const found = failure.sent && isWriting(context) ? SENT : ghost(context, service, failure.why)
    return isReply(found) ? found : missing(context, service, failure, found)
  }

  return {
    recover,
    ...stayingOf(settings, ghost),
    replace: (context, why) => {
      const service = context.service as Service
      if (service.mode !== 'failover' || isWriting(context)) return undefined
      const found = ghost(context, service, why)
      return isReply(found) ? found : undefined
    },
    phase: (context, next) => {
      const service = context.service as Service
      if (service.mode !== 'mock') return next()
      const made = (): Reply => {
        const found = ghost(context, service, 'mode-mock')
        return isReply(found) ? found : unable(context, service, found)
      }
      next(simulates(context, service) ? written(context, () => unable(context, service, LONG), made) : made())
    },
  }
}
