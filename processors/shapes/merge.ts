/** Two shapes become one: all that both have seen. Associative and commutative but for the order of names, and lossless. */
import { commonFormat } from '../kit/formats.ts'
import {
  becomeOpaque,
  emptyFields,
  emptyShape,
  MAX_ASKERS,
  MAX_FIELDS,
  MAX_VALUES,
  MAX_VARIANTS,
  TYPES,
  type Fields,
  type Items,
  type SeenValue,
  type Shape,
  type Texts,
  type Union,
} from './shape.ts'

/** Notes one more asker of a value. */
export const addAsker = (seen: SeenValue, asker: number): void => {
  if (seen.askers.includes(asker)) return
  seen.askers.push(asker)
  seen.askers.sort((a, b) => a - b)
  if (seen.askers.length > MAX_ASKERS) seen.askers.length = MAX_ASKERS
}

const mergeValues = (into: Texts, from: Texts): void => {
  const { values } = into
  if (values === undefined || from.values === undefined || into.format !== '') {
    into.values = undefined
    return
  }
  for (const [value, { n, askers }] of from.values) {
    const seen = values.get(value)
    if (seen === undefined) values.set(value, { n, askers: [...askers] })
    else {
      seen.n += n
      for (const asker of askers) addAsker(seen, asker)
    }
  }
  if (values.size > MAX_VALUES) into.values = undefined
}

const mergeTexts = (into: Shape, from: Texts): void => {
  const { texts } = into
  if (texts === undefined) {
    into.texts = { ...from, values: from.values && new Map() }
    mergeValues(into.texts, from)
    return
  }
  texts.shortest = Math.min(texts.shortest, from.shortest)
  texts.longest = Math.max(texts.longest, from.longest)
  texts.format = commonFormat(texts.format, from.format)
  mergeValues(texts, from)
}

const mergeItems = (into: Shape, from: Items): void => {
  const items = (into.items ??= { shortest: from.shortest, longest: from.longest, shape: emptyShape() })
  items.shortest = Math.min(items.shortest, from.shortest)
  items.longest = Math.max(items.longest, from.longest)
  mergeShape(items.shape, from.shape)
}

/** Adds a field that is not there yet. */
export const putField = (fields: Fields, name: string, child: Shape): void => {
  fields.index.set(name, fields.names.length)
  fields.names.push(name)
  fields.children.push(child)
}

const setFields = (fields: Fields, kept: readonly (readonly [string, Shape])[]): void => {
  fields.names = []
  fields.children = []
  fields.index = new Map()
  for (const [name, child] of kept) putField(fields, name, child)
}

/** A map that does not know all its values knows nothing of them. */
const settleMap = (fields: Fields): void => {
  if (fields.closed && fields.values) fields.values = { ...emptyShape(), opaque: true }
}

/** An object turned out to be a map: its fields are values of one kind, their names are data. */
export const becomeMap = (fields: Fields): void => {
  const values = fields.values ?? emptyShape()
  for (const child of fields.children) mergeShape(values, child)
  setFields(fields, [])
  fields.values = values
  fields.required = 0
  settleMap(fields)
}

const mergeNames = (into: Fields, from: Fields): void => {
  // What one side had no room for is unknown in all.
  if (from.closed)
    setFields(
      into,
      into.names.flatMap((name, i) => (from.index.has(name) ? [[name, into.children[i] as Shape]] : [])),
    )
  for (const [i, name] of from.names.entries()) {
    const at = into.index.get(name)
    if (at !== undefined) mergeShape(into.children[at] as Shape, from.children[i] as Shape)
    else if (!into.closed) {
      const child = emptyShape()
      putField(into, name, child)
      mergeShape(child, from.children[i] as Shape)
    }
  }
}

/** If either is a map, so is the sum; and so it is when together they have too many fields. */
export const mergeFields = (into: Fields, from: Fields): void => {
  if (into.values !== undefined || from.values !== undefined) {
    becomeMap(into)
    const values = into.values as unknown as Shape
    for (const child of from.values ? [from.values] : from.children) mergeShape(values, child)
  } else mergeNames(into, from)
  into.n += from.n
  into.closed ||= from.closed
  if (into.names.length > MAX_FIELDS) becomeMap(into)
  settleMap(into)
  into.required = into.children.filter((child) => child.n === into.n).length
}

/** Objects of a union in one, its tag a field like any other. */
export const fieldsOfUnion = ({ variants }: Union): Fields => {
  const all = emptyFields()
  for (const fields of variants.values()) mergeFields(all, fields)
  return all
}

/** Gives up telling objects apart. */
export const collapseUnion = (shape: Shape): Fields => {
  const fields = (shape.fields ??= emptyFields())
  if (shape.union) mergeFields(fields, fieldsOfUnion(shape.union))
  shape.union = undefined
  return fields
}

const mergeUnion = (into: Union, from: Union): void => {
  for (const [value, fields] of from.variants) {
    const known = into.variants.get(value) ?? emptyFields()
    into.variants.set(value, known)
    mergeFields(known, fields)
  }
}

const mergeObjects = (into: Shape, from: Shape): void => {
  if (from.objects === 0) return
  if (into.fields === undefined && into.union === undefined && from.union !== undefined)
    into.union = { tag: from.union.tag, variants: new Map() }
  if (into.union !== undefined && into.union.tag === from.union?.tag) {
    mergeUnion(into.union, from.union)
    if (into.union.variants.size > MAX_VARIANTS) collapseUnion(into)
    return
  }
  const fields = collapseUnion(into)
  if (from.fields) mergeFields(fields, from.fields)
  if (from.union) mergeFields(fields, fieldsOfUnion(from.union))
}

/** Adds all that `from` has seen to `into`; `from` stays as it is. */
export const mergeShape = (into: Shape, from: Shape): void => {
  into.n += from.n
  if (into.opaque || from.opaque) {
    becomeOpaque(into)
    return
  }
  mergeObjects(into, from)
  for (const type of TYPES) into[type] += from[type]
  if (from.range) {
    const [low, high] = from.range
    into.range = into.range ? [Math.min(into.range[0], low), Math.max(into.range[1], high)] : [low, high]
  }
  if (from.texts) mergeTexts(into, from.texts)
  if (from.items) mergeItems(into, from.items)
}
