/**
 * Sends a kept write the way a client's request goes: through accept, route, balance and forward, so that breakers, retries,
 * TLS and the log see it as they see every request. What is not there is a client: the body comes from memory, and the
 * answer goes nowhere but to capture.
 */
import { createBalance } from '../../phases/balance.ts'
import { compose, type Phase } from '../../phases/compose.ts'
import { openContext, type Arrival, type Context, type Failure, type Service } from '../../phases/context.ts'
import type { Decide } from '../../phases/decide.ts'
import { fieldOf } from '../../phases/fields.ts'
import type { KeptWrite, Outcome } from '../../phases/kept.ts'
import { problem } from '../../phases/problem.ts'
import { createRoute } from '../../phases/route.ts'
import { conclude, sendReply, type BodyReader, type Carrier, type Wire } from '../carrier.ts'
import { monotonic, wall } from '../clock.ts'
import { uuid7 } from '../ids.ts'
import type { Settling } from '../settle.ts'
import type { Gate } from '../upstream/call.ts'

export interface Letter {
  readonly method: string
  readonly target: string
  readonly lines: readonly string[]
  readonly peer: string
  readonly secure: boolean
  readonly body: Buffer
}

export interface Answered {
  readonly outcome: Outcome
  readonly context: Context
}

interface MessengerSettings {
  readonly accept: Phase
  readonly route: Phase
  readonly balance: (recover: Recover) => Phase
  readonly forward: (recover: Recover, gate: (context: Context) => Gate | undefined) => Phase
  /** It is over; `onLog`: it stands on the log. */
  readonly over: (context: Context, onLog: boolean) => void
  readonly maxBody: number
}

type Recover = (context: Context, failure: Failure) => ReturnType<typeof problem>

export interface Sending {
  /** Whether it stands on the log. */
  readonly onLog: boolean
  /** Told when a connection stands and nothing was sent yet: whether it may be. */
  readonly gate?: Gate
}

export type Send = (letter: Letter, sending: Sending) => Promise<Answered>

const noop = (): void => undefined

interface Paper extends Carrier {
  readonly body: Buffer
}

/** The client that is not there: it takes everything at once. */
const PAPER: Wire<Paper> = {
  read: (carrier: Paper, reader: BodyReader) =>
    queueMicrotask(() => {
      carrier.received = true
      if (carrier.body.length > 0) reader.data(carrier.body)
      reader.end([])
    }),
  pause: noop,
  resume: noop,
  interim: noop,
  begin: (carrier) => void (carrier.begun = true),
  flush: noop,
  write: () => true,
  end: (carrier) => conclude(carrier, true, noop),
  destroy: (carrier) => conclude(carrier, false, noop),
  reset: (carrier) => conclude(carrier, false, noop),
  takeOver: () => undefined,
}

const contextOf = ({ method, target, lines, peer, secure, body }: Letter, maxBody: number): Context => {
  const at = wall()
  const state = { received: body.length === 0, expecting: false, begun: false, sent: false, over: false }
  const carrier: Paper = { ...state, via: PAPER as unknown as Wire, body, drained: undefined, closed: undefined }
  const about = { method, target, peer, secure, rawHeaders: lines, carrier, chunked: false }
  const times = { id: uuid7(at / 1000), at, started: monotonic() }
  const arrival: Arrival = { ...times, ...about, protocol: 'HTTP/1.1', upgrade: '' }
  return Object.assign(openContext(arrival, maxBody), { replayed: true })
}

/** The request of a kept write, with its key, and with the condition under which it was accepted. */
export const letterOf = ({ method, target, lines, peer, secure, body, base }: KeptWrite): Letter => {
  const conditional = base === '' || fieldOf(lines, 'if-match') !== undefined ? lines : [...lines, 'if-match', base]
  return { method, target, lines: conditional, peer, secure, body: Buffer.from(body, 'base64') }
}

const NO_ANSWER: Pick<Failure, 'sent' | 'detail'> = { sent: false, detail: 'no answer' }

const createMessenger = (settings: MessengerSettings): Send => {
  const failures = new WeakMap<Context, Failure>()
  const waiting = new WeakMap<Context, Sending & { readonly done: (answered: Answered) => void }>()
  const recover: Recover = (context, failure) => {
    failures.set(context, failure)
    return problem(context, { why: failure.why as 'internal', detail: failure.detail })
  }
  const outcomeOf = (context: Context): Outcome => {
    if (context.answeredBy === 'upstream') return { kind: 'answer', status: context.status }
    return {
      kind: 'none',
      failure: failures.get(context) ?? { ...NO_ANSWER, detail: `it was refused: ${context.why}` },
    }
  }
  const run = compose({
    phases: [
      ['accept', settings.accept],
      ['route', settings.route],
      ['balance', settings.balance(recover)],
      ['forward', settings.forward(recover, (context) => waiting.get(context)?.gate)],
    ],
    answer: (context, reply, done) => sendReply(context, reply, false, done),
    record: (context) => {
      const found = waiting.get(context)
      const outcome = outcomeOf(context)
      // A backend that is still away is no exchange: it would be one every few seconds.
      settings.over(context, found?.onLog === true && (outcome.kind === 'answer' || outcome.failure.sent))
      found?.done({ outcome, context })
    },
    defect: (context, phase) => problem(context, { why: 'internal', detail: `The phase ${phase} failed.` }),
  })
  return (letter, sending) =>
    new Promise((done) => {
      const context = contextOf(letter, settings.maxBody)
      waiting.set(context, { ...sending, done })
      run(context)
    })
}

export interface ReplaySettings {
  readonly queue: { readonly start: (send: Send) => void }
  readonly services: readonly Service[]
  readonly settling: Pick<Settling, 'over'>
  readonly accept: Phase
  readonly forward: (decide: Pick<Decide, 'recover' | 'replace'>, gate: (context: Context) => Gate | undefined) => Phase
  readonly record: (context: Context) => void
  readonly clock: () => number
  readonly maxBody: number
}

/** Kept writes go the way of clients' requests, but for what concerns clients: no limits, no faults, no ghosts. */
export const startReplays = (settings: ReplaySettings): void => {
  const { queue, services, settling, accept, forward, record, clock, maxBody } = settings
  const send = createMessenger({
    accept,
    route: createRoute(services),
    balance: (recover) => createBalance({ clock, recover }),
    forward: (recover, gate) => forward({ recover, replace: () => undefined }, gate),
    maxBody,
    over: (context, onLog) => {
      settling.over(context)
      if (onLog) record(context)
    },
  })
  queue.start(send)
}
