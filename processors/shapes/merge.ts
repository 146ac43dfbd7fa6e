/** Two shapes become one: all that both have seen. */
import {
  COUNTS,
  emptyShape,
  MAX_ASKERS,
  MAX_FIELDS,
  MAX_VALUES,
  type Items,
  type SeenValue,
  type Shape,
  type Texts,
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
  if (values === undefined || from.values === undefined) {
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
  const texts = (into.texts ??= {
    shortest: from.shortest,
    longest: from.longest,
    formats: new Map(),
    values: new Map(),
  })
  texts.shortest = Math.min(texts.shortest, from.shortest)
  texts.longest = Math.max(texts.longest, from.longest)
  for (const [format, n] of from.formats) texts.formats.set(format, (texts.formats.get(format) ?? 0) + n)
  mergeValues(texts, from)
}

const mergeItems = (into: Shape, from: Items): void => {
  const items = (into.items ??= { shortest: from.shortest, longest: from.longest, shape: emptyShape() })
  items.shortest = Math.min(items.shortest, from.shortest)
  items.longest = Math.max(items.longest, from.longest)
  mergeShape(items.shape, from.shape)
}

/** An object turned out to be a map: its fields are values of one kind, their names are data. */
export const becomeMap = (shape: Shape): void => {
  const values = shape.values ?? emptyShape()
  for (const child of shape.fields?.values() ?? []) mergeShape(values, child)
  shape.values = values
  shape.fields = undefined
  shape.required = 0
}

const mergeField = (fields: Map<string, Shape>, name: string, child: Shape): void => {
  const known = fields.get(name) ?? emptyShape()
  fields.set(name, known)
  mergeShape(known, child)
}

/** If either is a map, so is the sum; and so it is when together they have too many fields. */
const mergeFields = (into: Shape, from: Shape): void => {
  if (from.values !== undefined) {
    becomeMap(into)
    mergeShape(into.values as Shape, from.values)
  }
  if (from.fields === undefined) return
  if (into.values !== undefined) {
    for (const child of from.fields.values()) mergeShape(into.values, child)
    return
  }
  const fields = (into.fields ??= new Map())
  for (const [name, child] of from.fields) mergeField(fields, name, child)
  if (fields.size > MAX_FIELDS) becomeMap(into)
}

/** Adds all that `from` has seen to `into`: associative and commutative, but for the order of names. `from` stays as it is. */
export const mergeShape = (into: Shape, from: Shape): void => {
  for (const count of COUNTS) into[count] += from[count]
  if (from.range) {
    const [low, high] = from.range
    into.range = into.range ? [Math.min(into.range[0], low), Math.max(into.range[1], high)] : [low, high]
  }
  if (from.texts) mergeTexts(into, from.texts)
  if (from.items) mergeItems(into, from.items)
  mergeFields(into, from)
  into.required = 0
  for (const child of into.fields?.values() ?? []) if (child.n === into.objects) into.required++
}
