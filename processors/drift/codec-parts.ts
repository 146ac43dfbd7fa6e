/** Parts of the state as they stand in the changelog: sightings, what was late, requests, lives. */
import { newLife, type Life } from './life.ts'
import type { Late, Sighting } from './place.ts'
import { emptyRequests, type RequestField, type Requests } from './request.ts'

export type SightingJson = readonly [index: number, at: number, offset: number, exchange: string]
export type LateJson = readonly [first: SightingJson, before: number, base: number]
export const sightingToJson = ({ index, at, offset, exchange }: Sighting): SightingJson => [index, at, offset, exchange]
export const sightingFromJson = ([index, at, offset, exchange]: SightingJson): Sighting => ({
  index,
  at,
  offset,
  exchange,
})
export const lateToJson = ({ first, before, base }: Late): LateJson => [sightingToJson(first), before, base]
export const lateFromJson = ([first, before, base]: LateJson): Late => ({
  first: sightingFromJson(first),
  before,
  base,
})

type RequestFieldJson = readonly [
  pointer: string,
  taken: number,
  refused: number,
  late: LateJson | null,
  before: readonly [number, number],
  told: 0 | 1,
]

export const lateOrNull = (late: Late | undefined): LateJson | null => (late === undefined ? null : lateToJson(late))
export const lateOrNone = (json: LateJson | null): Late | undefined => (json === null ? undefined : lateFromJson(json))

/** Taken, refused, the first refusal, fields. */
export type RequestsJson = readonly [number, number, LateJson | null, readonly RequestFieldJson[]]

export const requestsToJson = ({ taken, refused, late, fields }: Requests): { readonly requests?: RequestsJson } =>
  taken + refused === 0
    ? {}
    : {
        requests: [
          taken,
          refused,
          lateOrNull(late),
          Array.from(fields, ([pointer, f]) => [
            pointer,
            f.taken,
            f.refused,
            lateOrNull(f.late),
            f.before,
            f.told ? 1 : 0,
          ]),
        ],
      }

const fieldFromJson = ([pointer, taken, refused, late, before, told]: RequestFieldJson): [string, RequestField] => [
  pointer,
  { taken, refused, late: lateOrNone(late), before, told: told === 1 },
]

export const requestsFromJson = (json: RequestsJson | undefined): Requests => {
  if (json === undefined) return emptyRequests()
  const [taken, refused, late, fields] = json
  return { taken, refused, late: lateOrNone(late), fields: new Map(fields.map(fieldFromJson)) }
}

export type LifeJson = readonly [
  answers: number,
  counted: number,
  last: number,
  isNewcomer: 0 | 1,
  denials: number,
  run: number,
  refused: SightingJson | null,
  denied: number,
]

export const lifeToJson = (life: Life): LifeJson => [
  life.answers,
  life.counted,
  life.last,
  life.isNewcomer ? 1 : 0,
  life.denials,
  life.run,
  life.refused === undefined ? null : sightingToJson(life.refused),
  life.denied,
]

/** State of earlier versions has none: an endpoint that was known then is no newcomer. */
export const lifeFromJson = (json: LifeJson | undefined): Life => {
  if (json === undefined) return newLife(0)
  const [answers, counted, last, isNewcomer, denials, run, refused, denied] = json
  const first = refused === null ? undefined : sightingFromJson(refused)
  return { answers, counted, last, isNewcomer: isNewcomer === 1, denials, run, refused: first, denied }
}
