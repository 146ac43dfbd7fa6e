/**
 * WebSocket and other protocols: the request to switch is passed on, and only after the upstream has switched do both sides
 * become one stream. For WebSocket each side speaks HTTP/1.1 (RFC 6455) or HTTP/2 (RFC 8441) as it does otherwise.
 */
import type { Duplex, Readable } from 'node:stream'
import type { ForwardSettings } from './forwarding.ts'
import { choose } from '../phases/balance.ts'
import type { Next } from '../phases/compose.ts'
import type { Context, Service, Upstream } from '../phases/context.ts'
import { clientFields, failureOf, outcomeOf, retryOf, upstreamFields, withVia } from '../phases/forward.ts'
import { finish as endFlow, openFlow, pass } from './answer.ts'
import { carrierOf, type Carrier } from './carrier.ts'
import type { Answered, Drop } from './tunnel/ask.ts'
import { join } from './tunnel/join.ts'

/** One upgrade under way. `over`: the request is somebody else's now, or done. */
interface Attempt {
  readonly context: Context
  readonly settings: ForwardSettings
  readonly carrier: Carrier
  readonly next: Next
  handed: boolean
  drop: Drop
  over: boolean
}

const finish = (attempt: Attempt): void => {
  if (attempt.over) return
  attempt.over = true
  attempt.next()
}

const note = ({ context, settings }: Attempt, status: number): void => {
  context.firstByteAt = settings.clock()
  settings.settle(context, outcomeOf(status), `it answered ${status}`)
}

const switchOver = (attempt: Attempt, answer: Answered, tunnel: Duplex, first: Buffer): void => {
  const { context, carrier, settings } = attempt
  const { lines } = clientFields(answer.lines)
  const told = withVia([...lines], context.head.requestId, context)
  const client = carrier.via.takeOver(carrier, {
    protocol: context.arrival.upgrade,
    reason: answer.reason,
    lines: told,
  })
  if (client === undefined) {
    tunnel.destroy()
    return onError(attempt, new Error('it switches without the proof of RFC 6455'))
  }
  note(attempt, 101)
  context.status = 101
  context.answeredBy = 'upstream'
  context.complete = true
  context.responseHeaders = lines
  const { socket } = client
  if (first.length > 0) socket.write(first)
  if (client.first.length > 0) tunnel.write(client.first)
  join(socket, tunnel, settings.tunnelIdle)
}

/** The upstream does not switch: its answer is one like any other. */
const passAnswer = (attempt: Attempt, answer: Answered, body: Readable, whole: () => boolean): void => {
  const { context, carrier, settings } = attempt
  const { status, reason: text } = answer
  // To a client of HTTP/2 it would say that the tunnel is there (RFC 8441 section 5).
  if (status < 300 && context.arrival.protocol === 'HTTP/2')
    return onError(attempt, new Error(`it answers ${status} and does not switch`))
  note(attempt, status)
  const head = clientFields(answer.lines)
  const flow = openFlow(context, { status, text, raw: answer.lines, head, closing: settings.draining() })
  body.on('data', (bytes: Buffer) => {
    if (pass(flow, bytes)) return
    body.pause()
    carrier.drained = () => body.resume()
  })
  body.on('end', () => whole() && endFlow(flow, []))
  body.on('close', () => whole() || carrier.via.destroy(carrier))
}

const onError = (attempt: Attempt, error: NodeJS.ErrnoException): void => {
  const { context, carrier, settings, handed } = attempt
  if (attempt.over) return
  if (context.status !== 0) return carrier.via.destroy(carrier)
  const upstream = context.upstream as Upstream
  const trouble = { code: error.code ?? '', message: error.message, handed, reused: false, replayable: true }
  const failure = failureOf(trouble, upstream.url)
  settings.settle(context, 'bad', failure.detail)
  attempt.drop()
  context.tried.push(upstream)
  const another = retryOf(context, trouble, true) === 'other'
  if (another && choose(context, context.service as Service, settings.clock(), settings.conduct)) return ask(attempt)
  attempt.over = true
  attempt.next(settings.decide.recover(context, failure))
}

/** The client is gone, or has everything. */
const onClosed = (attempt: Attempt): void => {
  const { context, carrier, settings } = attempt
  if (attempt.over) return
  if (context.status === 0) {
    settings.settle(context, 'neutral', 'the client went away')
    context.why = 'client-gone'
  } else if (context.status !== 101) context.complete = carrier.sent
  finish(attempt)
  if (!carrier.sent) attempt.drop()
}

const ask = (attempt: Attempt): void => {
  const { context, settings } = attempt
  context.attempts++
  attempt.handed = false
  const { method, upgrade: protocol } = context.arrival
  const asking = { method, protocol, target: context.target, lines: upstreamFields(context) }
  attempt.drop = settings.pools.of(context.upstream as Upstream).ask(asking, {
    handed: () => {
      attempt.handed = true
      context.handedAt = settings.clock()
    },
    switched: (answer, tunnel, first) => switchOver(attempt, answer, tunnel, first),
    answered: (answer, body, whole) => passAnswer(attempt, answer, body, whole),
    failed: (error) => onError(attempt, error),
  })
}

/** Forwards an upgrade; `next` follows when the tunnel is closed or the answer went out. */
export const forwardUpgrade = (context: Context, next: Next, settings: ForwardSettings): void => {
  const carrier = carrierOf(context)
  const attempt: Attempt = { context, settings, carrier, next, handed: false, drop: () => undefined, over: false }
  carrier.closed = () => onClosed(attempt)
  ask(attempt)
}
