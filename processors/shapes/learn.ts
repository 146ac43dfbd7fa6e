/**
 * Learns the shape of JSON values, one body at a time, every value of it. Everything has a bound: depth by MAX_DEPTH, all
 * else by the bytes of state that a tree may cost (cost.ts). When they run short, enumerations go first, then new fields.
 */
import { hash32 } from '../kit/hash.ts'
import type { JsonValue } from '../kit/processor.ts'
import * as cost from './cost.ts'
import { formatOf, withText } from '../kit/formats.ts'
import { isMap } from './maps.ts'
import { addAsker, becomeMap, collapseUnion, putField } from './merge.ts'
import { squeeze, SQUEEZES } from './squeeze.ts'
import {
  becomeOpaque,
  emptyFields,
  emptyShape,
  MAX_ASKERS,
  MAX_VALUES,
  MAX_VARIANTS,
  type Fields,
  type Shape,
  type Texts,
} from './shape.ts'
import { enumOf } from './enums.ts'
import { isTagValue, selects, tagOf } from './unions.ts'

const MAX_VALUE_LENGTH = 40
const MAX_DEPTH = 32
const MAX_NAME = 256
/** What may turn out to be nothing, values and variants, must leave half of the room for fields. */
const FIELDS_SHARE = 0.5
/** Below this share of room, so many different strings in a row are free text. */
const SCARCE_SHARE = 0.75
/** So many different tags in a row are none. */
const FREE_TEXT = 6
const UNION_DOUBT = 64

/** A tree and what may still be added to it, in bytes of state. */
export interface Tree {
  readonly budget: number
  room: number
  readonly shape: Shape
}

export const emptyTree = (budget: number): Tree => ({
  budget,
  room: budget - cost.SHAPE_COST,
  shape: emptyShape(),
})

/** Who was told a value, and whether it stands for parameters (of a query, of header fields) and not for a body. */
export interface Looker {
  readonly asker: number
  readonly parameters?: boolean
}

/** One walk over one body. `changed`: the schema is no longer what it was, counts apart. */
interface Walk extends Looker {
  readonly tree: Tree
  changed: boolean
  /** Something was given up: the cost is counted anew at the end. */
  freed: boolean
  /** How many of SQUEEZES were done: each once in a walk, so that no body can ask for them again and again. */
  squeezed: number
}

type JsonObject = Readonly<Record<string, JsonValue>>

/** The asker of a principal pseudonym, '' for an anonymous one. */
export const askerOf = (principal: string): number => (principal === '' ? 0 : hash32(principal) || 1)

/** Takes room, gives up enumerations for it when it must, once in a walk; false when there is none. */
const afford = (walk: Walk, price: number): boolean => {
  const { tree } = walk
  while (tree.room < price && walk.squeezed < SQUEEZES.length) {
    squeeze(tree.shape, SQUEEZES[walk.squeezed++] ?? 'all')
    tree.room = tree.budget - cost.costOf(tree.shape)
    walk.changed = true
  }
  if (tree.room < price) return false
  tree.room -= price
  return true
}

/** Takes room for what may turn out to be nothing: only while half of it is left. */
const spare = ({ tree }: Walk, price: number): boolean => {
  if (tree.room - price < tree.budget * FIELDS_SHARE) return false
  tree.room -= price
  return true
}

/** A type not seen here before: false when there is no room for it, and the place takes anything from now on. */
const newType = (shape: Shape, walk: Walk, price: number): boolean => {
  walk.changed = true
  if (afford(walk, cost.TYPE_COST + price)) return true
  becomeOpaque(shape)
  walk.freed = true
  return false
}

/** Ranges cost once, whichever kind of number comes first. */
const newNumber = (shape: Shape, walk: Walk): boolean =>
  newType(shape, walk, shape.integers + shape.fractions === 0 ? cost.RANGE_COST : 0)

const seeNumber = (shape: Shape, value: number, walk: Walk): void => {
  if (Number.isInteger(value)) {
    if (shape.integers === 0 && !newNumber(shape, walk)) return
    shape.integers++
  } else {
    if (shape.fractions === 0 && !newNumber(shape, walk)) return
    shape.fractions++
  }
  // 1e999 parses to Infinity: it is a number, but no bound that could be kept.
  if (!Number.isFinite(value)) return
  const { range } = shape
  // Zero has no sign here, as in what is stored.
  const bound = value + 0
  if (range === undefined) shape.range = [bound, bound]
  else if (bound < range[0]) range[0] = bound
  else if (bound > range[1]) range[1] = bound
}

/** That what was told as an enumeration is none is news. */
const dropValues = (shape: Shape, texts: Texts, walk: Walk): void => {
  if (texts.values === undefined) return
  if (enumOf(shape) !== undefined) walk.changed = true
  texts.values = undefined
  walk.freed = true
}

const addValue = (shape: Shape, texts: Texts, value: string, walk: Walk): void => {
  const values = texts.values as NonNullable<Texts['values']>
  const { room, budget } = walk.tree
  const isFree = room < budget * SCARCE_SHARE && values.size >= FREE_TEXT && values.size === shape.strings - 1
  const isFull = values.size >= MAX_VALUES || value.length > MAX_VALUE_LENGTH
  if (isFree || isFull || !spare(walk, cost.VALUE_COST + cost.textCost(value))) {
    dropValues(shape, texts, walk)
    return
  }
  if (enumOf(shape) !== undefined) walk.changed = true
  values.set(value, { n: 1, askers: [walk.asker] })
}

const seeValue = (shape: Shape, texts: Texts, value: string, walk: Walk): void => {
  if (texts.values === undefined) return
  const seen = texts.values.get(value)
  if (seen === undefined) return addValue(shape, texts, value, walk)
  seen.n++
  const { askers } = seen
  if (askers.length < MAX_ASKERS || walk.asker < (askers[MAX_ASKERS - 1] as number)) addAsker(seen, walk.asker)
}

const firstText = (shape: Shape, value: string, walk: Walk): Texts | undefined => {
  if (!newType(shape, walk, cost.TEXTS_COST)) return undefined
  const { length } = value
  const format = formatOf(value)
  return (shape.texts = { shortest: length, longest: length, format, values: format === '' ? new Map() : undefined })
}

const seeString = (shape: Shape, value: string, walk: Walk): void => {
  const texts = shape.texts ?? firstText(shape, value, walk)
  if (texts === undefined) return
  shape.strings++
  const { length } = value
  if (length < texts.shortest) texts.shortest = length
  if (length > texts.longest) texts.longest = length
  if (texts.format === '') seeValue(shape, texts, value, walk)
  else {
    const format = withText(texts.format, value)
    if (format !== texts.format) walk.changed = true
    texts.format = format
  }
}

/** A new place below: opaque from the start when it lies too deep. */
const childShape = (depth: number): Shape => {
  const child = emptyShape()
  child.opaque = depth >= MAX_DEPTH
  return child
}

const seeArray = (shape: Shape, value: readonly JsonValue[], walk: Walk, depth: number): void => {
  const { length } = value
  if (shape.arrays === 0 && !newType(shape, walk, cost.ITEMS_COST + cost.SHAPE_COST)) return
  shape.arrays++
  const items = (shape.items ??= { shortest: length, longest: length, shape: childShape(depth + 1) })
  if (length < items.shortest) items.shortest = length
  if (length > items.longest) items.longest = length
  for (let i = 0; i < length; i++) see(items.shape, value[i] as JsonValue, walk, depth + 1)
}

const addField = (fields: Fields, name: string, walk: Walk, depth: number): Shape | undefined => {
  if (fields.closed) return undefined
  if (name.length > MAX_NAME || !afford(walk, cost.SHAPE_COST + cost.textCost(name))) {
    fields.closed = true
    return undefined
  }
  const child = childShape(depth + 1)
  putField(fields, name, child)
  walk.changed = true
  return child
}

/** Fields come mostly in the order in which they came before: the next name is compared before any is looked up. */
const seeNames = (fields: Fields, value: JsonObject, walk: Walk, depth: number): void => {
  const before = fields.n - 1
  const known = fields.names.length
  let next = 0
  let always = 0
  for (const name in value) {
    let at: number | undefined = next
    if (fields.names[next] !== name) at = fields.index.get(name)
    const child = at === undefined ? addField(fields, name, walk, depth) : (fields.children[at] as Shape)
    if (child === undefined) continue
    next = (at ?? fields.names.length - 1) + 1
    if (child.n === before) always++
    see(child, value[name] as JsonValue, walk, depth + 1)
  }
  if (always < fields.required) walk.changed = true
  fields.required = always
  if (fields.names.length > known && isMap(fields, depth === 0 && walk.parameters === true)) {
    becomeMap(fields)
    walk.freed = true
  }
}

const seeFields = (fields: Fields, value: JsonObject, walk: Walk, depth: number): void => {
  fields.n++
  if (fields.values === undefined) return seeNames(fields, value, walk, depth)
  if (fields.closed) return
  for (const name in value) see(fields.values, value[name] as JsonValue, walk, depth + 1)
}

const openUnion = (shape: Shape, value: JsonObject, walk: Walk): void => {
  const tag = tagOf(value)
  if (tag !== undefined && spare(walk, cost.UNION_COST + cost.textCost(tag))) shape.union = { tag, variants: new Map() }
}

/** Where objects with this tag are learned; undefined when the tag tells nothing any more. */
const variantOf = (shape: Shape, value: JsonObject, walk: Walk): Fields | undefined => {
  const { union } = shape
  if (union === undefined) return undefined
  const tag = value[union.tag]
  const known = typeof tag === 'string' ? union.variants.get(tag) : undefined
  if (known !== undefined) return known
  walk.changed = true
  const { size } = union.variants
  const isFree = size >= FREE_TEXT && size === shape.objects - 1
  if (isFree || size >= MAX_VARIANTS || !isTagValue(tag)) return undefined
  if (!spare(walk, cost.VARIANT_COST + cost.FIELDS_COST + cost.textCost(tag))) return undefined
  const fields = emptyFields()
  union.variants.set(tag, fields)
  return fields
}

const isPowerOfTwo = (n: number): boolean => (n & (n - 1)) === 0

const collapse = (shape: Shape, walk: Walk): Fields => {
  walk.changed = true
  walk.freed = true
  return collapseUnion(shape)
}

const seeObject = (shape: Shape, value: JsonObject, walk: Walk, depth: number): void => {
  if (shape.objects === 0) {
    if (!newType(shape, walk, cost.FIELDS_COST)) return
    openUnion(shape, value, walk)
  }
  shape.objects++
  const { union, objects } = shape
  if (union && objects >= UNION_DOUBT && isPowerOfTwo(objects) && !selects(union)) collapse(shape, walk)
  const variant = variantOf(shape, value, walk)
  seeFields(variant ?? (shape.union ? collapse(shape, walk) : (shape.fields ??= emptyFields())), value, walk, depth)
}

const see = (shape: Shape, value: JsonValue, walk: Walk, depth: number): void => {
  shape.n++
  if (shape.opaque) return
  if (typeof value === 'string') seeString(shape, value, walk)
  else if (typeof value === 'number') seeNumber(shape, value, walk)
  else if (value === null) {
    if (shape.nulls > 0 || newType(shape, walk, 0)) shape.nulls++
  } else if (typeof value === 'boolean') {
    if (shape.booleans > 0 || newType(shape, walk, 0)) shape.booleans++
  } else if (Array.isArray(value)) seeArray(shape, value as readonly JsonValue[], walk, depth)
  else seeObject(shape, value as JsonObject, walk, depth)
}

/** Learns one value. True when the schema is no longer what it was, counts apart. */
export const learnValue = (tree: Tree, value: JsonValue, { asker, parameters = false }: Looker): boolean => {
  const walk: Walk = { tree, asker, parameters, changed: false, freed: false, squeezed: 0 }
  see(tree.shape, value, walk, 0)
  if (walk.freed) tree.room = tree.budget - cost.costOf(tree.shape)
  return walk.changed
}
