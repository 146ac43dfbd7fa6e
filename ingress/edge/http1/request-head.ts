/**
 * The head of a request, read strictly (RFC 9112 sections 3, 5 and 6). Whatever two servers could read differently is
 * refused here, since the one behind us may be the other: a length that is said twice, a length beside a transfer coding,
 * a coding in HTTP/1.0, a request line with more than two single spaces.
 */
import { remembered } from '../../../schemas/semantics/remembered.ts'
import { openNotes, type FieldNotes } from '../../phases/notes.ts'
import { checkText, createFieldReader, isToken, ProtocolError, type Note } from './fields.ts'
import { isPersistent } from './response-head.ts'

interface Framing {
  length: number
  codings: string
  connection: string
  expects: string
  upgrade: string
}

/** The field lines of a head and what they say. A client says most of them again with each request on its connection. */
export interface FieldBlock {
  readonly text: string
  /** Name, value, name, value… as they came. */
  readonly lines: readonly string[]
  readonly framing: Framing
  /** What others found out of the lines: it holds for all requests that say them again. */
  readonly notes: FieldNotes
}

export interface RequestHead {
  readonly method: string
  readonly target: string
  /** Of the version HTTP/1.x. */
  readonly minor: number
  readonly block: FieldBlock
  /** Bytes of the body; 0 when there is none, -1 when it comes in chunks. */
  readonly length: number
  /** The client may send another request on this connection. */
  readonly persistent: boolean
  /** Expect, lower case; '' when it is not given. */
  readonly expects: string
  /** The protocol that it asks to go on in, such as websocket; '' for none. */
  readonly upgrade: string
}

export interface HeadLimits {
  /** Bytes of the request target. */
  readonly target: number
  /** Field lines. */
  readonly fields: number
}

const VERSION = /^HTTP\/(\d)\.(\d)$/
const TARGET = /^[\x21-\x7e\x80-\xff]+$/

interface RequestLine {
  readonly method: string
  readonly target: string
  readonly minor: number
}

const versionOf = remembered((text): number => {
  const found = VERSION.exec(text)
  if (found === null) throw new ProtocolError('the request line does not end in a version of HTTP')
  if (found[1] !== '1') throw new ProtocolError('only HTTP/1.0 and HTTP/1.1 are spoken here', 505)
  // A later minor version means what 1.1 means to who does not know it (RFC 9110 section 2.5).
  return Math.min(1, Number(found[2]))
})

/** The longest one that is registered has 17; others are for who made them up. */
const LONGEST_METHOD = 256

const methodOf = remembered((text): string => {
  if (!isToken(text)) throw new ProtocolError('the method of the request is not a token')
  // RFC 9112 section 3.
  if (text.length > LONGEST_METHOD) throw new ProtocolError('no method is as long as the one of the request', 501)
  return text
})

const requestLineOf = (line: string, maxTarget: number): RequestLine => {
  const first = line.indexOf(' ')
  const last = line.indexOf(' ', first + 1)
  if (first < 0 || last < 0) throw new ProtocolError('the request line has not the form "method target version"')
  const minor = versionOf(line.slice(last + 1))
  const method = methodOf(line.slice(0, first))
  const target = line.slice(first + 1, last)
  if (target.length > maxTarget) throw new ProtocolError(`the request target is longer than ${maxTarget} bytes`, 414)
  if (!TARGET.test(target)) throw new ProtocolError('the request target is empty or holds control characters')
  return { method, target, minor }
}

const setLength = (framing: Framing, value: string): void => {
  if (framing.length >= 0) throw new ProtocolError('the request has more than one Content-Length')
  if (!/^0*\d{1,15}$/.test(value)) throw new ProtocolError('the Content-Length is not a number')
  framing.length = Number(value)
}

/** Said again it is the same expectation; in a list with another one it is not understood. */
const expectsOf = (before: string, value: string): string => {
  const all = `${before},${value}`.split(',').map((name) => name.trim())
  return [...new Set(all.filter((name) => name !== ''))].join(',')
}

const readLines = createFieldReader(
  new Map<string, Note<Framing>>([
    ['content-length', setLength],
    ['transfer-encoding', (framing, value) => void (framing.codings += `,${value.toLowerCase()}`)],
    ['connection', (framing, value) => void (framing.connection += `,${value.toLowerCase()}`)],
    ['expect', (framing, value) => void (framing.expects = expectsOf(framing.expects, value.toLowerCase()))],
    ['upgrade', (framing, value) => void (framing.upgrade += `,${value}`)],
  ]),
)

/** RFC 9112 section 6.1: `chunked` alone is understood; another coding in front of it is not (501). */
const checkCodings = (codings: string): void => {
  const names = codings.split(',').map((name) => name.trim())
  if (!names.every(isToken)) throw new ProtocolError('the Transfer-Encoding is not a list of codings')
  if (names.indexOf('chunked') !== names.length - 1)
    throw new ProtocolError('the last transfer coding, and only that, must be chunked')
  if (names.length > 1) throw new ProtocolError('no transfer coding but chunked is understood', 501)
}

/** The number of bytes to come, -1 for chunks (RFC 9112 section 6.3). */
const lengthOf = ({ length, codings }: Framing, minor: number): number => {
  if (codings === '') return Math.max(0, length)
  if (length >= 0) throw new ProtocolError('the request has both a Content-Length and a Transfer-Encoding')
  if (minor === 0) throw new ProtocolError('HTTP/1.0 has no transfer codings')
  if (codings !== ',chunked') checkCodings(codings.slice(1))
  return -1
}

/** HTTP in a tunnel would get around all that stands here (h2c smuggling), and TLS begins at a door. */
const HTTP_ITSELF = /^(?:h2c?|https?|tls)(?:\/|$)/i
/** RFC 9110 section 7.8. */
const PROTOCOL = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+)?$/

/** WebSocket, which begins with GET only (RFC 6455 section 4.1); otherwise the first that is not HTTP itself. */
const protocolOf = ({ method, minor }: RequestLine, { connection, upgrade }: Framing): string => {
  if (minor === 0 || !connection.split(',').some((name) => name.trim() === 'upgrade')) return ''
  const offered = upgrade.split(',').map((name) => name.trim())
  if (offered.some((name) => name.toLowerCase() === 'websocket')) return method === 'GET' ? 'websocket' : ''
  return offered.find((name) => PROTOCOL.test(name) && !HTTP_ITSELF.test(name)) ?? ''
}

const readBlock = (text: string, limits: HeadLimits): FieldBlock => {
  checkText(text)
  const framing: Framing = { length: -1, codings: '', connection: '', expects: '', upgrade: '' }
  const lines = readLines(text, 0, text.length, framing)
  if (lines.length > 2 * limits.fields)
    throw new ProtocolError(`the request has more than ${limits.fields} field lines`, 431)
  return { text, lines, framing, notes: openNotes(lines) }
}

/**
 * Reads a head: `text` is all of it, without the empty line at its end; `last`: the fields of the request before it on
 * its connection. Throws ProtocolError with the status to answer.
 */
export const readRequestHead = (text: string, limits: HeadLimits, last?: FieldBlock): RequestHead => {
  const found = text.indexOf('\r\n')
  const stop = found < 0 ? text.length : found
  const line = requestLineOf(text.slice(0, stop), limits.target)
  const rest = text.slice(stop + 2)
  const block = rest === last?.text ? last : readBlock(rest, limits)
  const { method, target, minor } = line
  const { framing } = block
  const length = lengthOf(framing, minor)
  const { connection, expects } = framing
  const upgrade = framing.upgrade !== '' && length === 0 ? protocolOf(line, framing) : ''
  return { method, target, minor, block, length, persistent: isPersistent(minor, connection), expects, upgrade }
}
