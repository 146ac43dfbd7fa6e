/** Endpoints that were one until now learn the exchanges they had on the log again, each its own. */
import type { Event } from '../../schemas/events.ts'
import type { LogRecord } from '../../schemas/log.ts'
import type { Observation, Relearning, Split } from '../kit/processor.ts'
import { locatorOf, tellAll, type Host } from './hosted.ts'
import { observationOf } from './observe.ts'

/** Their exchanges so far, the oldest first, the newest of them if they are many; undefined when nobody can ask the log. */
export type Past = readonly Observation[] | undefined

/** What to look for on the log before an offset. */
export interface PastWanted {
  readonly partition: number
  readonly before: number
  /** The observation that an event makes, if it is one of those endpoints'. */
  sift(event: Event, record: LogRecord): Observation | undefined
}

export interface Relearned {
  /** The event that split them. */
  readonly record: LogRecord
  readonly again: Relearning
}

/** So many exchanges are enough to know an endpoint by. */
const ENOUGH = 500

export const wantedOf = (host: Host, splits: readonly Split[], record: LogRecord): PastWanted => {
  const ids = new Set(splits.flatMap(({ from, into }) => [from, ...into]))
  return {
    partition: record.partition,
    before: record.offset + 1,
    sift: (event, at) => {
      if (event.kind !== 'exchange' || event.exchange === null) return undefined
      const observation = observationOf(event, event.exchange, at)
      if (!observation.teaches) return undefined
      observation.endpoint = locatorOf(host).find(event.service, event.exchange.method, observation.path)
      return ids.has(observation.endpoint?.id ?? '') ? observation : undefined
    },
  }
}

/** What was one before is learned anew only if the log still holds much of what it knows. */
export const relearningOf = (splits: readonly Split[], past: readonly Observation[]): Relearning => {
  const endpoints = new Set<string>()
  for (const { from, into, count } of splits) {
    const ids = new Set([from, ...into])
    const held = past.filter(({ endpoint }) => ids.has(endpoint?.id ?? '')).length
    if (held >= Math.min(ENOUGH, count / 2)) endpoints.add(from)
    for (const id of into) endpoints.add(id)
  }
  return { endpoints: [...endpoints].sort(), past: past.filter(({ endpoint }) => endpoints.has(endpoint?.id ?? '')) }
}

export const relearn = (host: Host, { again }: Relearned): void => {
  if (again.past.length > 0) tellAll(host, (steps) => steps.relearn?.(again, host.emit))
}
