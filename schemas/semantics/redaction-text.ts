/** Detectors of secrets and personal values in any text: JWTs, e-mail addresses, payment card numbers. */

export interface Found {
  readonly secret: (value: string) => string
  readonly seal: (mail: string) => string
  /** Whether e-mail addresses and card numbers are sought too. */
  readonly personal: boolean
}

/** Sought once in each run of letters, from the first `eyJ` in it: from each of them, a run of nothing else is quadratic. */
const JWT = /(?<![\w-])(?=([\w-]*?)eyJ)\1(eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*)/g
/** What follows the sign in an e-mail address. Sought from each sign, not from each letter: that is quadratic. */
const AT_DOMAIN = /@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}/y
const ESCAPED_DOMAIN = /%40(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}/y
const CARD = /(?<![\d.A-Za-z_-])\d(?:[ -]?\d){12,18}(?![\d.A-Za-z_-])/g

/** Luhn's check, ISO/IEC 7812-1. */
const isCardNumber = (text: string): boolean => {
  let sum = 0
  let double = false
  let digits = 0
  for (let i = text.length - 1; i >= 0; i--) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) continue
    digits++
    const weighed = double ? digit * 2 : digit
    sum += weighed > 9 ? weighed - 9 : weighed
    double = !double
  }
  // Payment cards begin with 2 to 6 (ISO/IEC 7812's industry digit); an ISBN, with 9, passes Luhn one time in ten.
  return digits >= 13 && digits <= 19 && sum % 10 === 0 && /^[2-6]/.test(text)
}

/** Letters, digits and . _ + -; a percent sign only where it escapes nothing. */
const isLocalPart = (c: number): boolean =>
  (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 46 || c === 95 || c === 43 || c === 45

const BACKSLASH = 92
const CODE_POINT = /u[\dA-Fa-f]{4}/y

/**
 * JSON's escapes are no part of what follows them: many servers write `<` as `\u003c`, and a mark in the place of its last
 * letters would leave JSON that nobody can read.
 */
const afterEscape = (text: string, start: number): number => {
  let slashes = 0
  while (text.charCodeAt(start - 1 - slashes) === BACKSLASH) slashes++
  CODE_POINT.lastIndex = start
  if (slashes > 0 && CODE_POINT.test(text)) return CODE_POINT.lastIndex
  return slashes % 2 === 0 ? start : start + 1
}

const replaceMails = (text: string, sign: string, domain: RegExp, replace: (mail: string) => string): string => {
  let at = text.indexOf(sign)
  if (at < 0) return text
  const percent = sign === '@' ? 37 : -1
  const isLocal = (c: number): boolean => isLocalPart(c) || c === percent
  let out = ''
  let from = 0
  while (at >= 0) {
    let start = at
    while (start > from && at - start < 64 && isLocal(text.charCodeAt(start - 1))) start--
    start = afterEscape(text, start)
    domain.lastIndex = at
    const end = start < at && domain.test(text) ? domain.lastIndex : 0
    if (end > 0) {
      out += text.slice(from, start) + replace(text.slice(start, end))
      from = end
    }
    at = text.indexOf(sign, Math.max(at + 1, from))
  }
  return out + text.slice(from)
}

const isCardPart = (c: number): boolean => (c >= 48 && c <= 57) || c === 32 || c === 45

const CARD_DIGITS = 13
/** A run of so many that holds a place also holds the one this far before it, or this far behind it. */
const HALF = (CARD_DIGITS - 1) / 2

/** Whether 13 digits stand in a row, blanks and hyphens apart: such a run holds every 13th place, so only those are looked at first. */
const hasDigitRun = (text: string): boolean => {
  for (let at = CARD_DIGITS - 1; at < text.length; at += CARD_DIGITS) {
    if (!isCardPart(text.charCodeAt(at))) continue
    if (!isCardPart(text.charCodeAt(at - HALF)) && !isCardPart(text.charCodeAt(at + HALF))) continue
    let start = at
    while (start > 0 && isCardPart(text.charCodeAt(start - 1))) start--
    let digits = 0
    let end = start
    for (; end < text.length && isCardPart(text.charCodeAt(end)); end++) if (text.charCodeAt(end) >= 48) digits++
    if (digits >= CARD_DIGITS) return true
    at = end
  }
  return false
}

/** A function that replaces what it detects. */
export const detectIn =
  ({ secret, seal, personal }: Found): ((text: string) => string) =>
  (input) => {
    // Looked for in the text as it came: it is flat, and no replacement brings a new find.
    const jwt = input.includes('yJ')
    let out = jwt ? input.replace(JWT, (_, before: string, token: string) => before + secret(token)) : input
    if (!personal) return out
    const escaped = input.includes('%40')
    const digits = hasDigitRun(input)
    out = replaceMails(out, '@', AT_DOMAIN, seal)
    if (escaped) out = replaceMails(out, '%40', ESCAPED_DOMAIN, (m) => encodeURIComponent(seal(m.replace(/%40/i, '@'))))
    return digits ? out.replace(CARD, (m) => (isCardNumber(m) ? secret(m.replace(/\D/g, '')) : m)) : out
  }
