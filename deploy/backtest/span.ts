/** Times as people write them for a backtest. All of them are UTC, and ms since the epoch once read. */
import { duration, share } from '../../schemas/config-units.ts'
import { CliError, EXIT } from '../cli/failure.ts'

export interface Span {
  readonly from: number
  /** Not part of it. */
  readonly to: number
}

const DAY = 24 * 3_600_000

const misread = (flag: string, text: string, wanted: string): CliError =>
  new CliError(`${flag} ${text} is not understood`, { cure: `write it as ${wanted}`, exit: EXIT.usage })

export const spanLength = (flag: string, text: string): number => {
  const read = duration.safeParse(text)
  if (read.success) return read.data
  throw misread(flag, text, '90m, 24h or 7d')
}

export const shareGiven = (flag: string, text: string): number => {
  const read = share.safeParse(text.endsWith('%') ? text : Number(text))
  if (read.success) return read.data
  throw misread(flag, text, '90% or 0.9')
}

const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/

/** A time of day is the latest one that is not after `latest`. Undefined: it is no time. */
const readInstant = (text: string, latest: number): number | undefined => {
  const clock = CLOCK.exec(text)
  if (clock === null) {
    const zoned = /T.*(Z|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`
    const at = Date.parse(zoned)
    return Number.isNaN(at) ? undefined : at
  }
  const [hours, minutes, seconds] = clock.slice(1).map((part) => Number(part ?? 0)) as [number, number, number]
  if (hours > 24 || minutes > 59 || seconds > 59) return undefined
  const at = latest - (latest % DAY) + ((hours * 60 + minutes) * 60 + seconds) * 1000
  return at > latest ? at - DAY : at
}

const INSTANT = '14:00 (UTC) or 2026-11-21T14:00:00Z'

export const instantGiven = (flag: string, text: string, latest: number): number => {
  const at = readInstant(text, latest)
  if (at === undefined) throw misread(flag, text, INSTANT)
  return at
}

/** `14:00-14:20`, or two full times with a slash between them; the end of a time of day follows its beginning. */
export const outageGiven = (text: string, latest: number): Span => {
  const parts = text.includes('/') ? text.split('/') : text.split('-')
  const from = parts.length === 2 ? readInstant(parts[0] as string, latest) : undefined
  const end = parts.length === 2 ? readInstant(parts[1] as string, latest) : undefined
  if (from === undefined || end === undefined)
    throw misread('--outage', text, '14:00-14:20 (UTC) or 2026-11-21T14:00Z/2026-11-21T14:20Z')
  const to = end > from ? end : CLOCK.test(parts[1] as string) ? end + DAY : end
  if (to > from) return { from, to }
  throw misread('--outage', text, 'its beginning, then its end')
}
