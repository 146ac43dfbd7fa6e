/**
 * Formats of strings. Names are JSON Schema's where it has one, and a text has a format only if a strict validator says so
 * too (RFC 3339, 3986, 4122, 5321); `integer` and `decimal` are numbers written as strings, `date-time-local` is the OpenAPI
 * format registry's name for a time without zone, `password` marks what redaction has replaced, `binary` a
 * form's file. Every check is linear. Their
 * numbers stand in the state.
 */
import { beginsWithDate, isDigit, readDateTime } from './dates.ts'

export const FORMATS = [
  '',
  'date-time',
  'date-time-local',
  'date',
  'uuid',
  'uri',
  'email',
  'ipv4',
  'integer',
  'decimal',
  'password',
  'binary',
] as const
export type Format = (typeof FORMATS)[number]

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const IPV4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/
const INTEGER = /^-?\d+$/
const DECIMAL = /^-?\d+(\.\d+)?$/
const URI =
  /^[a-z][a-z0-9+.-]{1,19}:\/\/([\w.~!$&'()*+,;=:%-]*@)?[\w.~!$&'()*+,;=-]+(:\d{1,5})?(\/[\w.~!$&'()*+,;=:@%/-]*)?(\?[\w.~!$&'()*+,;=:@%/?-]*)?(#[\w.~!$&'()*+,;=:@%/?-]*)?$/i
const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i
const EMAIL =
  /^[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i
/** What redaction puts in a secret's place (schemas/semantics/redaction.ts). */
const PSEUDONYM = /^cp_[\w-]{8,}$/

/** Stands for a form's file: no file's text is learned. */
export const FILE = '\u0000file'

const MAX_NUMBER = 40
const MAX_EMAIL = 254
const MAX_URI = 2048
const MAX_PSEUDONYM = 128

const isUri = (text: string): boolean =>
  text.length <= MAX_URI && text.includes('://') && URI.test(text) && !(text.includes('%') && BROKEN_ESCAPE.test(text))

const fits: Readonly<Record<Exclude<Format, ''>, (text: string) => boolean>> = {
  'date-time': (text) => readDateTime(text) === 'date-time',
  'date-time-local': (text) => readDateTime(text) === 'date-time-local',
  date: (text) => text.length === 10 && beginsWithDate(text),
  uuid: (text) => text.length === 36 && UUID.test(text),
  uri: isUri,
  email: (text) => text.length <= MAX_EMAIL && text.includes('@') && EMAIL.test(text),
  ipv4: (text) => text.length <= 15 && IPV4.test(text),
  integer: (text) => text.length <= MAX_NUMBER && INTEGER.test(text),
  decimal: (text) => text.length <= MAX_NUMBER && DECIMAL.test(text),
  binary: (text) => text === FILE,
  password: (text) => text.length <= MAX_PSEUDONYM && PSEUDONYM.test(text),
}

/** Candidates by the first character; what begins with a digit may be an e-mail address or a uuid as well. */
const NUMERIC: readonly Format[] = [
  'integer',
  'decimal',
  'date',
  'date-time',
  'date-time-local',
  'ipv4',
  'uuid',
  'email',
]
const TEXTUAL: readonly Format[] = ['uuid', 'uri', 'email', 'password', 'binary']

const SHORTEST_TEXTUAL = 5

/** Whether a text has a format. */
export const fitsFormat = (format: Format, text: string): boolean => format === '' || fits[format](text)

/** The format of a string, '' when it has none that we know. */
export const formatOf = (text: string): Format => {
  const first = text.charCodeAt(0)
  const numeric = isDigit(first) || first === 45
  if (!numeric && text.length < SHORTEST_TEXTUAL) return ''
  for (const format of numeric ? NUMERIC : TEXTUAL) if (format !== '' && fits[format](text)) return format
  return ''
}

/** The format that texts of both have: integers are decimals, all else must be equal. */
export const commonFormat = (a: Format, b: Format): Format => {
  if (a === b) return a
  return (a === 'integer' && b === 'decimal') || (a === 'decimal' && b === 'integer') ? 'decimal' : ''
}

/** The format of all texts so far, with one more. */
export const withText = (format: Format, text: string): Format => {
  if (format === '' || fits[format](text)) return format
  return commonFormat(format, formatOf(text))
}

/** Whether a name looks made by a machine: a map's key and not a field. */
export const isIdLike = (name: string): boolean => {
  const { length } = name
  if (fits.uuid(name) || isUri(name)) return true
  let digits = 0
  for (let i = 0; i < length && i < 64; i++) if (isDigit(name.charCodeAt(i))) digits++
  return digits === length || (length >= 8 && digits >= 3) || fits.date(name) || (length > 5 && fits.email(name))
}
