/**
 * What is remembered of one place in the answers of an endpoint: weighted counts, and what is new about it. Weights are
 * multiples of 1/32, so that sums are exact in any order.
 */

import type { Format } from '../kit/formats.ts'

export const TYPES = ['boolean', 'number', 'string', 'array', 'object'] as const
export type Type = (typeof TYPES)[number]
export const BOOLEAN = 0
export const NUMBER = 1
export const STRING = 2
export const ARRAY = 3
export const OBJECT = 4

/** What can be said of a field. */
export const FIELD_KINDS = [
  'field_added',
  'field_removed',
  'type_changed',
  'became_nullable',
  'became_optional',
  'enum_widened',
  'format_changed',
] as const
export type FieldKind = (typeof FIELD_KINDS)[number]
export const OTHER_KINDS = ['status_new', 'request_field_required', 'endpoint_new', 'endpoint_gone'] as const
export type Kind = FieldKind | (typeof OTHER_KINDS)[number]
/** Whether a kind is of a place in answers. */
export const isFieldKind = (kind: Kind): kind is FieldKind => (FIELD_KINDS as readonly string[]).includes(kind)

/** The bit of a kind in `Place.told`. */
export const bitOf = (kind: FieldKind): number => 1 << FIELD_KINDS.indexOf(kind)
export const ADDED = bitOf('field_added')
export const REMOVED = bitOf('field_removed')
export const TYPED = bitOf('type_changed')
export const NULLABLE = bitOf('became_nullable')
export const OPTIONAL = bitOf('became_optional')
export const FORMATTED = bitOf('format_changed')

/** An exchange that showed something first. */
export interface Sighting {
  /** The service's count of exchanges. */
  readonly index: number
  /** Event time, µs. */
  readonly at: number
  readonly offset: number
  readonly exchange: string
}

/** Something seen first after `before` trials without it; `base` trials had been counted then. */
export interface Late {
  readonly first: Sighting
  readonly before: number
  readonly base: number
}

/** The first miss of a field that had always been there; `seen` is its weighted sights until then. */
export interface Gap extends Late {
  readonly seen: number
  /** See evidence.ts. */
  readonly trail: number[]
}

export interface LateType extends Late {
  readonly type: number
}

export interface LateValue extends Late {
  readonly value: string
}

export interface SeenValue {
  n: number
  /** Hash of the first asker, 0 for an anonymous one. */
  readonly asker: number
  /** Told to someone anonymous or to two askers: no secret of one. */
  shared: boolean
}

/** The values of a place that may be an enumeration. */
export interface Values {
  readonly counts: Map<string, SeenValue>
  /** Strings before the newest value of those that were there from the beginning. */
  newest: number
  /** Once enough has been seen to call the enumeration closed. */
  closed: boolean
  late: LateValue[]
}

/** The format that all strings of a place have; `misses` since the first that has not. */
export interface Form {
  format: Format
  misses: number
  late: Late | undefined
}

export interface Place {
  readonly up: Place | undefined
  readonly name: string
  /** Weighted sights, of any type. */
  n: number
  nulls: number
  readonly types: [boolean: number, number: number, string: number, array: number, object: number]
  /** Objects of the parent before the first sight, and up to the last one. */
  first: number
  last: number
  added: Late | undefined
  nullable: Late | undefined
  typed: LateType | undefined
  gap: Gap | undefined
  /** The first miss since the last sight. */
  missed: Sighting | undefined
  /** Kinds that need no telling any more: told, or known from the beginning. */
  told: number
  fields: Map<string, Place> | undefined
  items: Place | undefined
  /** The values of a map keyed by ids or words; `fields` is then undefined for good. */
  map: Place | undefined
  /** Null once it is no enumeration. */
  values: Values | undefined | null
  /** Null once its strings have no format in common. */
  form: Form | undefined | null
  /** The smallest hashes of its telling values: two places that share some hold the same values (bottom-k; Broder 1997). */
  marks: number[] | undefined
  /** The last visit to its parent that found it: not state. */
  visit: number
}

export const emptyPlace = (up: Place | undefined, name: string, first: number): Place => ({
  up,
  name,
  n: 0,
  nulls: 0,
  types: [0, 0, 0, 0, 0],
  first,
  last: first,
  added: undefined,
  nullable: undefined,
  typed: undefined,
  gap: undefined,
  missed: undefined,
  told: 0,
  fields: undefined,
  items: undefined,
  map: undefined,
  values: undefined,
  form: undefined,
  marks: undefined,
  visit: 0,
})

/** A name as a token of a pointer, RFC 6901. */
export const escaped = (name: string): string =>
  name.includes('~') || name.includes('/') ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name

/** RFC 6901, with `*` for the items of an array and the values of a map. */
export const pointerOf = (place: Place): string =>
  place.up === undefined ? '' : `${pointerOf(place.up)}/${escaped(place.name)}`

export const unescaped = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~')

const childOf = (place: Place, name: string): Place | undefined =>
  place.fields?.get(name) ?? (name === '*' ? (place.items ?? place.map) : undefined)

/** The place a pointer names, if there is one still. */
export const placeAt = (root: Place, pointer: string): Place | undefined => {
  let place: Place | undefined = root
  for (const token of pointer.split('/').slice(1)) place = place && childOf(place, unescaped(token))
  return place
}

/** The names of the types seen here, `null` among them. */
export const typesOf = (place: Place): string => {
  const types: string[] = TYPES.filter((_, i) => (place.types[i] ?? 0) > 0)
  if (place.nulls > 0) types.push('null')
  return types.join(' or ')
}
