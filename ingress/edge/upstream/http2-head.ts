/** The heads of an upstream that speaks HTTP/2: of the request as it gets it, of the answer as HTTP/1.1 would say it. */
import type { OutgoingHttpHeaders } from 'node:http2'
import { isValidValue } from '../../phases/fields.ts'
import { headersOf } from '../headers.ts'
import { ProtocolError } from '../http1/fields.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Call } from './call.ts'

const FRAMING = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'keep-alive', 'upgrade'])

export const headersFor = (call: Call, url: URL): OutgoingHttpHeaders => {
  let authority = url.host
  const lines: string[] = []
  for (let i = 0; i < call.lines.length; i += 2) {
    const name = (call.lines[i] as string).toLowerCase()
    const value = call.lines[i + 1] as string
    if (name === 'host') authority = value
    if (!FRAMING.has(name)) lines.push(name, value)
  }
  if (typeof call.framing === 'number') lines.push('content-length', String(call.framing))
  return {
    ':method': call.method,
    ':path': call.target,
    ':scheme': url.protocol.slice(0, -1),
    ':authority': authority,
    ...headersOf(lines),
  }
}

export const headOf = (raw: readonly string[]): ResponseHead => {
  const lines: string[] = []
  let status = 0
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    if (name === ':status') status = Number(value)
    else if (name.startsWith(':') || !isValidValue(value)) throw new ProtocolError('a field of the answer is not valid')
    else lines.push(name, value)
  }
  // nghttp2 takes any three digits.
  if (status < 100 || status === 101) throw new ProtocolError('the answer has no valid status')
  return { status, reason: '', lines, length: -1, chunked: false, persistent: true, idle: -1 }
}
