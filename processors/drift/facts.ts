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

/** What learning asks back. */
export type Asks = Pick<Lesson, 'known' | 'suspect' | 'forget'>

/** One exchange as it is learned; written out, since a spread costs as much as a tenth of learning. */
export const lessonOf = (o: Observation, endpoint: string, now: Sighting, asks: Asks): Lesson => {
  const { status, principal } = o.exchange
  return {
    endpoint,
    status,
    json: o.responseJson,
    request: o.requestJson,
    query: namesOf(o.query),
    asked: valuesHash(o.endpoint?.parameters ?? []),
    now,
    known: asks.known,
    asker: principal === '' ? 0 : hash32(principal) || 1,
    suspect: asks.suspect,
    forget: asks.forget,
  }
}
