/** RFC 3339 dates and times, digit by digit: most answers carry some, and a regular expression costs three times as much. */

const ZERO = 48
export const isDigit = (code: number): boolean => code >= ZERO && code <= ZERO + 9

/** Two digits as a number; NaN where there are none, which is in no range. */
const two = (text: string, at: number): number => {
  const tens = text.charCodeAt(at)
  const ones = text.charCodeAt(at + 1)
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + ones - ZERO : NaN
}
const upTo = (value: number, most: number): boolean => value >= 0 && value <= most

const HYPHEN = 45
const COLON = 58
const DOT = 46
const T = 84
const Z = 90
const PLUS = 43

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

/** Whether a text begins with a date of the calendar. */
export const beginsWithDate = (text: string): boolean => {
  if (text.charCodeAt(4) !== HYPHEN || text.charCodeAt(7) !== HYPHEN) return false
  const year = two(text, 0) * 100 + two(text, 2)
  const month = two(text, 5)
  const day = two(text, 8)
  if (!(year >= 0 && day >= 1 && day <= (DAYS[month - 1] ?? 0))) return false
  return month !== 2 || day < 29 || isLeap(year)
}

/** Where the time that begins at 11 ends, 0 when there is none. A leap second is right on few days only, so never. */
const endOfTime = (text: string): number => {
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return 0
  if (!upTo(two(text, 11), 23) || !upTo(two(text, 14), 59) || !upTo(two(text, 17), 59)) return 0
  if (text.charCodeAt(19) !== DOT) return 19
  let end = 20
  while (isDigit(text.charCodeAt(end))) end++
  return end > 20 ? end : 0
}

const isZone = (text: string, at: number): boolean => {
  const left = text.length - at
  if (left === 1) return text.charCodeAt(at) === Z
  const sign = text.charCodeAt(at)
  if (left !== 6 || (sign !== PLUS && sign !== HYPHEN) || text.charCodeAt(at + 3) !== COLON) return false
  return upTo(two(text, at + 1), 23) && upTo(two(text, at + 4), 59)
}

const MAX_LENGTH = 40

/** A date and time with zone, without one, or neither. */
export const readDateTime = (text: string): 'date-time' | 'date-time-local' | '' => {
  if (text.length > MAX_LENGTH || text.charCodeAt(10) !== T || !beginsWithDate(text)) return ''
  const end = endOfTime(text)
  if (end === 0) return ''
  if (end === text.length) return 'date-time-local'
  return isZone(text, end) ? 'date-time' : ''
}
