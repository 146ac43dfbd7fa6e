/**
 * The head of a response, read strictly (RFC 9112 sections 4, 5 and 6): what two readers could read differently is an error,
 * never a guess. So no folded lines, no bare CR or LF, no blank before a colon, no repeated Content-Length, none beside
 * Transfer-Encoding, and no transfer coding but `chunked`.
 */

import { remembered } from '../../../schemas/semantics/remembered.ts'

/** The upstream does not speak HTTP as it must: its connection is of no use any more. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code = 'UPSTREAM_PROTOCOL'
}

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** Field lines: name, value, name, value… as they came. */
  readonly lines: readonly string[]
  /** Content-Length; -1 when it is not given. */
  readonly length: number
  readonly chunked: boolean
  /** The connection may carry another exchange. */
  readonly persistent: boolean
  /** How long the upstream keeps an idle connection, ms; -1 when it does not say. */
  readonly idle: number
}

interface StatusLine {
  readonly minor: number
  readonly status: number
  readonly reason: string
}

interface Framing {
  length: number
  chunked: boolean
  connection: string
  idle: number
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/

const statusLineOf = remembered((line): StatusLine => {
  const found = STATUS_LINE.exec(line)
  if (found === null) throw new ProtocolError('the answer does not begin with a status line of HTTP/1')
  return { minor: Number(found[1]), status: Number(found[2]), reason: found[3] ?? '' }
})

const setLength = (framing: Framing, value: string): void => {
  if (framing.length >= 0) throw new ProtocolError('the answer has more than one Content-Length')
  if (!/^\d{1,15}$/.test(value)) throw new ProtocolError('the Content-Length of the answer is not a number')
  framing.length = Number(value)
}

const setCoding = (framing: Framing, value: string): void => {
  if (framing.chunked || value.toLowerCase() !== 'chunked')
    throw new ProtocolError('the answer has a transfer coding besides chunked')
  framing.chunked = true
}

/** `timeout=5`: not in a standard, but what most servers say. */
const setIdle = (framing: Framing, value: string): void => {
  const seconds = /timeout=(\d{1,6})/i.exec(value)?.[1]
  if (seconds !== undefined) framing.idle = Number(seconds) * 1000
}

type Note = (framing: Framing, value: string) => void
const ignore: Note = () => undefined

/** The fields that say where a message ends and what becomes of the connection (RFC 9112 sections 6 and 9). */
const NOTES: ReadonlyMap<string, Note> = new Map<string, Note>([
  ['content-length', setLength],
  ['transfer-encoding', setCoding],
  ['connection', (framing, value) => void (framing.connection += `,${value.toLowerCase()}`)],
  ['keep-alive', setIdle],
])

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

const noteOf = remembered((name): Note => {
  if (!TOKEN.test(name)) throw new ProtocolError('a field line of the answer has no valid name')
  return NOTES.get(name.toLowerCase()) ?? ignore
})

/** Controls, and halves of a line's end: whoever reads on behind one of them may see other fields. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/ // eslint-disable-line no-control-regex

const isBlank = (c: number): boolean => c === 32 || c === 9

/** Field lines in `text[at, end)`, each but the last followed by CRLF; calls `each` for the edge's own reading. */
export const readLines = (
  text: string,
  at: number,
  end: number,
  each: (note: Note, value: string) => void,
): string[] => {
  const lines: string[] = []
  for (let from = at; from < end;) {
    const found = text.indexOf('\r\n', from)
    const stop = found < 0 || found > end ? end : found
    const colon = text.indexOf(':', from)
    if (colon < 0 || colon >= stop) throw new ProtocolError('a field line of the answer has no colon')
    const name = text.slice(from, colon)
    const note = noteOf(name)
    let first = colon + 1
    let last = stop
    while (first < last && isBlank(text.charCodeAt(first))) first++
    while (last > first && isBlank(text.charCodeAt(last - 1))) last--
    const value = text.slice(first, last)
    lines.push(name, value)
    if (note !== ignore) each(note, value)
    from = stop + 2
  }
  return lines
}

export const checkText = (text: string): void => {
  if (FORBIDDEN.test(text)) throw new ProtocolError('the head of the answer holds control characters')
}

const isPersistent = (minor: number, connection: string): boolean => {
  if (connection === '') return minor === 1
  const options = connection.split(',').map((option) => option.trim())
  return !options.includes('close') && (minor === 1 || options.includes('keep-alive'))
}

/** Reads a head: `text` is all of it, without the empty line at its end. Throws ProtocolError. */
export const readHead = (text: string): ResponseHead => {
  checkText(text)
  const first = text.indexOf('\r\n')
  const { minor, status, reason } = statusLineOf(first < 0 ? text : text.slice(0, first))
  const framing: Framing = { length: -1, chunked: false, connection: '', idle: -1 }
  const each = (note: Note, value: string): void => note(framing, value)
  const lines = first < 0 ? [] : readLines(text, first + 2, text.length, each)
  const { length, chunked, connection, idle } = framing
  if (chunked && (length >= 0 || minor === 0)) throw new ProtocolError('the answer says in two ways where it ends')
  if (status === 101) throw new ProtocolError('the upstream switches protocols unasked')
  return { status, reason, lines, length, chunked, persistent: isPersistent(minor, connection), idle }
}
