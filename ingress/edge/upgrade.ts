/** WebSocket: the upgrade is passed on, and only after the upstream's 101 do both sockets become one stream. */
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as secure } from 'node:https'
import type { Duplex } from 'node:stream'
import type { ForwardSettings } from './forwarding.ts'
import type { Next } from '../phases/compose.ts'
import type { Context, Service, Upstream } from '../phases/context.ts'
import { failureOf, outcomeOf, upstreamFields, clientFields, withVia } from '../phases/forward.ts'
import { finish as endFlow, openFlow, pass } from './answer.ts'
import { carrierOf, type Carrier } from './carrier.ts'
import { rawHead } from './front/answering.ts'
import { addressOf } from './upstream/address.ts'

const ask = (context: Context, { secured }: ForwardSettings): ClientRequest => {
  const { url } = context.upstream as Upstream
  const service = context.service as Service
  const { host, secure: tls } = addressOf(url)
  const asked = (tls ? secure : request)(url, {
    ...(tls ? secured(service, host) : {}),
    method: context.arrival.method,
    path: context.target,
    agent: false,
    setHost: false,
    timeout: service.timeouts.response,
  })
  const lines = upstreamFields(context)
  const grouped = new Map<string, { name: string; values: string[] }>()
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i] as string
    const entry = grouped.get(name.toLowerCase()) ?? { name, values: [] }
    entry.values.push(lines[i + 1] as string)
    grouped.set(name.toLowerCase(), entry)
  }
  for (const { name, values } of grouped.values())
    asked.setHeader(name, values.length === 1 ? (values[0] as string) : values)
  asked.setHeader('connection', 'Upgrade')
  asked.setHeader('upgrade', 'websocket')
  return asked
}

const join = (client: Duplex, upstream: Duplex): void => {
  client.pipe(upstream)
  upstream.pipe(client)
  client.on('error', () => upstream.destroy())
  upstream.on('error', () => client.destroy())
  client.once('close', () => upstream.destroy())
  upstream.once('close', () => client.destroy())
}

/** One upgrade under way. `over`: the request is somebody else's now, or done. */
interface Attempt {
  readonly context: Context
  readonly settings: ForwardSettings
  readonly carrier: Carrier
  readonly asked: ClientRequest
  readonly next: Next
  over: boolean
}

const finish = (attempt: Attempt): void => {
  if (attempt.over) return
  attempt.over = true
  attempt.next()
}

const note = ({ context, settings }: Attempt, status: number): void => {
  context.attempts = 1
  context.firstByteAt = settings.clock()
  settings.settle(context, outcomeOf(status), `it answered ${status}`)
}

const switchOver = (attempt: Attempt, answer: IncomingMessage, tunnel: Duplex, first: Buffer): void => {
  const { context, carrier, asked } = attempt
  const client = carrier.via.takeOver(carrier)
  if (client === undefined) return void tunnel.destroy()
  asked.setTimeout(0)
  note(attempt, 101)
  context.status = 101
  context.answeredBy = 'upstream'
  context.complete = true
  context.responseHeaders = clientFields(answer.rawHeaders).lines
  const lines = withVia([...context.responseHeaders], context.head.requestId, context) as string[]
  lines.push('connection', 'Upgrade', 'upgrade', answer.headers.upgrade ?? 'websocket')
  const { socket } = client
  socket.write(rawHead(101, answer.statusMessage ?? '', lines), 'latin1')
  if (first.length > 0) socket.write(first)
  if (client.first.length > 0) tunnel.write(client.first)
  join(socket, tunnel)
}

/** The upstream does not switch: its answer is one like any other. */
const passAnswer = (attempt: Attempt, answer: IncomingMessage): void => {
  const { context, carrier, settings } = attempt
  const status = answer.statusCode ?? 0
  note(attempt, status)
  const head = clientFields(answer.rawHeaders)
  const flow = openFlow(context, { status, text: answer.statusMessage ?? '', head, closing: settings.draining() })
  answer.on('data', (bytes: Buffer) => {
    if (pass(flow, bytes)) return
    answer.pause()
    carrier.drained = () => answer.resume()
  })
  answer.on('end', () => endFlow(flow, []))
  answer.on('close', () => answer.complete || carrier.via.destroy(carrier))
}

const onError = (attempt: Attempt, error: NodeJS.ErrnoException): void => {
  const { context, carrier, settings, asked } = attempt
  if (attempt.over) return
  if (context.status !== 0) return carrier.via.destroy(carrier)
  attempt.over = true
  const socket = asked.socket ?? undefined
  const handed = socket !== undefined && !socket.connecting && socket.bytesWritten > 0
  const trouble = { code: error.code ?? '', message: error.message, handed, reused: false, replayable: false }
  const failure = failureOf(trouble, (context.upstream as Upstream).url)
  settings.settle(context, 'bad', failure.detail)
  attempt.next(settings.decide.recover(context, failure))
}

/** The client is gone, or has everything. */
const onClosed = (attempt: Attempt): void => {
  const { context, carrier, settings, asked } = attempt
  if (attempt.over) return
  if (context.status === 0) {
    settings.settle(context, 'neutral', 'the client went away')
    context.why = 'client-gone'
  } else if (context.status !== 101) context.complete = carrier.sent
  finish(attempt)
  if (!carrier.sent) asked.destroy()
}

/** Forwards an upgrade; `next` follows when the tunnel is closed or the answer went out. */
export const forwardUpgrade = (context: Context, next: Next, settings: ForwardSettings): void => {
  const carrier = carrierOf(context)
  const asked = ask(context, settings)
  const attempt: Attempt = { context, settings, carrier, asked, next, over: false }
  carrier.closed = () => onClosed(attempt)
  asked.on('upgrade', (answer: IncomingMessage, tunnel: Duplex, first: Buffer) =>
    switchOver(attempt, answer, tunnel, first),
  )
  asked.on('response', (answer) => passAnswer(attempt, answer))
  asked.on('timeout', () => asked.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })))
  asked.on('error', (error) => onError(attempt, error))
  asked.end()
}
