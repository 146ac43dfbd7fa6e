/**
 * Formats of strings, by hand-written linear checks: no regular expression sees traffic whose length is not bounded first.
 * Names are JSON Schema's where it has one; `integer` and `decimal` are numbers written as strings.
 */
export type Format = '' | 'date-time' | 'date' | 'uuid' | 'uri' | 'email' | 'ipv4' | 'integer' | 'decimal'

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const DATE_TIME =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?([Zz]|[+-]\d{2}:?\d{2})?$/
const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/
const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/
const INTEGER = /^-?\d+$/
const DECIMAL = /^-?\d+\.\d+$/
const URI = /^[a-zA-Z][a-zA-Z0-9+.-]{1,19}:\/\/[^\s]+$/
const EMAIL = /^[^\s@"<>]{1,128}@[^\s@"<>.]+(\.[^\s@"<>.]+)+$/

const MAX_NUMBER = 40
const MAX_EMAIL = 254
const MAX_URI = 2048
const MAX_DATE_TIME = 40

const isDigit = (code: number): boolean => code >= 48 && code <= 57

const numeric = (text: string): Format => {
  const { length } = text
  if (length === 10 && DATE.test(text)) return 'date'
  if (length >= 19 && length <= MAX_DATE_TIME && DATE_TIME.test(text)) return 'date-time'
  if (length <= 15 && IPV4.test(text)) return 'ipv4'
  if (length > MAX_NUMBER) return ''
  if (INTEGER.test(text)) return 'integer'
  return DECIMAL.test(text) ? 'decimal' : ''
}

const isUuid = (text: string): boolean => text.length === 36 && UUID.test(text)

const startsNumeric = (text: string): boolean => {
  const first = text.charCodeAt(0)
  return isDigit(first) || (first === 45 && text.length > 1)
}

const textual = (text: string): Format => {
  const { length } = text
  if (length <= 5) return ''
  if (length <= MAX_EMAIL && text.includes('@') && EMAIL.test(text)) return 'email'
  return length <= MAX_URI && text.includes('://') && URI.test(text) ? 'uri' : ''
}

/** The format of a string, '' when it has none that we know. */
export const formatOf = (text: string): Format => {
  if (isUuid(text)) return 'uuid'
  const found = startsNumeric(text) ? numeric(text) : ''
  return found === '' ? textual(text) : found
}

/** Whether a name looks made by a machine: a map's key and not a field. */
export const isIdLike = (name: string): boolean => {
  const { length } = name
  if (isUuid(name)) return true
  let digits = 0
  for (let i = 0; i < length && i < 64; i++) if (isDigit(name.charCodeAt(i))) digits++
  return digits === length || (length >= 8 && digits >= 3) || (length === 10 && DATE.test(name))
}
