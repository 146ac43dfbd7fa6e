/** How values stand to each other and to what a request says of them. */
import type { Json } from './model.ts'
import { at, isFields, isScalar, textOf } from './pointers.ts'
import type { Fields } from './pointers.ts'

export const lower = (value: Json | undefined): string => (textOf(value) ?? '').toLowerCase()

/** `"20.00"`: amounts are often sent as text, so that nothing is rounded. */
const DECIMAL = /^-?\d{1,15}\.\d{1,10}$/
const isDecimal = (value: Json | undefined): value is string => typeof value === 'string' && DECIMAL.test(value)

/** Numbers by size, everything else as text. */
export const compare = (a: Json | undefined, b: Json | undefined): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (isDecimal(a) && isDecimal(b)) return Number(a) - Number(b)
  const [x, y] = [textOf(a) ?? '', textOf(b) ?? '']
  return x < y ? -1 : x > y ? 1 : 0
}

export const bounded = (value: Json | undefined, bound: string): number => {
  const numbers = typeof value === 'number' && bound !== '' && !Number.isNaN(Number(bound))
  return compare(value, numbers ? Number(bound) : bound)
}

export const isValue = (field: Json | undefined): boolean => isScalar(field) && field !== null

/** The value of a field that a parameter names, in the item or in an object right in it: `price`, `author.name`. */
export const fieldNamed = (item: Fields, name: string): Json | undefined => {
  const pointer = `/${name.replaceAll('.', '/')}`
  const own = at(item, pointer)
  if (own !== undefined || name === '') return own
  return Object.values(item).flatMap((inner) => (isFields(inner) ? (at(inner, pointer) ?? []) : []))[0]
}
