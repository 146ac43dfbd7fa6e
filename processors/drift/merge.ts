/**
 * Two endpoints turned out to be one: their counts add up, and what was about to be new in either is not news any more. So
 * a merge makes the watchdog quieter for a while, never louder. Associative and commutative, but for the order of names and
 * for what the bounds leave out.
 */
import { MAX_PLACES, MAX_ROOTS, MAX_STATUSES, MAX_VALUES, type Endpoint } from './endpoint.ts'
import { MAX_VALUES_PER_PLACE } from './learn.ts'
import { joinLives } from './life.ts'
import { addMark } from './marks.ts'
import { sizeOf } from './maps.ts'
import { emptyPlace, OBJECT, OPTIONAL, type Place, type SeenValue, type Values } from './place.ts'
import { MAX_REQUEST_FIELDS, type RequestField, type Requests } from './request.ts'
import { MAX_SIGNALS } from './signal.ts'

const sumOfValues = (a: SeenValue | undefined, b: SeenValue): SeenValue =>
  a === undefined
    ? { ...b }
    : { n: a.n + b.n, asker: Math.min(a.asker, b.asker), shared: a.shared || b.shared || a.asker !== b.asker }

const mergeValues = (into: Place, from: Place): void => {
  if (from.values === undefined || into.values === null) return
  if (from.values === null) {
    into.values = null
    return
  }
  const values: Values = (into.values ??= { counts: new Map(), newest: 0, closed: true, late: [] })
  for (const [value, seen] of from.values.counts) values.counts.set(value, sumOfValues(values.counts.get(value), seen))
  values.newest += from.values.newest
  values.closed &&= from.values.closed
  values.late = []
  if (values.counts.size > MAX_VALUES_PER_PLACE) into.values = null
}

interface Room {
  left: number
}

const childOf = (place: Place, name: string, room: Room): Place | undefined => {
  const known = place.fields?.get(name)
  if (known !== undefined || room.left <= 0) return known
  room.left--
  const child = emptyPlace(place, name, 0)
  place.fields ??= new Map()
  place.fields.set(name, child)
  return child
}

/** Objects without the field since its last sight; of one that was never seen there, no word. */
const missesOf = (child: Place | undefined, objects: number): number =>
  child === undefined ? Infinity : objects - child.last

/** `a` and `b`: the objects of either before they were added up. */
const mergeFields = (into: Place, from: Place, [a, b, room]: readonly [number, number, Room]): void => {
  const misses = new Map<string, number>()
  for (const [name, child] of into.fields ?? []) misses.set(name, missesOf(child, a))
  for (const [name, child] of from.fields ?? []) {
    const heir = childOf(into, name, room)
    if (heir === undefined) continue
    misses.set(name, Math.min(misses.get(name) ?? Infinity, missesOf(child, b)))
    mergePlace(heir, child, room)
    heir.first += child.first
  }
  for (const [name, child] of into.fields ?? []) {
    child.last = a + b - (misses.get(name) ?? 0)
    if (child.n < a + b - child.first) child.told |= OPTIONAL
  }
}

/** The values of a map, made of all fields if it was none. */
const mapOf = (place: Place, room: Room): Place => {
  if (place.map !== undefined) return place.map
  const map = emptyPlace(place, '*', 0)
  for (const child of place.fields?.values() ?? []) mergePlace(map, child, room)
  place.fields = undefined
  place.map = map
  return map
}

const mergeBelow = (into: Place, from: Place, objects: readonly [number, number, Room]): void => {
  const room = objects[2]
  if (from.items !== undefined) mergePlace((into.items ??= emptyPlace(into, '*', 0)), from.items, room)
  if (into.map === undefined && from.map === undefined) return mergeFields(into, from, objects)
  const map = mapOf(into, room)
  if (from.map !== undefined) mergePlace(map, from.map, room)
  for (const child of from.fields?.values() ?? []) mergePlace(map, child, room)
  map.values = null
}

/** Of a place without strings, the other's. */
const commonForm = ({ form: a }: Place, { form: b }: Place): Place['form'] => {
  if (a === undefined || b === undefined) return a === undefined ? b && { ...b, misses: 0, late: undefined } : a
  return a !== null && b !== null && a.format === b.format ? { format: a.format, misses: 0, late: undefined } : null
}

/** Adds all that `from` has seen to `into`; `from` stays as it is. */
export const mergePlace = (into: Place, from: Place, room: Room): void => {
  const objects = [into.types[OBJECT], from.types[OBJECT], room] as const
  into.n += from.n
  into.nulls += from.nulls
  for (const [type, n] of from.types.entries()) into.types[type] = (into.types[type] ?? 0) + n
  into.added = into.nullable = into.typed = into.gap = into.missed = undefined
  into.told |= from.told
  for (const mark of from.marks ?? []) addMark(into, mark)
  into.form = commonForm(into, from)
  mergeValues(into, from)
  mergeBelow(into, from, objects)
}

const mergeStatuses = (into: Endpoint, from: Endpoint): void => {
  for (const [status, { n }] of from.statuses) {
    const known = into.statuses.get(status)
    if (known !== undefined) known.n += n
    else if (into.statuses.size < MAX_STATUSES) into.statuses.set(status, { n, late: undefined })
  }
  for (const one of into.statuses.values()) one.late = undefined
}

/** What is refused is no news after a merge: only who was taken counts on. */
const mergeRequests = (into: Requests, from: Requests): void => {
  into.taken += from.taken
  into.refused += from.refused
  into.late = undefined
  for (const [pointer, { taken, refused, told }] of from.fields) {
    const known: RequestField = into.fields.get(pointer) ?? {
      taken: 0,
      refused: 0,
      late: undefined,
      before: [0, 0],
      told: false,
    }
    if (!into.fields.has(pointer) && into.fields.size >= MAX_REQUEST_FIELDS) continue
    into.fields.set(pointer, {
      ...known,
      taken: known.taken + taken,
      refused: known.refused + refused,
      told: known.told || told,
    })
  }
  for (const field of into.fields.values()) field.late = undefined
}

const countValues = (place: Place): number => {
  let count = place.values?.counts.size ?? 0
  for (const child of [...(place.fields?.values() ?? []), place.items, place.map])
    if (child) count += countValues(child)
  return count
}

/** Adds all that `from` has seen to `into`; `from` stays as it is. */
export const mergeEndpoint = (into: Endpoint, from: Endpoint): void => {
  into.n += from.n
  mergeStatuses(into, from)
  mergeRequests(into.requests, from.requests)
  joinLives(into.life, from.life)
  const room = { left: into.room }
  for (const [status, place] of from.roots) {
    const root = into.roots.get(status) ?? emptyPlace(undefined, '', 0)
    if (!into.roots.has(status) && into.roots.size >= MAX_ROOTS) continue
    into.roots.set(status, root)
    mergePlace(root, place, room)
  }
  let places = 0
  let values = 0
  for (const root of into.roots.values()) {
    places += sizeOf(root) - 1
    values += countValues(root)
  }
  into.room = MAX_PLACES - places
  into.valueRoom = MAX_VALUES - values
  into.signals.push(...from.signals.slice(0, Math.max(0, MAX_SIGNALS - into.signals.length)))
}
