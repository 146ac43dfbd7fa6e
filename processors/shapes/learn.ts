/** Learns the shape of JSON values, one body at a time. Everything has a bound: depth, fields, items, values, shapes in all. */
import { hash32 } from '../kit/hash.ts'
import type { JsonValue } from '../kit/processor.ts'
import { formatOf, isIdLike } from './formats.ts'
import { addAsker, becomeMap } from './merge.ts'
import { emptyShape, MAX_ASKERS, MAX_FIELDS, MAX_VALUES, type Shape, type Texts } from './shape.ts'

const MAX_VALUE_LENGTH = 64
/** Items looked at in one array, evenly spaced. */
const MAX_ITEMS = 32
const MAX_DEPTH = 32

/** One walk over one body. `changed` says whether anything but counts is new; `room` is left for new shapes. */
export interface Walk {
  readonly asker: number
  changed: boolean
  room: number
}

/** The asker of a principal pseudonym, '' for an anonymous one. */
export const askerOf = (principal: string): number => (principal === '' ? 0 : hash32(principal) || 1)

const seeNumber = (shape: Shape, value: number, walk: Walk): void => {
  const whole = Number.isInteger(value)
  if (whole ? shape.integers++ === 0 && shape.fractions === 0 : shape.fractions++ === 0) walk.changed = true
  // 1e999 parses to Infinity: it is a number, but no bound that could be kept.
  if (!Number.isFinite(value)) return
  const { range } = shape
  if (range === undefined) shape.range = [value, value]
  else if (value < range[0]) range[0] = value
  else if (value > range[1]) range[1] = value
}

const seeValue = (texts: Texts, value: string, asker: number): void => {
  const { values } = texts
  if (values === undefined) return
  const seen = values.get(value)
  if (seen !== undefined) {
    seen.n++
    if (seen.askers.length < MAX_ASKERS || asker < (seen.askers[MAX_ASKERS - 1] as number)) addAsker(seen, asker)
  } else if (values.size < MAX_VALUES && value.length <= MAX_VALUE_LENGTH) values.set(value, { n: 1, askers: [asker] })
  else texts.values = undefined
}

const seeString = (shape: Shape, value: string, walk: Walk): void => {
  const { length } = value
  const texts = (shape.texts ??= { shortest: length, longest: length, formats: new Map(), values: new Map() })
  if (length < texts.shortest) texts.shortest = length
  if (length > texts.longest) texts.longest = length
  const format = formatOf(value)
  const known = texts.formats.get(format)
  if (known === undefined) walk.changed = true
  texts.formats.set(format, (known ?? 0) + 1)
  seeValue(texts, value, walk.asker)
  shape.strings++
}

const seeArray = (shape: Shape, value: readonly JsonValue[], walk: Walk, depth: number): void => {
  if (shape.arrays++ === 0) walk.changed = true
  const { length } = value
  if (shape.items === undefined) {
    if (depth >= MAX_DEPTH || walk.room-- <= 0) return
    shape.items = { shortest: length, longest: length, shape: emptyShape() }
  }
  const { items } = shape
  if (length < items.shortest) items.shortest = length
  if (length > items.longest) items.longest = length
  const looks = Math.min(length, MAX_ITEMS)
  for (let i = 0; i < looks; i++) {
    const at = looks === length ? i : Math.floor((i * length) / looks)
    see(items.shape, value[at] as JsonValue, walk, depth + 1)
  }
}

const ID_KEYS = 3
const DIGIT_KEYS = 9
const RARE_KEYS = 6

/** Names starting with a digit, and names that look made: both say "map". */
const machineNames = (names: Iterable<string>): { digits: number; ids: number } => {
  let digits = 0
  let ids = 0
  for (const name of names) {
    const first = name.charCodeAt(0)
    if (first >= 48 && first <= 57) digits++
    if (isIdLike(name)) ids++
  }
  return { digits, ids }
}

/**
 * A map keyed by ids, told apart from an object. More than 100 fields or more than 9 names that start with a digit:
 * Akita's rule (spec_util/infer_maps.go). Machine-made names only, or six names and more, 60 % of them seen once and none
 * in 40 % of the objects: ours, measured in the drift evaluation.
 */
const isMap = (fields: ReadonlyMap<string, Shape>, objects: number): boolean => {
  if (fields.size > MAX_FIELDS) return true
  if (fields.size < ID_KEYS) return false
  const { digits, ids } = machineNames(fields.keys())
  if (digits > DIGIT_KEYS || ids === fields.size) return true
  if (fields.size < RARE_KEYS) return false
  let once = 0
  for (const child of fields.values()) {
    if (child.n >= 0.4 * objects) return false
    if (child.n <= 1) once++
  }
  return once >= 0.6 * fields.size
}

const addField = (shape: Shape, name: string, walk: Walk): Shape | undefined => {
  if (walk.room <= 0) return undefined
  const child = emptyShape()
  shape.fields?.set(name, child)
  walk.room--
  walk.changed = true
  return child
}

type Fields = Readonly<Record<string, JsonValue>>

const seeFields = (shape: Shape, value: Fields, walk: Walk, depth: number): void => {
  const fields = (shape.fields ??= new Map())
  const before = shape.objects - 1
  let always = 0
  let grown = false
  for (const name in value) {
    let child = fields.get(name)
    if (child === undefined) {
      child = addField(shape, name, walk)
      if (child === undefined) continue
      grown = true
    }
    if (child.n === before) always++
    see(child, value[name] as JsonValue, walk, depth + 1)
  }
  if (always < shape.required) walk.changed = true
  shape.required = always
  if (grown && isMap(fields, shape.objects)) becomeMap(shape)
}

const seeObject = (shape: Shape, value: Fields, walk: Walk, depth: number): void => {
  if (shape.objects++ === 0) walk.changed = true
  if (depth >= MAX_DEPTH) return
  if (shape.values === undefined) return seeFields(shape, value, walk, depth)
  let looks = 0
  for (const name in value) {
    if (looks++ >= MAX_ITEMS) return
    see(shape.values, value[name] as JsonValue, walk, depth + 1)
  }
}

/** Learns one value. */
export const see = (shape: Shape, value: JsonValue, walk: Walk, depth = 0): void => {
  shape.n++
  if (typeof value === 'string') seeString(shape, value, walk)
  else if (typeof value === 'number') seeNumber(shape, value, walk)
  else if (value === null) {
    if (shape.nulls++ === 0) walk.changed = true
  } else if (typeof value === 'boolean') {
    if (shape.booleans++ === 0) walk.changed = true
  } else if (Array.isArray(value)) seeArray(shape, value as readonly JsonValue[], walk, depth)
  else seeObject(shape, value as Fields, walk, depth)
}
