/** Learns one answer into the places of an endpoint. Everything has a bound: depth, fields, items, values, places in all. */
import { commonFormat, fitsFormat, formatOf, type Format } from '../kit/formats.ts'
import type { JsonValue } from '../kit/processor.ts'
import { isIdLike, isMap, sizeOf } from './maps.ts'
import { addMark, markOf } from './marks.ts'
import { ARRAY, BOOLEAN, emptyPlace, NUMBER, OBJECT, REMOVED, STRING, type Place, type Values } from './place.ts'
import {
  lateNow,
  MIN_BEFORE,
  weighAdded,
  weighForm,
  weighGap,
  weighMiss,
  weighNull,
  weighType,
  weighValues,
  type Look,
} from './weigh.ts'

/** Items looked at in one array, evenly spaced. */
const MAX_ITEMS = 32
const MAX_DEPTH = 32
/** The instances of a place in one answer weigh at most so much together: they are no independent witnesses. */
const BODY_WEIGHT = 3
const GRAIN = 32
export const MAX_VALUES_PER_PLACE = 20
const MAX_VALUE_LENGTH = 40

/** Weight of this instance, of all instances in this answer, and depth. */
type Weight = readonly [one: number, all: number, depth: number]

export const WHOLE: Weight = [1, 1, 0]

const seeNull = (look: Look, place: Place, w: number): void => {
  const before = place.n - w
  if (place.nulls === 0) {
    if (before >= MIN_BEFORE) place.nullable = lateNow(look, before, before)
    else look.known.add(`null ${place.name}`)
  }
  place.nulls += w
  if (place.nullable !== undefined) weighNull(look, place)
}

const seeType = (look: Look, place: Place, type: number, w: number): void => {
  const { types } = place
  const had = types[type] ?? 0
  if (had === 0 && place.typed === undefined) {
    const before = place.n - place.nulls - w
    if (before >= MIN_BEFORE) place.typed = { ...lateNow(look, before, before), type }
  }
  types[type] = had + w
  if (place.typed !== undefined) weighType(look, place, type)
}

/** Good–Turing: the chance of a new value is about that of the singletons; closed when that is at most 6 %. */
const UNSEEN = 0.06
const PER_VALUE = 3

const isClosed = ({ counts, newest }: Values, strings: number): boolean => {
  const run = strings - newest
  if (run < PER_VALUE * counts.size) return false
  let singles = 0
  for (const { n } of counts.values()) if (n <= 1) singles++
  return (singles + 0.5) / run <= UNSEEN
}

const close = (look: Look, place: Place, values: Values): void => {
  values.closed = true
  for (const value of values.counts.keys()) look.known.add(`value ${place.name}=${value}`)
}

const seeNewValue = (look: Look, place: Place, [values, text, w]: readonly [Values, string, number]): void => {
  const { counts, late } = values
  if (counts.size >= MAX_VALUES_PER_PLACE || text.length > MAX_VALUE_LENGTH || look.valueRoom <= 0) {
    look.valueRoom += counts.size
    place.values = null
    return
  }
  const strings = place.types[STRING]
  if (late.length > 0 || isClosed(values, strings))
    late.push({ ...lateNow(look, strings - values.newest, strings), value: text })
  else values.newest = strings + w
  look.valueRoom--
  counts.set(text, { n: 0, asker: look.asker, shared: look.asker === 0 })
}

/** Called before the string is counted. */
const seeText = (look: Look, place: Place, text: string, w: number): void => {
  if (place.values === null) return
  const values = (place.values ??= { counts: new Map(), newest: 0, closed: false, late: [] })
  const strings = place.types[STRING]
  const known = values.counts.get(text)
  if (known === undefined) seeNewValue(look, place, [values, text, w])
  else if (!values.closed && Math.floor(strings / 16) !== Math.floor((strings + w) / 16) && isClosed(values, strings))
    close(look, place, values)
  const seen = known ?? values.counts.get(text)
  if (seen === undefined) return
  seen.n += w
  if (look.asker === 0 || look.asker !== seen.asker) seen.shared = true
}

/** Fewer strings than this have no format for good. */
const FORM_AFTER = 20
/** What redaction and forms put in a value's place is none of its formats. */
const UNWATCHED: ReadonlySet<Format> = new Set<Format>(['', 'password', 'binary'])

/** Called before the string is counted. Most strings have no format, and cost nothing from the second on. */
const seeForm = (look: Look, place: Place, text: string, w: number): void => {
  if (place.form === null) return
  const strings = place.types[STRING]
  if (place.form === undefined) {
    const format = formatOf(text)
    place.form = strings > 0 || UNWATCHED.has(format) ? null : { format, misses: 0, late: undefined }
    return
  }
  const { form } = place
  if (fitsFormat(form.format, text)) return
  if (strings < FORM_AFTER) {
    const common = commonFormat(form.format, formatOf(text))
    place.form = common === '' ? null : { format: common, misses: 0, late: undefined }
    return
  }
  form.late ??= lateNow(look, strings, strings)
  form.misses += w
  weighForm(look, place, [form, formatOf(text), w])
}

const seeString = (look: Look, place: Place, text: string, w: number): void => {
  seeText(look, place, text, w)
  seeForm(look, place, text, w)
  seeType(look, place, STRING, w)
  if (place.values && place.values.late.length > 0) weighValues(look, place, place.values)
}

const addField = (look: Look, place: Place, name: string, w: number): Place | undefined => {
  if (look.room <= 0) return undefined
  look.room--
  const before = place.types[OBJECT] - w
  const child = emptyPlace(place, name, before)
  if (before >= MIN_BEFORE && !isIdLike(name)) child.added = lateNow(look, before, before)
  place.fields?.set(name, child)
  return child
}

/** The fields turn out to be keys: their counts are the values' now, and nothing was new about any of them. */
const becomeMap = (look: Look, place: Place): void => {
  const map = emptyPlace(place, '*', 0)
  for (const child of place.fields?.values() ?? []) {
    map.n += child.n
    map.form = null
    map.nulls += child.nulls
    for (const [type, n] of child.types.entries()) map.types[type] = (map.types[type] ?? 0) + n
    look.room += sizeOf(child)
  }
  look.room--
  map.values = null
  look.forget(place)
  place.fields = undefined
  place.map = map
}

type Fields = Readonly<Record<string, JsonValue>>

/** A field that was told to be gone is there again, as if it had not been away. */
const comeBack = (place: Place, child: Place, w: number): void => {
  child.told &= ~REMOVED
  child.gap = undefined
  child.first = place.types[OBJECT] - w - child.n
}

const seeField = (look: Look, place: Place, child: Place, [value, weight]: readonly [JsonValue, Weight]): void => {
  child.last = place.types[OBJECT]
  child.missed = undefined
  if ((child.told & REMOVED) !== 0) comeBack(place, child, weight[0])
  see(look, child, value, weight)
  if (child.added !== undefined) weighAdded(look, place, child)
  if (child.gap !== undefined) weighGap(look, place, child)
}

const seeFields = (look: Look, place: Place, value: Fields, [w, all, depth]: Weight): void => {
  const fields = (place.fields ??= new Map())
  const visit = ++look.visit
  const inner: Weight = [w, all, depth + 1]
  let hits = 0
  let grown = false
  for (const name in value) {
    let child = fields.get(name)
    if (child === undefined) {
      child = addField(look, place, name, w)
      if (child === undefined) continue
      grown = true
    }
    hits++
    child.visit = visit
    seeField(look, place, child, [value[name] as JsonValue, inner])
  }
  if (hits < fields.size)
    for (const child of fields.values()) if (child.visit !== visit) weighMiss(look, place, child, w)
  if (grown && isMap(fields, place.types[OBJECT])) becomeMap(look, place)
}

const seeObject = (look: Look, place: Place, value: Fields, weight: Weight): void => {
  const [w, all, depth] = weight
  if (depth >= MAX_DEPTH) return
  if (place.map === undefined) return seeFields(look, place, value, weight)
  let names = 0
  for (const name in value) {
    if (names++ >= MAX_ITEMS) return
    see(look, place.map, value[name] as JsonValue, [w, all, depth + 1])
  }
}

const seeItems = (look: Look, place: Place, value: readonly JsonValue[], [w, all, depth]: Weight): void => {
  const { length } = value
  if (length === 0 || depth >= MAX_DEPTH) return
  if (place.items === undefined) {
    if (look.room <= 0) return
    look.room--
    place.items = emptyPlace(place, '*', 0)
  }
  const looks = Math.min(length, MAX_ITEMS)
  const share = Math.min(1, BODY_WEIGHT / (all * looks))
  const one = Math.max(1, Math.round(w * share * GRAIN)) / GRAIN
  const inner: Weight = [one, Math.min(BODY_WEIGHT, all * looks), depth + 1]
  for (let i = 0; i < looks; i++) {
    const at = looks === length ? i : Math.floor((i * length) / looks)
    see(look, place.items, value[at] as JsonValue, inner)
  }
}

/** Values are marked while a place is young, then in one exchange of sixteen. */
const YOUNG = 64
const MARK_SHARE = 15

const seeScalar = (look: Look, place: Place, value: string | number, w: number): void => {
  if (place.n <= YOUNG || (look.now.index & MARK_SHARE) === 0) addMark(place, markOf(value))
  if (typeof value === 'string') seeString(look, place, value, w)
  else seeType(look, place, NUMBER, w)
}

/** Learns one value. */
export const see = (look: Look, place: Place, value: JsonValue, weight: Weight): void => {
  const [w] = weight
  place.n += w
  if (value === null) seeNull(look, place, w)
  else if (typeof value === 'string' || typeof value === 'number') seeScalar(look, place, value, w)
  else if (typeof value === 'boolean') seeType(look, place, BOOLEAN, w)
  else if (Array.isArray(value)) {
    seeType(look, place, ARRAY, w)
    seeItems(look, place, value as readonly JsonValue[], weight)
  } else {
    seeType(look, place, OBJECT, w)
    seeObject(look, place, value as Fields, weight)
  }
}
