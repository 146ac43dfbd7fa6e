/**
 * Around decide: writes that wait for their backend. With `ghost.writes: queue` a write that no upstream can take, and of
 * which nothing was sent, is kept, durably, and its sender is told 202; with `simulate` what a ghost answered is kept too,
 * so that a person may replay it. While a write of a sender waits, the next ones wait behind it: a backend that is back
 * gets them in the order in which they were sent.
 */
import { isWriting } from './consent.ts'
import type { Context, Failure, Reply, Service } from './context.ts'
import { tee } from './tee.ts'
import type { Decide } from './decide.ts'
import { receipt, type Kept } from './kept.ts'
import { problem, type ProblemDetails } from './problem.ts'

/** Why a write cannot be kept, as a sentence; `status` where it is not 503. */
export interface Unkept {
  readonly detail: string
  readonly status?: number
}

export interface Keeper {
  /** A write of this sender waits to be replayed. */
  readonly waits: (context: Context) => boolean
  /** Keeps the request, whose body is there. `wanted`: to be replayed without another word. Told once that is durable. */
  readonly keep: (context: Context, wanted: boolean, done: (kept: Kept | Unkept) => void) => void
}

export interface QueueSettings {
  readonly keeper: Keeper
  /** Reads the request's body, if that was not done; `whole` is false where it cannot be kept. */
  readonly gather: (context: Context, done: (whole: boolean) => void) => void
  readonly newActivation: () => string
}

type Fault = ProblemDetails['why']
type Send = (reply: Reply) => void

const TOO_LONG = 'The request is too long to be kept, or did not come to its end: nothing was done, nothing was kept.'
const BEHIND = 'Earlier writes of the same sender wait for the backend.'

const retryAfter = ({ breaker }: Service): number => Math.max(1, Math.ceil(breaker.openFor / 1000))

const isWrite = (context: Context): boolean => isWriting(context) && context.arrival.upgrade === ''

const isKept = (found: Kept | Unkept): found is Kept => 'write' in found

const queues = (context: Context, { mode, ghost }: Service): boolean =>
  mode === 'failover' && ghost.writes === 'queue' && isWrite(context)

const isAccepted = ({ ghost, status }: Reply): boolean => ghost !== undefined && status < 300

/** The same decisions, with what is kept. */
export const withQueue = <D extends Decide>(decide: D, settings: QueueSettings): D => {
  const { keeper, gather, newActivation } = settings
  const refused = (context: Context, why: Fault, { detail, status = 503 }: Unkept): Reply => {
    const service = context.service as Service
    return problem(context, { why, detail, status, ...(status === 503 ? { retryAfter: retryAfter(service) } : {}) })
  }
  const accept = (context: Context, why: Fault, kept: Kept): Reply => {
    const service = context.service as Service
    service.activation ||= newActivation()
    const reply = receipt(context, kept, { why, activation: service.activation, retryAfter: retryAfter(service) })
    // On the log it tells a write from one that was only repeated.
    tee(context.responseBody, reply.body)
    return reply
  }
  const queue = (context: Context, why: Fault, because: string): Reply => {
    const unkept = ({ detail, status }: Unkept): Reply =>
      refused(context, why, { detail: `${because} ${detail}`, ...(status === undefined ? {} : { status }) })
    const taken = (send: Send) => (whole: boolean) => {
      if (!whole) return send(unkept({ detail: TOO_LONG }))
      keeper.keep(context, true, (found) => send(isKept(found) ? accept(context, why, found) : unkept(found)))
    }
    return { ...unkept({ detail: TOO_LONG }), later: (send) => gather(context, taken(send)) }
  }
  /** What a ghost told the sender of a write is kept before it is said; where it cannot be, it is on the log at least. */
  const remembering = (context: Context, reply: Reply): Reply => {
    const { later } = reply
    if (later === undefined || !isWrite(context)) return reply
    const keep = (send: Send) => (made: Reply) =>
      isAccepted(made) ? keeper.keep(context, false, () => send(made)) : send(made)
    return { ...reply, later: (send) => later(keep(send)) }
  }

  return {
    ...decide,
    recover: (context: Context, failure: Failure) =>
      queues(context, context.service as Service) && !failure.sent
        ? queue(context, failure.why as Fault, failure.detail)
        : remembering(context, decide.recover(context, failure)),
    phase: (context, next) => {
      const service = context.service as Service
      if (queues(context, service) && keeper.waits(context)) return next(queue(context, 'unavailable', BEHIND))
      decide.phase(context, (reply) => next(reply === undefined ? undefined : remembering(context, reply)))
    },
  }
}
