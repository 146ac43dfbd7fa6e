/** WebSocket: the upgrade is passed on, and only after the upstream's 101 do both sockets become one stream. */
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as secure } from 'node:https'
import type { Duplex } from 'node:stream'
import type { ForwardSettings } from './forwarding.ts'
import type { Next } from '../phases/compose.ts'
import type { Context, Upstream } from '../phases/context.ts'
import { failureOf, outcomeOf, upstreamFields, clientFields, withVia } from '../phases/forward.ts'
import { carrierOf, rawHead } from './carrier.ts'

const ask = (context: Context, timeout: number): ClientRequest => {
  const upstream = context.upstream as Upstream
  const open = upstream.url.startsWith('https:') ? secure : request
  const asked = open(upstream.url, {
    method: context.arrival.method,
    path: context.target,
    agent: false,
    setHost: false,
    timeout,
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

/** Forwards an upgrade; `next` follows when the tunnel is closed or the answer went out. */
export const forwardUpgrade = (context: Context, next: Next, settings: ForwardSettings): void => {
  const { socket, head } = carrierOf(context)
  const upstream = context.upstream as Upstream
  const asked = ask(context, context.service?.timeouts.response ?? 0)
  let over = false
  const finish = (): void => {
    if (over) return
    over = true
    next()
  }
  const begin = (answer: IncomingMessage): string => {
    context.attempts = 1
    context.firstByteAt = settings.clock()
    context.status = answer.statusCode ?? 0
    context.answeredBy = 'upstream'
    context.responseHeaders = clientFields(answer.rawHeaders).lines
    settings.settle(context, outcomeOf(context.status), `it answered ${context.status}`)
    const lines = withVia([...context.responseHeaders], context.head.requestId) as string[]
    lines.push('connection', context.status === 101 ? 'Upgrade' : 'close')
    if (context.status === 101) lines.push('upgrade', answer.headers.upgrade ?? 'websocket')
    return rawHead(context.status, answer.statusMessage ?? '', lines)
  }
  asked.on('upgrade', (answer: IncomingMessage, tunnel: Duplex, first: Buffer) => {
    asked.setTimeout(0)
    socket.write(begin(answer), 'latin1')
    if (first.length > 0) socket.write(first)
    if (head.length > 0) tunnel.write(head)
    context.complete = true
    join(socket, tunnel)
    socket.once('close', finish)
  })
  asked.on('response', (answer) => {
    socket.write(begin(answer), 'latin1')
    answer.pipe(socket)
    answer.once('end', () => (context.complete = true))
    answer.once('close', () => answer.complete || socket.destroy())
    socket.once('close', finish)
  })
  asked.on('timeout', () => asked.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })))
  asked.on('error', (error: NodeJS.ErrnoException) => {
    if (context.status !== 0) return void socket.destroy()
    if (over) return
    over = true
    if (socket.destroyed) {
      settings.settle(context, 'neutral', '')
      return next()
    }
    const handed =
      asked.socket !== null && asked.socket !== undefined && !asked.socket.connecting && asked.socket.bytesWritten > 0
    const trouble = { code: error.code ?? '', message: error.message, handed, reused: false, replayable: false }
    const failure = failureOf(trouble, upstream.url)
    settings.settle(context, 'bad', failure.detail)
    next(settings.decide.recover(context, failure))
  })
  socket.once('close', () => {
    if (context.status === 0) asked.destroy(Object.assign(new Error('the client went away'), { code: 'CLIENT_GONE' }))
  })
  asked.end()
}
