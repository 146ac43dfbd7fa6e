/** Asks an upstream that speaks HTTP/2 for a WebSocket: the extended CONNECT of RFC 8441, a stream among others. */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { headersOf } from '../headers.ts'
import type { AskEvents, Asking, Drop } from './ask.ts'
import { withoutKey } from './handshake.ts'

export interface Http2Place {
  readonly http2: ClientHttp2Session
  readonly scheme: string
  readonly authority: string
  /** ms until the answer must be there. */
  readonly response: number
  readonly closed: () => void
}

/** Calls back with whether the server takes an extended CONNECT; it says so with its first frame. `told`: that has come. */
export const whenTold = (
  { http2, told }: { readonly http2: ClientHttp2Session; readonly told: boolean },
  then: (offered: boolean) => void,
): void => {
  const tell = (): void => {
    http2.off('remoteSettings', tell).off('close', tell)
    then(!http2.destroyed && http2.remoteSettings.enableConnectProtocol === true)
  }
  if (told) return tell()
  http2.once('remoteSettings', tell).once('close', tell)
}

const NOT_SENT = new Set(['host', 'connection', 'upgrade'])

const requestOn = ({ http2, scheme, authority }: Http2Place, target: string, lines: string[]): ClientHttp2Stream => {
  const { host, ...headers } = headersOf(lines)
  for (const name of NOT_SENT) delete headers[name]
  return http2.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': scheme,
      ':path': target,
      ':authority': String(host ?? authority),
      ...headers,
    },
    { endStream: false },
  )
}

const fieldsOf = (raw: readonly string[]): string[] =>
  raw.filter((_, i) => !(raw[i - (i % 2)] as string).startsWith(':'))

/** On a session whose server has offered it. */
export const askOverHttp2 = (place: Http2Place, { target, lines }: Asking, events: AskEvents): Drop => {
  const asking = withoutKey(lines)
  const stream = requestOn(place, target, asking.lines)
  let over = false
  const fail = (error: Error): void => {
    if (!over) events.failed(error)
  }
  stream.setTimeout(place.response, () =>
    fail(Object.assign(new Error(`no answer within ${place.response} ms`), { code: 'ETIMEDOUT' })),
  )
  stream.on('response', (headers, _flags, raw?: string[]) => {
    if (over) return
    stream.setTimeout(0)
    const status = Number(headers[':status'])
    const answer = { status, reason: '', lines: fieldsOf(raw ?? []) }
    if (status < 200) return fail(new Error('it answers with no valid status'))
    if (status >= 300) return events.answered(answer, stream, () => stream.rstCode === 0)
    over = true
    events.switched({ ...answer, lines: [...answer.lines, ...asking.proof] }, stream, Buffer.alloc(0))
  })
  stream.on('error', (error) => fail(error))
  stream.on('close', place.closed)
  stream.on('close', () => fail(Object.assign(new Error('the stream was closed'), { code: 'ECONNRESET' })))
  events.handed()
  return () => {
    if (over) return
    over = true
    stream.destroy()
  }
}
