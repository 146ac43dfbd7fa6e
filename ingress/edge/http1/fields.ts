/**
 * Field lines as bytes on the wire, read strictly (RFC 9112 section 5): what two readers could read differently is an
 * error, never a guess. So no folded lines, no bare CR or LF, no control characters and no blank before a colon.
 */
import { remembered } from '../../../schemas/semantics/remembered.ts'

/** A peer does not speak HTTP as it must: its connection is of no use any more. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code = 'PROTOCOL_ERROR'
  /** What a client is told that sent it. */
  readonly status: number
  constructor(message: string, status = 400) {
    super(message)
    this.status = status
  }
}

/** What a reader notes of one field while all of them are read. */
export type Note<T> = (into: T, value: string) => void

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
export const isToken = (text: string): boolean => TOKEN.test(text)

/** Controls, and halves of a line's end: whoever reads on behind one of them may see other fields. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/ // eslint-disable-line no-control-regex

/** Throws when the text of a head or of trailers holds what may not be in one. */
export const checkText = (text: string): void => {
  if (FORBIDDEN.test(text)) throw new ProtocolError('control characters or a broken line end stand among the fields')
}

const isBlank = (c: number): boolean => c === 32 || c === 9

/** Reads the lines in `text[at, end)`, each but the last followed by CRLF: name, value, name, value… as they came. */
export type FieldReader<T> = (text: string, at: number, end: number, into: T) => string[]

export const createFieldReader = <T>(notes: ReadonlyMap<string, Note<T>>): FieldReader<T> => {
  const ignore: Note<T> = () => undefined
  const noteOf = remembered((name): Note<T> => {
    if (!isToken(name)) throw new ProtocolError('a field line has no valid name')
    return notes.get(name.toLowerCase()) ?? ignore
  })
  return (text, at, end, into) => {
    const lines: string[] = []
    for (let from = at; from < end;) {
      const found = text.indexOf('\r\n', from)
      const stop = found < 0 || found > end ? end : found
      const colon = text.indexOf(':', from)
      if (colon < 0 || colon >= stop) throw new ProtocolError('a field line has no colon')
      const name = text.slice(from, colon)
      const note = noteOf(name)
      let first = colon + 1
      let last = stop
      while (first < last && isBlank(text.charCodeAt(first))) first++
      while (last > first && isBlank(text.charCodeAt(last - 1))) last--
      const value = text.slice(first, last)
      lines.push(name, value)
      if (note !== ignore) note(into, value)
      from = stop + 2
    }
    return lines
  }
}
