/**
 * The head of a response, read strictly (RFC 9112 sections 4 and 6): no repeated Content-Length, none beside
 * Transfer-Encoding, and no transfer coding but `chunked`.
 */
import { remembered } from '../../../schemas/semantics/remembered.ts'
import type { AnswerHead } from '../../phases/forward.ts'
import { checkText, createFieldReader, ProtocolError, type Note } from './fields.ts'

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
  /** What of it goes to clients, once somebody has asked for that. */
  forClient?: AnswerHead
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

const STATUS_LINE = /^HTTP\/1\.(\d) ([1-9]\d\d)(?: (.*))?$/

const statusLineOf = remembered((line): StatusLine => {
  const found = STATUS_LINE.exec(line)
  if (found === null) throw new ProtocolError('the answer does not begin with a status line of HTTP/1')
  // A later minor version means what 1.1 means to who does not know it (RFC 9110 section 2.5).
  return { minor: Math.min(1, Number(found[1])), status: Number(found[2]), reason: found[3] ?? '' }
})

const setLength = (framing: Framing, value: string): void => {
  if (framing.length >= 0) throw new ProtocolError('the answer has more than one Content-Length')
  if (!/^0*\d{1,15}$/.test(value)) throw new ProtocolError('the Content-Length of the answer is not a number')
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

/** The fields that say where a message ends and what becomes of the connection (RFC 9112 sections 6 and 9). */
const readLines = createFieldReader(
  new Map<string, Note<Framing>>([
    ['content-length', setLength],
    ['transfer-encoding', setCoding],
    ['connection', (framing, value) => void (framing.connection += `,${value.toLowerCase()}`)],
    ['keep-alive', setIdle],
  ]),
)

/** RFC 9112 section 9.3. `connection`: all values of Connection, lower case. */
export const isPersistent = (minor: number, connection: string): boolean => {
  if (connection === '') return minor === 1
  const options = connection.split(',').map((option) => option.trim())
  return !options.includes('close') && (minor === 1 || options.includes('keep-alive'))
}

const BEGINNING = 'HTTP/1.'

/** Throws when this cannot become the head of an answer, so that nobody waits for the rest of it. */
export const checkBeginning = (text: string): void => {
  const isRight = text.length < BEGINNING.length ? BEGINNING.startsWith(text) : text.startsWith(BEGINNING)
  if (!isRight) throw new ProtocolError('the answer does not begin with a status line of HTTP/1')
  checkText(text.endsWith('\r') ? text.slice(0, -1) : text)
}

/** Reads a head: `text` is all of it, without the empty line at its end. Throws ProtocolError. */
export const readHead = (text: string): ResponseHead => {
  checkText(text)
  const first = text.indexOf('\r\n')
  const { minor, status, reason } = statusLineOf(first < 0 ? text : text.slice(0, first))
  const framing: Framing = { length: -1, chunked: false, connection: '', idle: -1 }
  const lines = first < 0 ? [] : readLines(text, first + 2, text.length, framing)
  const { length, chunked, connection, idle } = framing
  if (chunked && (length >= 0 || minor === 0)) throw new ProtocolError('the answer says in two ways where it ends')
  if (status === 101) throw new ProtocolError('the upstream switches protocols unasked')
  return { status, reason, lines, length, chunked, persistent: isPersistent(minor, connection), idle }
}
