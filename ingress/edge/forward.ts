/**
 * forward, the sockets' half: sends the request to the chosen upstream and streams its answer to the client as it comes.
 * undici's raw handler, because it costs half of `request()`; its calls for one answer come in one tick when the answer
 * is small, so the head is held until the end of that tick and then goes out in one write with the body.
 */
import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Outcome } from '../balance/breaker.ts'
import { choose } from '../phases/balance.ts'
import type { Next, Phase } from '../phases/compose.ts'
import type { Context, Failure, Reply, Service, Upstream } from '../phases/context.ts'
import * as rules from '../phases/forward.ts'
import { problem } from '../phases/problem.ts'
import { latin1, openFlow, type Flow } from './answer.ts'
import { openUpload, type Upload } from './body.ts'
import { carrierOf, rawHead } from './carrier.ts'
import { carriedBefore } from './pools.ts'
import type { ForwardSettings } from './forwarding.ts'
import { forwardUpgrade } from './upgrade.ts'

/** One request under way. `over`: the answer is somebody else's now, or done. */
interface Trip {
  readonly context: Context
  readonly settings: ForwardSettings
  readonly next: Next
  upload: Upload
  abort: ((error?: Error) => void) | undefined
  handed: boolean
  started: boolean
  /** An interim answer went to the client: the next try's would confuse it. */
  informed: boolean
  again: boolean
  settled: boolean
  upstreamDone: boolean
  over: boolean
}

const settleOnce = (trip: Trip, outcome: Outcome, reason: string): void => {
  if (trip.settled) return
  trip.settled = true
  trip.settings.settle(trip.context, outcome, reason)
}

/** Hands the client over to a reply made here. */
const reply = (trip: Trip, answer: Reply): void => {
  if (trip.over) return
  trip.over = true
  trip.next(answer)
}

const recover = (trip: Trip, failure: Failure): void => reply(trip, trip.settings.decide.recover(trip.context, failure))

/** 1xx (but 100 and 101) go to the client at once, if it is its turn and it knows them. */
const informational = (context: Context, status: number, text: string, raw: readonly Buffer[]): void => {
  const { res } = carrierOf(context)
  if (res === undefined || res.headersSent || !res.socket || context.arrival.protocol !== 'HTTP/1.1') return
  res.socket.write(rawHead(status, text, rules.clientFields(raw, latin1).lines), 'latin1')
}

/** The client is gone, or has everything. */
const onClientClose = (trip: Trip): void => {
  if (trip.over) return
  trip.over = true
  const { context } = trip
  const { res } = carrierOf(context)
  context.complete = trip.upstreamDone && res?.writableFinished === true
  if (!trip.upstreamDone) {
    settleOnce(trip, 'neutral', 'the client went away')
    if (context.status === 0) context.why = 'client-gone'
    trip.abort?.()
  }
  trip.next()
}

const onTrouble = (trip: Trip, error: Error & { readonly code?: string }): void => {
  const { context, settings } = trip
  if (trip.over) return
  const code = error.code ?? ''
  if (trip.started || code === 'CLIENT_GONE') return void carrierOf(context).socket.destroy()
  if (code === 'CLIENT_STALLED') return stalled(trip)
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    settleOnce(trip, 'neutral', '')
    return reply(
      trip,
      problem(context, { why: 'bad-request', detail: `The request cannot be passed on: ${error.message}.` }),
    )
  }
  const upstream = context.upstream as Upstream
  const trouble = {
    code,
    message: error.message,
    handed: trip.handed,
    reused: carriedBefore(error),
    replayable: trip.upload.replayable && !trip.informed,
  }
  const retry = rules.retryOf(context, trouble, trip.again)
  if (retry === 'same') {
    trip.again = true
    return attempt(trip)
  }
  const failure = rules.failureOf(trouble, upstream.url)
  settleOnce(trip, 'bad', failure.detail)
  context.tried.push(upstream)
  if (retry === 'other' && choose(context, context.service as Service, settings.clock())) {
    trip.settled = false
    return attempt(trip)
  }
  recover(trip, failure)
}

const stalled = (trip: Trip): void => {
  settleOnce(trip, 'neutral', '')
  const detail = `The body stopped arriving for ${trip.settings.stallTimeout} ms.`
  reply(trip, problem(trip.context, { why: 'client-stalled', detail, close: true }))
}

/** undici's calls for one try. The head of an answer starts a `Flow`, unless a ghost answers instead. */
const handlerOf = (trip: Trip, res: ServerResponse): Dispatcher.DispatchHandler => {
  const { context, settings } = trip
  let flow: Flow | undefined
  return {
    onConnect: (abort) => {
      trip.abort = abort
      trip.handed = true
      context.handedAt = settings.clock()
      if (trip.over) abort()
    },
    onHeaders: (status, raw, resume, text) => {
      if (trip.over) return true
      if (status < 200) {
        trip.informed = true
        informational(context, status, text, raw)
        return true
      }
      context.firstByteAt = settings.clock()
      const head = rules.clientFields(raw, latin1)
      settleOnce(trip, rules.outcomeOf(status), `it answered ${status}`)
      const ill = rules.illStatus(status, head.retryAfter)
      const instead = ill === undefined ? undefined : settings.decide.replace(context, ill)
      if (instead !== undefined) {
        reply(trip, instead)
        return true
      }
      trip.started = true
      flow = openFlow(context, res, { status, text, head, closing: settings.draining() })
      res.on('drain', resume)
      return true
    },
    onData: (chunk) => trip.over || flow === undefined || flow.data(chunk),
    onComplete: (trailers) => {
      trip.upstreamDone = true
      if (!trip.over) flow?.end(trailers ?? [])
    },
    onError: (error) => onTrouble(trip, error),
  }
}

const attempt = (trip: Trip): void => {
  const { context, settings } = trip
  const { res } = carrierOf(context)
  if (res === undefined) return
  context.attempts++
  trip.handed = false
  settings.pools.of(context.upstream as Upstream).dispatch(
    {
      path: context.target,
      method: context.arrival.method as Dispatcher.HttpMethod,
      headers: rules.upstreamFields(context),
      body: trip.upload.body ?? null,
      ...(context.arrival.method === 'HEAD' ? { reset: false } : {}),
    },
    handlerOf(trip, res),
  )
}

export const createForward =
  (settings: ForwardSettings): Phase =>
  (context, next) => {
    if (context.arrival.kind === 'upgrade') return forwardUpgrade(context, next, settings)
    const { res } = carrierOf(context)
    const upload: Upload = { body: null, replayable: true }
    const flags = {
      handed: false,
      started: false,
      informed: false,
      again: false,
      settled: false,
      upstreamDone: false,
      over: false,
    }
    const trip: Trip = { context, settings, next, upload, abort: undefined, ...flags }
    res?.once('close', () => onClientClose(trip))
    openUpload(context, settings.stallTimeout, (ready) => {
      if (trip.over) return
      trip.upload = ready
      if (ready.body === undefined) stalled(trip)
      else attempt(trip)
    })
  }
