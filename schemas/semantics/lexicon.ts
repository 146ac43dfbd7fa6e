/**
 * What kind of value a path segment is, by its form alone. A *strong* kind never is a name that an API's author wrote;
 * a *sharp* kind can be checked exactly, so that a parameter of it takes no other values.
 */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
const INTEGER = /^[+-]?\d+$/
const DECIMAL = /^-?\d+\.\d+$/
const DATE = /^(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?$/
const TIME = /^\d{4}-?\d\d-?\d\dT\d\d(?::|%3A)?\d\d(?:(?::|%3A)?\d\d)?(?:\.\d+)?(?:Z|(?:[+-]|%2B)\d\d(?::|%3A)?\d\d)?$/i
const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}$/
/** No address is longer (RFC 5321, 4.5.3.1); without the bound a text of many `%40` takes quadratic time. */
const EMAIL = /^(?=.{1,320}$)[^@\s/]+(?:@|%40)[^@\s/]+\.[a-z]{2,}$/i

const sharp: Readonly<Record<string, RegExp>> = {
  integer: INTEGER,
  decimal: DECIMAL,
  uuid: UUID,
  ulid: ULID,
  date: DATE,
  time: TIME,
  ip: IPV4,
  email: EMAIL,
}

export const isSharpKind = (kind: string): boolean => Object.hasOwn(sharp, kind)

/** Whether a parameter of this kind may have this value; kinds that cannot be checked take all. */
export const fitsKind = (kind: string, value: string): boolean =>
  !isSharpKind(kind) || sharp[kind]?.test(value) === true
