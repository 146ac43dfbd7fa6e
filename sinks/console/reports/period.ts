/** The day or hour of a report, in UTC, and the same stretch of the one before. */
import { Refusal } from '../problem.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

export interface Period {
  readonly kind: 'day' | 'hour'
  /** ms; `end` is not in it. */
  readonly start: number
  readonly end: number
  /** The end, or now where that is earlier: until then the report speaks. */
  readonly until: number
  /** Of what the period's parts are: hours of a day, minutes of an hour. */
  readonly part: number
}

const lengths = { day: DAY, hour: HOUR } as const
const parts = { day: HOUR, hour: 60_000 } as const

const forms = { day: /^\d{4}-\d\d-\d\d$/, hour: /^\d{4}-\d\d-\d\dT\d\d$/ } as const
const examples = { day: '2026-01-31', hour: '2026-01-31T14' } as const

const startOf = (kind: Period['kind'], text: string): number => {
  const start = forms[kind].test(text) ? Date.parse(kind === 'day' ? `${text}T00:00Z` : `${text}:00Z`) : Number.NaN
  if (Number.isNaN(start)) throw new Refusal(400, `${kind}: "${text}" is none; write it as ${examples[kind]} (UTC)`)
  return start
}

/** `text`: which one; the current one unless given. `now` in ms. Throws Refusal. */
export const periodOf = (kind: Period['kind'], text: string | undefined, now: number): Period => {
  const length = lengths[kind]
  const start = text === undefined ? Math.floor(now / length) * length : startOf(kind, text)
  if (start > now) throw new Refusal(400, `${kind}: ${text} has not begun yet`)
  return { kind, start, end: start + length, until: Math.min(start + length, now), part: parts[kind] }
}

/** As much of the period before as has passed of this one. */
export const before = ({ kind, start, until, part }: Period): Period => {
  const length = lengths[kind]
  return { kind, start: start - length, end: start, until: until - length, part }
}
