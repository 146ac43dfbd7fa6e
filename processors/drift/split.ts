/**
 * An endpoint that appears may have been part of another until now: `/articles/feed` of `/articles/{id}`. A field that it
 * took along is missing there from then on, and that is no drift.
 */
import type { Store } from '../kit/processor.ts'
import type { Case } from './court.ts'
import type { Endpoint } from './endpoint.ts'
import { placeAt } from './place.ts'

const isParameter = (segment: string): boolean => segment.includes('{')

/** Whether `wide` has a parameter where `narrow` has a word, and is the same else. Ids are `service METHOD /template`. */
const isWider = (wide: string, narrow: string): boolean => {
  const [a, b] = [wide.split('/'), narrow.split('/')]
  if (a.length !== b.length) return false
  let words = 0
  for (const [i, segment] of a.entries()) {
    if (segment === b[i]) continue
    if (!isParameter(segment) || isParameter(b[i] ?? '')) return false
    words++
  }
  return words === 1
}

/** A field moves at a time: the other endpoint is born within so many exchanges of the first miss. */
const NEAR = 500

/** Seen there so often it is no chance: a rare word among ids is no endpoint that takes anything along. */
const MIN_SIGHTS = 3

const hasIt = (narrow: Endpoint | undefined, { status, pointer, first }: Case): boolean => {
  const root = narrow?.roots.get(status)
  if (narrow === undefined || root === undefined || narrow.born < first.index - NEAR) return false
  return (placeAt(root, pointer)?.n ?? 0) >= MIN_SIGHTS
}

/** Whether an endpoint that appears was part of another until now. */
export const wasPartOf = (endpoints: Store<Endpoint>, id: string): boolean =>
  endpoints.keys().some((other) => isWider(other, id))

/** Whether a field that an endpoint lacks now is where an endpoint has it that was part of this one until now. */
export const isTakenAlong = (endpoints: Store<Endpoint>, one: Case): boolean =>
  endpoints.keys().some((id) => isWider(one.endpoint, id) && hasIt(endpoints.get(id), one))
