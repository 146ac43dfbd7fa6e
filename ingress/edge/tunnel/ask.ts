/** Asks an upstream to switch to another protocol; how depends on what it speaks, what is told does not. */
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as secure, type RequestOptions } from 'node:https'
import type { Duplex, Readable } from 'node:stream'
import type { FieldLines } from '../../phases/context.ts'
import { addressOf } from '../upstream/address.ts'
import type { Limits } from '../upstream/connection.ts'
import type { PoolOptions } from '../upstream/options.ts'

export interface Asking {
  readonly method: string
  /** To switch to, such as websocket. */
  readonly protocol: string
  /** Origin-form. */
  readonly target: string
  /** End-to-end fields; for WebSocket Sec-WebSocket-Key is among them. */
  readonly lines: FieldLines
}

export interface Answered {
  readonly status: number
  readonly reason: string
  /** As they came; when it switched to WebSocket, Sec-WebSocket-Accept is among them. */
  readonly lines: FieldLines
}

/** One of `switched`, `answered` and `failed` comes, `failed` also after `answered`; nothing after `drop`. */
export interface AskEvents {
  /** The request goes out. */
  handed(): void
  /** `first`: what came behind the answer. */
  switched(answer: Answered, tunnel: Duplex, first: Buffer): void
  /** It does not switch. `whole`: whether all of the body came, once it is closed. */
  answered(answer: Answered, body: Readable, whole: () => boolean): void
  failed(error: NodeJS.ErrnoException): void
}

/** Nobody wants the answer any more; a tunnel goes on. */
export type Drop = () => void

/** Fields in order, those that repeat as one list, as node:http wants them. */
const setFields = (asked: ClientRequest, { lines, protocol }: Asking): void => {
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
  asked.setHeader('upgrade', protocol)
}

const answerOf = ({ statusCode = 0, statusMessage = '', rawHeaders }: IncomingMessage): Answered => ({
  status: statusCode,
  reason: statusMessage,
  lines: rawHeaders,
})

const late = (what: string, ms: number): Error =>
  Object.assign(new Error(`no ${what} within ${ms} ms`), { code: 'ETIMEDOUT' })

/** `ready`: the event by which a socket says that it is connected. */
const watch = (asked: ClientRequest, ready: string, { connect, response }: Limits, handed: () => void): void => {
  let connected = false
  asked.on('socket', (socket) =>
    socket.once(ready, () => {
      connected = true
      asked.setTimeout(response)
      handed()
    }),
  )
  asked.on('timeout', () => asked.destroy(connected ? late('answer', response) : late('connection', connect)))
}

/** Over HTTP/1.1 (RFC 9110 section 7.8, RFC 6455 section 4.1), on a connection of its own. */
export const askOverHttp1 = ({ url, limits, secured }: PoolOptions, asking: Asking, events: AskEvents): Drop => {
  const { host, secure: tls } = addressOf(url)
  // Either side may end first, and hear the other to its end.
  const options: RequestOptions & { allowHalfOpen: true } = {
    ...(tls ? { ...secured(host), ALPNProtocols: ['http/1.1'] } : {}),
    method: asking.method,
    path: asking.target,
    agent: false,
    setHost: false,
    timeout: limits.connect,
    allowHalfOpen: true,
  }
  const asked = (tls ? secure : request)(url, options)
  let over = false
  setFields(asked, asking)
  watch(asked, tls ? 'secureConnect' : 'connect', limits, () => over || events.handed())
  asked.on('upgrade', (answer: IncomingMessage, tunnel: Duplex, first: Buffer) => {
    if (over) return void tunnel.destroy()
    over = true
    if (answer.headers.upgrade?.toLowerCase() !== asking.protocol.toLowerCase()) {
      tunnel.destroy()
      return events.failed(new Error('it switches to what nobody asked for'))
    }
    asked.setTimeout(0)
    events.switched(answerOf(answer), tunnel, first)
  })
  asked.on('response', (answer) => over || events.answered(answerOf(answer), answer, () => answer.complete))
  asked.on('error', (error) => over || events.failed(error))
  asked.end()
  return () => {
    if (over) return
    over = true
    asked.destroy()
  }
}
