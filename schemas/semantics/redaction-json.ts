/**
 * Secret fields in JSON text, found without parsing it: by each colon that follows a string. The text may be cut, broken,
 * or JSON inside a JSON string (`\"password\":\"…\"`); whatever is not replaced stays byte for byte.
 */

const isSpace = (c: number): boolean => c === 32 || c === 9 || c === 10 || c === 13
const QUOTE = 34
const BACKSLASH = 92
const MAX_NAME = 64

interface Span {
  readonly start: number
  readonly end: number
  /** The value as text. */
  readonly value: string
}

/** Where a string that opened before `from` ends: the index of its closing quote, or the end of the text when it is cut. */
const closingQuote = (text: string, from: number): number => {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === BACKSLASH) i++
    else if (c === QUOTE) return i
  }
  return text.length
}

const stringSpan = (text: string, at: number): Span => {
  const end = closingQuote(text, at + 1)
  const raw = text.slice(at + 1, end)
  return { start: at, end: Math.min(end + 1, text.length), value: raw.includes('\\') ? unescaped(raw) : raw }
}

const escapedSpan = (text: string, at: number): Span => {
  const found = text.indexOf('\\"', at + 2)
  const end = found < 0 ? text.length : found
  return { start: at, end: Math.min(end + 2, text.length), value: text.slice(at + 2, end) }
}

const unescaped = (raw: string): string => {
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    return raw
  }
}

const NUMBER = /-?\d[\d.eE+-]*/y

/** The string or number after a colon; nothing for objects, arrays and literals. */
const valueAfter = (text: string, colon: number): Span | undefined => {
  let at = colon + 1
  while (isSpace(text.charCodeAt(at))) at++
  const c = text.charCodeAt(at)
  if (c === QUOTE) return stringSpan(text, at)
  if (c === BACKSLASH && text.charCodeAt(at + 1) === QUOTE) return escapedSpan(text, at)
  NUMBER.lastIndex = at
  const number = NUMBER.exec(text)
  return number ? { start: at, end: at + number[0].length, value: number[0] } : undefined
}

/** The name whose closing quote stands before `colon`, undefined when there is none. */
const nameBefore = (text: string, colon: number): string | undefined => {
  let end = colon - 1
  while (end > 0 && isSpace(text.charCodeAt(end))) end--
  if (text.charCodeAt(end) !== QUOTE) return undefined
  if (text.charCodeAt(end - 1) === BACKSLASH) end--
  const start = text.lastIndexOf('"', end - 1)
  if (start < 0 || end - start - 1 > MAX_NAME) return undefined
  const name = text.slice(start + 1, end)
  return name.includes('\\') ? unescaped(name) : name
}

export interface JsonSecrets {
  readonly isSecretField: (name: string) => boolean
  readonly secret: (value: string) => string
}

/**
 * Replaces the string and number values of secret fields by what `secret` gives, in quotes of the same kind. `next` gives
 * the next colon to look at from a place on, -1 when there is none.
 */
export const redactJsonFields = (text: string, secrets: JsonSecrets, next: (from: number) => number): string => {
  let out = ''
  let done = 0
  for (let colon = next(0); colon >= 0; colon = next(Math.max(colon + 1, done))) {
    const name = nameBefore(text, colon)
    if (name === undefined || !secrets.isSecretField(name)) continue
    const span = valueAfter(text, colon)
    if (span === undefined || span.value === '') continue
    const quote = text.startsWith('\\"', span.start) ? '\\"' : '"'
    out += text.slice(done, span.start) + quote + secrets.secret(span.value) + quote
    done = span.end
  }
  return done === 0 ? text : out + text.slice(done)
}
