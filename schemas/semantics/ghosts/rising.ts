/** Numbers that rise with everything that is made, by themselves or at the end of a text: order numbers, `INV-0042`. */
import type { Rising } from './counted.ts'
import { formOf, isTimeForm } from './mint.ts'
import type { Json } from './model.ts'
import { mayTell } from './proven.ts'

/** Others make things too: so much may lie between two that were seen. */
const WIDEST = 16
const PROVEN = 3
const NUMBERED = /^(.{0,24}?)(\d{1,12})$/

interface Numbered {
  readonly before: string
  readonly digits: string
}
const numberIn = (value: Json): Numbered | undefined => {
  if (isTimeForm(formOf(value) ?? '') || (typeof value !== 'number' && typeof value !== 'string')) return undefined
  const [, before, digits] = NUMBERED.exec(String(value)) ?? []
  return before === undefined || digits === undefined ? undefined : { before, digits }
}

const MAX_ASKERS = 3

/** What is known after one more was made; undefined where it has no number. */
export const learnRising = (known: Rising | undefined, value: Json, asker: string): Rising | undefined => {
  const now = numberIn(value)
  if (now === undefined) return undefined
  const last = known === undefined ? undefined : numberIn(known[0])
  if (known === undefined || last === undefined) return [value, 0, 0, [asker]]
  const [, hits, misses, askers] = known
  if (now.before !== last.before) return [value, hits, misses + 1, [asker]]
  const step = Number(now.digits) - Number(last.digits)
  const isNext = step > 0 && step <= WIDEST
  const all = askers.includes(asker) ? askers : [...askers, asker].slice(-MAX_ASKERS)
  return [value, hits + (isNext ? 1 : 0), misses + (isNext ? 0 : 1), all]
}

/** The next one, after so many that were made since; undefined where it is not proven to rise, or may not be told. */
export const nextIn = ([value, hits, misses, who]: Rising, since: number, asker: string): Json | undefined => {
  const last = hits >= PROVEN && hits >= 8 * misses ? numberIn(value) : undefined
  if (last === undefined || (last.before !== '' && !mayTell(who, asker))) return undefined
  const next = Number(last.digits) + 1 + since
  return typeof value === 'number' ? next : `${last.before}${String(next).padStart(last.digits.length, '0')}`
}
