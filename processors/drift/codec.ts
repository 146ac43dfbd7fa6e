/** State as it stands in the changelog: JSON, names in pairs (so `__proto__` is a name like any other), nothing that is empty. */
import { FORMATS } from '../kit/formats.ts'
import type { JsonCodec } from '../kit/processor.ts'
import {
  lateFromJson,
  type LateJson,
  lateOrNone,
  lateOrNull,
  lateToJson,
  lifeFromJson,
  type LifeJson,
  lifeToJson,
  requestsFromJson,
  type RequestsJson,
  requestsToJson,
  sightingFromJson,
  type SightingJson,
  sightingToJson,
} from './codec-parts.ts'
import type { Case, Court, Deploy } from './court.ts'
import type { Endpoint, Status } from './endpoint.ts'
import { emptyPlace, type Form, type Gap, type LateType, type LateValue, type Place, type Values } from './place.ts'
import type { OpenSignal } from './signal.ts'

type ValuesJson = readonly [
  counts: readonly (readonly [string, number, number, 0 | 1])[],
  newest: number,
  closed: 0 | 1,
  late: readonly (readonly [LateJson, string])[],
]

export interface PlaceJson {
  readonly n: number
  /** Nulls. */
  readonly z?: number
  readonly t: readonly number[]
  /** First, last. */
  readonly p?: readonly [number, number]
  readonly a?: LateJson
  readonly u?: LateJson
  readonly y?: readonly [LateJson, number]
  readonly g?: readonly [LateJson, number, readonly number[]]
  readonly m?: SightingJson
  readonly d?: number
  readonly f?: readonly (readonly [string, PlaceJson])[]
  readonly i?: PlaceJson
  readonly k?: PlaceJson
  readonly v?: ValuesJson | null
  /** Marks. */
  readonly s?: readonly number[]
  /** Format by its number, 0 for none; misses, and the first of them. */
  readonly x?: number | readonly [number, number, LateJson]
}

const formToJson = ({ format, misses, late }: Form): NonNullable<PlaceJson['x']> => {
  const number = FORMATS.indexOf(format)
  return late === undefined ? number : [number, misses, lateToJson(late)]
}

const formFromJson = (json: PlaceJson['x']): Place['form'] => {
  if (json === undefined || json === 0) return json === 0 ? null : undefined
  const [number, misses, late] = typeof json === 'number' ? [json, 0, undefined] : json
  return { format: FORMATS[number] ?? '', misses, late: late && lateFromJson(late) }
}

const typedFromJson = ([late, type]: readonly [LateJson, number]): LateType => ({ ...lateFromJson(late), type })
const gapFromJson = ([late, seen, trail]: readonly [LateJson, number, readonly number[]]): Gap => ({
  ...lateFromJson(late),
  seen,
  trail: [...trail],
})

const valuesToJson = ({ counts, newest, closed, late }: Values): ValuesJson => [
  Array.from(counts, ([value, { n, asker, shared }]) => [value, n, asker, shared ? 1 : 0] as const),
  newest,
  closed ? 1 : 0,
  late.map((one) => [lateToJson(one), one.value] as const),
]

const valuesFromJson = ([counts, newest, closed, late]: ValuesJson): Values => ({
  counts: new Map(counts.map(([value, n, asker, shared]) => [value, { n, asker, shared: shared === 1 }])),
  newest,
  closed: closed === 1,
  late: late.map(([one, value]): LateValue => ({ ...lateFromJson(one), value })),
})

/** Only what is not as it is at the beginning. */
const newsToJson = (place: Place): Pick<PlaceJson, 'a' | 'u' | 'y' | 'g' | 'm' | 'd'> => ({
  ...(place.added && { a: lateToJson(place.added) }),
  ...(place.nullable && { u: lateToJson(place.nullable) }),
  ...(place.typed && { y: [lateToJson(place.typed), place.typed.type] as const }),
  ...(place.gap && { g: [lateToJson(place.gap), place.gap.seen, place.gap.trail] as const }),
  ...(place.missed && { m: sightingToJson(place.missed) }),
  ...(place.told !== 0 && { d: place.told }),
})

export const placeToJson = (place: Place): PlaceJson => ({
  n: place.n,
  ...(place.nulls > 0 && { z: place.nulls }),
  t: place.types,
  ...((place.first > 0 || place.last > 0) && { p: [place.first, place.last] as const }),
  ...newsToJson(place),
  ...(place.fields && { f: Array.from(place.fields, ([name, child]) => [name, placeToJson(child)] as const) }),
  ...(place.items && { i: placeToJson(place.items) }),
  ...(place.map && { k: placeToJson(place.map) }),
  ...(place.values !== undefined && { v: place.values && valuesToJson(place.values) }),
  ...(place.marks && { s: place.marks }),
  ...(place.form !== undefined && { x: place.form === null ? 0 : formToJson(place.form) }),
})

const newsFromJson = (place: Place, json: PlaceJson): void => {
  place.added = json.a && lateFromJson(json.a)
  place.nullable = json.u && lateFromJson(json.u)
  place.typed = json.y && typedFromJson(json.y)
  place.gap = json.g && gapFromJson(json.g)
  place.missed = json.m && sightingFromJson(json.m)
  place.told = json.d ?? 0
}

const belowFromJson = (place: Place, { f, i, k }: PlaceJson): void => {
  place.fields = f && new Map(f.map(([name, child]) => [name, placeFromJson(child, place, name)] as const))
  place.items = i && placeFromJson(i, place, '*')
  place.map = k && placeFromJson(k, place, '*')
}

export const placeFromJson = (json: PlaceJson, up: Place | undefined = undefined, name = ''): Place => {
  const [first, last] = json.p ?? [0, 0]
  const place = emptyPlace(up, name, first)
  place.last = last
  place.n = json.n
  place.nulls = json.z ?? 0
  for (const [type, n] of json.t.entries()) place.types[type] = n
  newsFromJson(place, json)
  place.values = json.v && valuesFromJson(json.v)
  place.marks = json.s && [...json.s]
  place.form = formFromJson(json.x)
  belowFromJson(place, json)
  return place
}

interface EndpointJson {
  readonly born: number
  readonly n: number
  readonly room: number
  readonly valueRoom: number
  readonly statuses: readonly (readonly [number, number, LateJson | null])[]
  readonly roots: readonly (readonly [number, PlaceJson])[]
  readonly signals: readonly OpenSignal[]
  readonly life?: LifeJson
  readonly requests?: RequestsJson
}

const statusFromJson = ([status, n, late]: readonly [number, number, LateJson | null]): [number, Status] => [
  status,
  { n, late: lateOrNone(late) },
]

export const endpointCodec: JsonCodec<Endpoint> = {
  toJson: ({ born, n, room, valueRoom, statuses, roots, signals, requests, life }): EndpointJson => ({
    born,
    n,
    room,
    valueRoom,
    statuses: Array.from(statuses, ([status, one]) => [status, one.n, lateOrNull(one.late)] as const),
    roots: Array.from(roots, ([status, root]) => [status, placeToJson(root)] as const),
    signals,
    life: lifeToJson(life),
    ...requestsToJson(requests),
  }),
  fromJson: (json) => {
    const { born, n, room, valueRoom, statuses, roots, signals, requests, life } = json as EndpointJson
    return {
      born,
      n,
      room,
      valueRoom,
      statuses: new Map(statuses.map(statusFromJson)),
      roots: new Map(roots.map(([status, root]) => [status, placeFromJson(root)] as const)),
      signals: [...signals],
      requests: requestsFromJson(requests),
      life: lifeFromJson(life),
    }
  },
}

/** What is known of a service. */
export interface Service {
  /** Exchanges. */
  n: number
  readonly known: Set<string>
  readonly court: Court
}

export const emptyService = (): Service => ({
  n: 0,
  known: new Set(),
  court: { deploy: undefined, pending: new Map() },
})

interface ServiceJson {
  readonly n: number
  readonly known: readonly string[]
  readonly deploy:
    (Omit<Deploy, 'parents' | 'leaves'> & { parents: readonly number[]; leaves: readonly number[] }) | null
  readonly pending: readonly (readonly [string, Case])[]
}

export const serviceCodec: JsonCodec<Service> = {
  toJson: ({ n, known, court: { deploy, pending } }): ServiceJson => ({
    n,
    known: [...known],
    deploy: deploy ? { ...deploy, parents: [...deploy.parents], leaves: [...deploy.leaves] } : null,
    pending: [...pending],
  }),
  fromJson: (json) => {
    const { n, known, deploy, pending } = json as ServiceJson
    return {
      n,
      known: new Set(known),
      court: {
        deploy: deploy ? { ...deploy, parents: new Set(deploy.parents), leaves: new Set(deploy.leaves) } : undefined,
        pending: new Map(pending),
      },
    }
  },
}
