/**
 * What a shape costs: an upper bound of its bytes on the changelog (state.ts), so that a bound on cost is one on state.
 * Counts take at most five bytes, which is 34 thousand million.
 */
import { TYPES, type Fields, type Shape, type Texts, type Union } from './shape.ts'

/** Types, the length of the field's name, and a count if it is opaque. */
export const SHAPE_COST = 8
/** A count. */
export const TYPE_COST = 5
/** Whether there is one, and two numbers. */
export const RANGE_COST = 19
/** Two lengths, the format, the number of values. */
export const TEXTS_COST = 12
/** Length, count, two askers. */
export const VALUE_COST = 18
/** Two lengths. */
export const ITEMS_COST = 10
/** Which kind, two counts, flags, the number of names. */
export const FIELDS_COST = 12
/** The tag's length, the number of variants. */
export const UNION_COST = 3
/** The tag's length. */
export const VARIANT_COST = 1

/** Bytes of a text, by its UTF-16 code units. */
export const textCost = (text: string): number => {
  let cost = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 128) cost++
    else cost += code < 16_384 ? 2 : 3
  }
  return cost
}

const textsCost = ({ values }: Texts): number => {
  let cost = TEXTS_COST
  for (const value of values?.keys() ?? []) cost += VALUE_COST + textCost(value)
  return cost
}

const fieldsCost = ({ names, children, values }: Fields): number => {
  let cost = FIELDS_COST
  for (const name of names) cost += textCost(name)
  for (const child of children) cost += costOf(child)
  return values ? cost + costOf(values) : cost
}

const unionCost = ({ tag, variants }: Union): number => {
  let cost = UNION_COST + textCost(tag)
  for (const [value, fields] of variants) cost += VARIANT_COST + textCost(value) + fieldsCost(fields)
  return cost
}

const typesCost = (shape: Shape): number => {
  let types = 0
  for (const type of TYPES) if (shape[type] > 0) types++
  return types * TYPE_COST + (shape.integers + shape.fractions > 0 ? RANGE_COST : 0)
}

/** The cost of a tree, counted anew. */
export const costOf = (shape: Shape): number => {
  let cost = SHAPE_COST + typesCost(shape)
  if (shape.texts) cost += textsCost(shape.texts)
  if (shape.items) cost += ITEMS_COST + costOf(shape.items.shape)
  if (shape.fields) cost += fieldsCost(shape.fields)
  if (shape.union) cost += unionCost(shape.union)
  return cost
}
