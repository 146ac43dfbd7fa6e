/** Maps keyed by ids, told apart from objects with fields. */
import { isIdLike } from '../kit/formats.ts'
import { MAX_FIELDS, TYPES, type Fields, type Shape } from './shape.ts'

const ID_KEYS = 3
const DIGIT_KEYS = 9
const RARE_KEYS = 6

/** Names starting with a digit, and names that look made: both say "map". */
const machineNames = (names: readonly string[]): { digits: number; ids: number } => {
  let digits = 0
  let ids = 0
  for (const name of names) {
    const first = name.charCodeAt(0)
    if (first >= 48 && first <= 57) digits++
    if (isIdLike(name)) ids++
  }
  return { digits, ids }
}

/** The types of a shape but null, as bits. */
const kindOf = (shape: Shape): number =>
  TYPES.reduce((bits, type, i) => (type !== 'nulls' && shape[type] > 0 ? bits | (1 << i) : bits), 0)

/** Six names and more, 60 % of them seen once, none in 40 % of the objects, and all of one kind. */
const areRare = ({ names, children, n }: Fields): boolean => {
  if (names.length < RARE_KEYS) return false
  const kinds = new Set<number>()
  let once = 0
  for (const child of children) {
    if (child.n >= 0.4 * n) return false
    if (child.n <= 1) once++
    kinds.add(kindOf(child))
  }
  kinds.delete(0)
  return kinds.size <= 1 && once >= 0.6 * names.length
}

/**
 * Whether the names are data. More than 100 fields or more than 9 names that start with a digit: Akita's rule
 * (spec_util/infer_maps.go). Machine-made names only, or rare ones: ours, measured in the drift evaluation. Rare names of
 * `parameters` are optional ones, so they stay names.
 */
export const isMap = (fields: Fields, parameters: boolean): boolean => {
  const { names } = fields
  if (names.length > MAX_FIELDS) return true
  if (names.length < ID_KEYS) return false
  const { digits, ids } = machineNames(names)
  if (digits > DIGIT_KEYS || ids === names.length) return true
  return !parameters && areRare(fields)
}
