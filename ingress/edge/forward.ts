/**
 * forward, the sockets' half: sends the request to the chosen upstream and streams its answer to the client as it comes.
 */
import type { Outcome } from '../balance/breaker.ts'
import { choose } from '../phases/balance.ts'
import type { Next, Phase } from '../phases/compose.ts'
import type { Context, Failure, Reply, Service, Upstream } from '../phases/context.ts'
import * as rules from '../phases/forward.ts'
import { problem, sentenceOf } from '../phases/problem.ts'
import { finish, flush, openFlow, pass, takeBack, type Flow } from './answer.ts'
import { hasUpload, openUpload, type Upload, type UploadBody } from './body.ts'
import { carrierOf, goOn, type Broken, type Carrier } from './carrier.ts'
import type { ForwardSettings } from './forwarding.ts'
import { forwardUpgrade } from './upgrade.ts'
import { beginWaiting, openClocks, type Clocks } from './waiting.ts'
import { abort, resume, type Call, type Listener, type Trouble } from './upstream/call.ts'
import type { ResponseHead } from './http1/response-head.ts'

/** One request under way. `over`: the answer is somebody else's now, or done. */
interface Trip {
  readonly context: Context
  readonly settings: ForwardSettings
  readonly next: Next
  readonly carrier: Carrier
  readonly clocks: Clocks<Trip>
  upload: Upload
  call: Call<Trip> | undefined
  /** The answer, once it began. */
  flow: Flow | undefined
  handed: boolean
  /** An interim answer went to the client: the next try's would confuse it. */
  informed: boolean
  again: boolean
  settled: boolean
  upstreamDone: boolean
  over: boolean
}

const NOTHING: Upload = { body: null, replayable: true }

const cancel = (trip: Trip): void => {
  if (trip.call !== undefined) abort(trip.call)
}

const reasons = new Map<number, string>()
/** Said at each answer, so made once. */
const reasonOf = (status: number): string => {
  const known = reasons.get(status) ?? `it answered ${status}`
  reasons.set(status, known)
  return known
}

const settleOnce = (trip: Trip, outcome: Outcome, reason: string): void => {
  if (trip.settled) return
  trip.settled = true
  trip.settings.settle(trip.context, outcome, reason)
}

/** Nobody waits for it any more. */
const conclude = (trip: Trip): void => {
  trip.over = true
  trip.clocks.patience.done(trip)
  trip.clocks.deadline.done(trip)
}

/** Hands the client over to a reply made here. */
const reply = (trip: Trip, answer: Reply): void => {
  if (trip.over) return
  conclude(trip)
  trip.next(answer)
}

const recover = (trip: Trip, failure: Failure): void => reply(trip, trip.settings.decide.recover(trip.context, failure))

/** 1xx (but 101) go to the client at once (RFC 9110 section 15.2). */
const informational = ({ carrier }: Trip, { status, reason, lines }: ResponseHead): void => {
  if (status === 100 && carrier.expecting) goOn(carrier)
  else carrier.via.interim(carrier, status, reason, rules.interimFields(lines))
}

/** The client is gone, or has everything. */
const onClientClose = (trip: Trip): void => {
  if (trip.over) return
  conclude(trip)
  const { context } = trip
  context.complete = trip.upstreamDone && trip.carrier.sent
  if (!trip.upstreamDone) {
    settleOnce(trip, 'neutral', 'the client went away')
    if (context.status === 0) context.why = 'client-gone'
    cancel(trip)
  }
  trip.next()
}

/** What began as an answer was none: the next ones may come from elsewhere, or from a ghost. */
const brokeOff = ({ context, settings, carrier }: Trip): void => {
  context.permission = 'yes'
  settings.settle(context, 'bad', 'it broke off its answer')
  carrier.via.destroy(carrier)
}

/** All of it can still be sent. */
const isWhole = ({ body, replayable }: Upload): boolean =>
  replayable || (body !== null && !Buffer.isBuffer(body) && !body.isStarted())

const onTrouble = (trip: Trip, error: Trouble, reused: boolean): void => {
  const { context, settings } = trip
  if (trip.over) return
  const code = error.code ?? ''
  const begun = trip.flow !== undefined && !takeBack(trip.flow)
  if (begun) return brokeOff(trip)
  const upstream = context.upstream as Upstream
  const replayable = isWhole(trip.upload) && !trip.informed
  const trouble = { code, message: error.message, handed: trip.handed, reused, replayable }
  const retry = rules.retryOf(context, trouble, trip.again)
  if (retry === 'same') {
    trip.again = true
    return attempt(trip, true)
  }
  const failure = rules.failureOf(trouble, upstream.url)
  settleOnce(trip, 'bad', failure.detail)
  context.tried.push(upstream)
  if (retry === 'other' && choose(context, context.service as Service, settings.clock(), settings.conduct)) {
    trip.settled = false
    return attempt(trip, false)
  }
  recover(trip, failure)
}

/** The request itself does not come to its end. */
const BROKEN = { stalled: 'client-stalled', malformed: 'bad-request', 'too-large': 'body-too-large' } as const

const onBroken = (trip: Trip, why: Broken, detail: string): void => {
  if (trip.over) return
  settleOnce(trip, 'neutral', '')
  cancel(trip)
  reply(trip, problem(trip.context, { why: BROKEN[why], detail: sentenceOf(detail), close: true }))
}

const onUpload = (trip: Trip, ready: Upload): void => {
  if (trip.over) return
  trip.upload = ready
  attempt(trip, false)
}

/** An upstream that says that it cannot: perhaps another one can, and the client does not hear of the first. */
const askedElsewhere = (trip: Trip): boolean => {
  const { context, upload, informed, call, settings } = trip
  if (!upload.replayable || informed || call === undefined || !rules.mayRepeat(context)) return false
  context.tried.push(context.upstream as Upstream)
  if (!choose(context, context.service as Service, settings.clock(), settings.conduct)) return false
  abort(call)
  context.firstByteAt = 0
  trip.settled = false
  attempt(trip, false)
  return true
}

/** What the upstream's side tells of one try. The head of an answer starts a `Flow`, unless a ghost answers instead. */
const listener: Listener<Trip> = {
  handed: (trip) => {
    trip.handed = true
    trip.context.handedAt = trip.settings.clock()
  },
  interim: (trip, head) => {
    trip.informed ||= head.status !== 100
    informational(trip, head)
  },
  head: (trip, answer) => {
    const { context, settings } = trip
    context.firstByteAt = settings.clock()
    const { status, reason } = answer
    const head = (answer.forClient ??= rules.clientFields(answer.lines))
    trip.clocks.patience.done(trip)
    const suspected = status === 500 ? settings.decide.suspect?.(context) : undefined
    const outcome = suspected === 'normal' ? 'neutral' : rules.outcomeOf(status, head.retryAfter)
    settleOnce(trip, outcome, reasonOf(status))
    const ill = suspected === 'far' ? 'status-500' : rules.illStatus(status, head.retryAfter)
    if (ill !== undefined && askedElsewhere(trip)) return
    const instead = ill === undefined ? undefined : settings.decide.replace(context, ill)
    if (instead !== undefined) {
      cancel(trip)
      return reply(trip, instead)
    }
    trip.flow = openFlow(context, { status, text: reason, raw: answer.lines, head, closing: settings.draining() })
  },
  data: (trip, chunk) => {
    if (trip.flow === undefined || pass(trip.flow, chunk)) return true
    const { call, carrier } = trip
    if (call !== undefined) carrier.drained = () => resume(call)
    return false
  },
  pause: (trip) => {
    if (trip.flow !== undefined) flush(trip.flow)
  },
  end: (trip, trailers) => {
    trip.upstreamDone = true
    if (trip.flow !== undefined) finish(trip.flow, trailers)
  },
  failed: (trip, error, reused) => onTrouble(trip, error, reused),
}

const attempt = (trip: Trip, fresh: boolean): void => {
  const { context, settings, upload, carrier } = trip
  const { body } = upload
  const { expecting, received } = carrier
  const { method } = context.arrival
  const { target } = context
  const lines = rules.upstreamFields(context)
  if (expecting && !received) lines.push('expect', '100-continue')
  const framing = framingOf(context, body)
  const gate = settings.gate?.(context)
  context.attempts++
  trip.handed = false
  trip.call = {
    method,
    target,
    lines,
    body,
    framing,
    // What may not be sent twice does not go on a connection that may have been closed by now.
    fresh: fresh || gate !== undefined,
    listener,
    about: trip,
    gate,
    carried: undefined,
    over: false,
  }
  settings.pools.of(context.upstream as Upstream).send(trip.call)
}

const framingOf = ({ head }: Context, body: UploadBody): Call['framing'] => {
  if (body === null) return head.contentLength === 0 ? 0 : 'none'
  if (Buffer.isBuffer(body)) return body.length
  return head.chunked ? 'chunked' : head.contentLength
}

/** It takes longer than is usual: a ghost, where one can answer; otherwise it goes on waiting. */
const onLate = (trip: Trip): void => {
  const { context, settings } = trip
  if (trip.over || trip.flow !== undefined || trip.informed) return
  const instead = settings.decide.replace(context, 'slow')
  if (instead === undefined) return
  settleOnce(trip, 'slow', 'it takes longer than usual')
  cancel(trip)
  reply(trip, instead)
}

/** All of it took too long, whichever side was slow: an answer that has begun breaks off. */
const onOverdue = (trip: Trip): void => {
  const { context, carrier, flow } = trip
  if (trip.over) return
  if (flow !== undefined && !takeBack(flow)) return carrier.via.destroy(carrier)
  if (!carrier.received) return onBroken(trip, 'stalled', 'the body did not arrive in the time that a request may take')
  const { url } = context.upstream as Upstream
  const ms = context.service?.timeouts.total
  const failure: Failure = {
    why: 'timeout',
    sent: trip.handed,
    detail: `${url} did not answer within ${ms} ms in all.`,
  }
  settleOnce(trip, 'bad', failure.detail)
  cancel(trip)
  recover(trip, failure)
}

export const createForward = (settings: ForwardSettings): Phase => {
  const clocks = openClocks<Trip>(settings, { late: onLate, overdue: onOverdue })
  return (context, next) => {
    const carrier = carrierOf(context)
    if (context.arrival.upgrade !== '') return forwardUpgrade(context, next, settings)
    const trip: Trip = {
      context,
      settings,
      next,
      carrier,
      clocks,
      upload: NOTHING,
      call: undefined,
      flow: undefined,
      handed: false,
      informed: false,
      again: false,
      settled: false,
      upstreamDone: false,
      over: false,
    }
    carrier.closed = () => onClientClose(trip)
    beginWaiting(clocks, trip, settings.conduct)
    if (!hasUpload(context)) return attempt(trip, false)
    openUpload(context, {
      limit: settings.maxBody,
      asked: true,
      ready: (upload) => onUpload(trip, upload),
      broken: (why, detail) => onBroken(trip, why, detail),
    })
  }
}
