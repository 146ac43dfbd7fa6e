/** A call with a gate, over HTTP/2: first the connection, then the word that the request may go, then its first byte. */
import type { ClientHttp2Session } from 'node:http2'
import type { Call, Trouble } from './call.ts'
import { troubleOf } from './connection.ts'

export interface Gated {
  readonly http2: Pick<ClientHttp2Session, 'destroyed' | 'off' | 'once'>
  /** It is connected. */
  readonly ready: boolean
  readonly error: Trouble | undefined
}

/** `send` is called when the gate lets it through; the call fails otherwise, with nothing sent. */
export const passGate = (session: Gated, call: Call, send: () => void): void => {
  const { http2 } = session
  const fail = (): void => {
    if (call.over) return
    call.over = true
    const error = session.error ?? troubleOf('ECONNRESET', 'the connection was closed')
    call.listener.failed(call.about, error, false)
  }
  const ask = (): void =>
    call.gate?.((may) => {
      http2.off('close', fail)
      if (may && !http2.destroyed && !call.over) send()
      else fail()
    })
  http2.once('close', fail)
  if (session.ready) ask()
  else http2.once('connect', () => (session.ready ? ask() : undefined))
}
