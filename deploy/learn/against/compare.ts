/** What answers show that a description does not allow: in the words, and with the statistics, of the watchdog. */
import { firstSight, lastSight } from '../../../processors/drift/evidence.ts'
import { viewOf, type Field, type View } from './view.ts'

type Json = Readonly<Record<string, unknown>>

export interface Change {
  readonly endpoint: string
  readonly kind: string
  readonly pointer: string
  readonly severity: 'breaking' | 'warning' | 'info'
  readonly confidence: number
  readonly before: string
  readonly after: string
}

export type Found = Omit<Change, 'endpoint'>

export interface Sides {
  readonly before: Json
  readonly after: Json
}

/** 150 : 1 against chance, where the description was learned and may have missed what is rare. */
const BAR = 5
/** What a person wrote is contradicted by one answer; what nobody saw proves nothing until so many were there. */
const ENOUGH = 10
const MAX_DEPTH = 20
const CERTAIN = 0.999

const confidenceOf = (evidence: number): number => 1 / (1 + Math.exp(-evidence))

/** A place in both, and the way to it. */
interface Place {
  readonly before: View
  readonly after: View
  readonly pointer: string
}

/** The items of one answer are no independent witnesses. */
const ITEM_WEIGHT = 0.25
const weightOf = (pointer: string): number => ITEM_WEIGHT ** (pointer.split('/*').length - 1)

/** How sure a sight is, seen `k` of `m` times now, if it was never seen in `silence`; undefined when it may be chance. */
const newlySeen = ({ before, pointer }: Place, k: number, m: number): number | undefined => {
  if (before.count === undefined) return CERTAIN
  const weight = weightOf(pointer)
  const evidence = firstSight(weight * before.count, weight * k, weight * Math.max(k, m))
  return evidence >= BAR ? confidenceOf(evidence) : undefined
}

/** How sure an end is: there in `k` of `n` before, missed in `s` now. */
const newlyMissed = ({ before, after, pointer }: Place, k: number): number | undefined => {
  const s = after.count ?? 1
  if (s < ENOUGH) return undefined
  if (before.count === undefined) return CERTAIN
  const weight = weightOf(pointer)
  const evidence = lastSight(weight * k, weight * Math.max(k, before.count), weight * s)
  return evidence >= BAR ? confidenceOf(evidence) : undefined
}

const named = (types: ReadonlySet<string> | undefined): string => [...(types ?? [])].sort().join(' or ') || 'any'

/** An integer is a number. */
const isAllowed = (types: ReadonlySet<string>, type: string): boolean =>
  types.has(type) || (type === 'integer' && types.has('number')) || (type === 'number' && types.has('integer'))

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** Formats that the learner tells. */
const FORMATS = new Set(['date-time', 'date', 'uuid', 'uri', 'email', 'ipv4'])

const report = (
  { pointer }: Place,
  kind: string,
  severity: Change['severity'],
  [confidence, before, after]: readonly [number | undefined, string, string],
): Found[] => (confidence === undefined ? [] : [{ kind, pointer, severity, confidence, before, after }])

const shareOf = ({ after }: Place, type: string): number => after.shares.get(type) ?? after.count ?? 1

const compareTypes = (place: Place): Found[] => {
  const { before, after } = place
  const { types } = before
  if (types === undefined) return []
  const count = after.count ?? 1
  const fresh = [...(after.types ?? [])].filter((type) => !isAllowed(types, type))
  const told = fresh.flatMap((type) => {
    const sure = newlySeen(place, shareOf(place, type), count)
    return report(place, 'type_changed', 'breaking', [sure, named(types), type])
  })
  if (!after.nullable || before.nullable) return told
  const sure = newlySeen(place, shareOf(place, 'null'), count)
  return [...told, ...report(place, 'became_nullable', 'breaking', [sure, named(types), `${named(types)} or null`])]
}

const areTexts = ({ before, after }: Place): boolean =>
  before.types?.has('string') === true && after.types?.has('string') === true

/** Of an enumeration: the values it lacks; of many values, that they are many. */
const compareValues = (place: Place): Found[] => {
  const { before, after } = place
  const count = after.count ?? 1
  const known = before.enum
  if (known === undefined || !areTexts(place)) return []
  const fresh = [...(after.enum ?? [])].filter((value) => !known.has(value)).sort()
  if (after.enum === undefined ? count < ENOUGH : fresh.length === 0) return []
  const told = after.enum === undefined ? 'many values' : fresh.join(', ')
  const sure = newlySeen(place, 1 + fresh.length, count)
  return report(place, 'enum_widened', 'warning', [sure, [...known].sort().join(', '), told])
}

const compareFormats = (place: Place): Found[] => {
  const { before, after } = place
  const count = after.count ?? 1
  const { format: known = '' } = before
  if (!FORMATS.has(known) || after.format === known || count < ENOUGH || !areTexts(place)) return []
  const told = after.format ?? 'no format'
  return report(place, 'format_changed', 'warning', [newlySeen(place, count, count), known, told])
}

const countOf = (document: Json, schema: unknown): number | undefined => viewOf(document, schema).count

/** A field on its way: its object, and where it is. */
const at = (place: Place, name: string): Place => ({ ...place, pointer: `${place.pointer}/${escaped(name)}` })

type Both = readonly [before: Field, after: Field]

const keptField = (sides: Sides, place: Place, [name, [was, is]]: readonly [string, Both], depth: number): Found[] => {
  const here = at(place, name)
  const below = comparePlaces(sides, [was.schema, is.schema, here.pointer], depth + 1)
  if (!was.required || is.required) return below
  const seen = place.after.count ?? 1
  const there = Math.min(seen, countOf(sides.after, is.schema) ?? seen)
  const sure = newlySeen(place, Math.max(1, seen - there), seen)
  return [...report(here, 'became_optional', 'breaking', [sure, 'always there', `in ${there} of ${seen}`]), ...below]
}

/** A field that a person calls optional may well be missing in all that was seen. */
const goneField = (sides: Sides, place: Place, [name, field]: readonly [string, Field]): Found[] => {
  const { before } = place
  const view = viewOf(sides.before, field.schema)
  if (before.count === undefined && !field.required) return []
  const sure = newlyMissed(place, view.count ?? 0)
  const severity = field.required ? 'breaking' : 'warning'
  return report(at(place, name), 'field_removed', severity, [sure, named(view.types), 'absent'])
}

const newField = (sides: Sides, place: Place, [name, field]: readonly [string, Field]): Found[] => {
  const { before, after } = place
  if (before.fields.has(name) || before.values !== undefined) return []
  const { types, count } = viewOf(sides.after, field.schema)
  const seen = after.count ?? 1
  const sure = newlySeen(place, Math.min(seen, count ?? 1), seen)
  return report(at(place, name), 'field_added', 'info', [sure, 'absent', named(types)])
}

const compareFields = (sides: Sides, place: Place, depth: number): Found[] => {
  const { before, after } = place
  if (before.fields.size === 0 || after.types?.has('object') !== true || after.values !== undefined) return []
  const known = [...before.fields].flatMap(([name, was]) => {
    const is = after.fields.get(name)
    return is === undefined ? goneField(sides, place, [name, was]) : keptField(sides, place, [name, [was, is]], depth)
  })
  return [...known, ...[...after.fields].flatMap((one) => newField(sides, place, one))]
}

const compareInside = (sides: Sides, { before, after, pointer }: Place, depth: number): Found[] => {
  const items = before.items !== undefined && after.items !== undefined
  const values = before.values !== undefined && after.values !== undefined
  return [
    ...(items ? comparePlaces(sides, [before.items, after.items, `${pointer}/*`], depth + 1) : []),
    ...(values ? comparePlaces(sides, [before.values, after.values, `${pointer}/*`], depth + 1) : []),
  ]
}

/** Compares two schemas and all below them. */
export const comparePlaces = (
  sides: Sides,
  [before, after, pointer]: readonly [unknown, unknown, string],
  depth = 0,
): Found[] => {
  if (depth > MAX_DEPTH) return []
  const place = { before: viewOf(sides.before, before), after: viewOf(sides.after, after), pointer }
  return [
    ...compareTypes(place),
    ...compareValues(place),
    ...compareFormats(place),
    ...compareFields(sides, place, depth),
    ...compareInside(sides, place, depth),
  ]
}
