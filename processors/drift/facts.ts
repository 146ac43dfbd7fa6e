/** What the watchdog takes from one exchange. */
import { hash32 } from '../kit/hash.ts'
import type { Observation, PathParameter } from '../kit/processor.ts'
import type { Service } from './codec.ts'
import type { Lesson } from './endpoint.ts'
import type { Sighting } from './place.ts'
import type { Known } from './weigh.ts'

const MAX_KNOWN = 1000

/** What the service is known to do, bounded. */
export const knownOf = ({ known }: Service): Known => ({
  has: (what) => known.has(what),
  add: (what) => {
    if (known.size < MAX_KNOWN) known.add(what)
  },
})

const NO_NAMES: readonly string[] = []
const namesOf = (query: Observation['query']): readonly string[] =>
  query.length === 0 ? NO_NAMES : query.map(([name]) => name)

const valuesHash = (parameters: readonly PathParameter[]): number =>
  parameters.length === 0 ? 0 : hash32(parameters.map(({ value }) => value).join('/')) || 1

/** When it was: `index` counts the exchanges of the service. */
export const sightingOf = ({ at, offset, event }: Observation, index: number): Sighting => ({
  index,
  at,
  offset,
  exchange: event.id,
})

export type Facts = Omit<Lesson, 'now' | 'known' | 'suspect' | 'forget'>

export const factsOf = (o: Observation, endpoint: string): Facts => {
  const { status, principal } = o.exchange
  return {
    endpoint,
    status,
    json: o.responseJson,
    request: o.requestJson,
    query: namesOf(o.query),
    asked: valuesHash(o.endpoint?.parameters ?? []),
    asker: principal === '' ? 0 : hash32(principal) || 1,
  }
}
