/**
 * Duplicates and losses. Each start of each writer counts its events per record key, 1, 2, 3…; the highest number seen is
 * kept in state: at or below it is a duplicate, a jump over it is a loss. Bounded: the longest idle marks go first.
 */
import type { Event } from '../../schemas/events.ts'
import type { LogRecord } from '../../schemas/log.ts'
import type { Store } from '../kit/processor.ts'

/** `[highest sequence, event time of it in µs]` by `<instance>/<record key>`. */
export type Mark = [sequence: number, at: number]

export const MAX_MARKS = 10_000

export interface Verdict {
  readonly duplicate: boolean
  readonly lost: number
}

const FRESH: Verdict = { duplicate: false, lost: 0 }
const DUPLICATE: Verdict = { duplicate: true, lost: 0 }

const prune = (marks: Store<Mark>): void => {
  const byAge = marks.keys().map((key) => ({ key, at: marks.get(key)?.[1] ?? 0 }))
  byAge.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1))
  for (const { key } of byAge.slice(0, MAX_MARKS / 10)) marks.delete(key)
}

/** Says whether the event was here before, and marks it as seen. Events without a number (sequence 0) are always new. */
export const markEvent = (marks: Store<Mark>, record: LogRecord, event: Event): Verdict => {
  if (event.sequence <= 0) return FRESH
  const key = `${event.instance}/${record.key}`
  const mark = marks.get(key)
  if (mark === undefined) {
    marks.set(key, [event.sequence, event.at])
    if (marks.size > MAX_MARKS) prune(marks)
    return FRESH
  }
  if (event.sequence <= mark[0]) return DUPLICATE
  const lost = event.sequence - mark[0] - 1
  mark[0] = event.sequence
  mark[1] = event.at
  marks.set(key, mark)
  return lost === 0 ? FRESH : { duplicate: false, lost }
}
