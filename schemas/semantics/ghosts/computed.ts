/**
 * What servers work out from a request: how long a text or a list is, the sum of a list's numbers, of one number times
 * another (order lines), and of two numbers the product. Proven by counting as copies are, but later: small numbers agree by chance.
 */
import type { Json } from './json.ts'
import { isFields, ownField } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { toUtf8 } from './text.ts'

const MAX_ITEMS = 200
const MAX_NUMBERS = 4
const SHORTEST = 3
const PLAIN_NAME = /^\w+$/

/** Sums of money are no more exact than this. */
const exact = (value: number): number => Number(value.toFixed(6))

const lengthOf = (value: Json): number | undefined => {
  if (Array.isArray(value)) return value.length
  return typeof value === 'string' && value.length >= SHORTEST ? toUtf8(value).length : undefined
}

const productIn = (fields: Json | undefined, names: readonly string[]): number | undefined => {
  let product = 1
  for (const name of names) {
    const value = ownField(fields, name)
    if (typeof value !== 'number') return undefined
    product *= value
  }
  return product
}

const sumOf = (items: readonly Json[], names: readonly string[]): number | undefined => {
  let sum = 0
  for (const item of items) {
    const product = productIn(item, names)
    if (product === undefined) return undefined
    sum += product
  }
  return exact(sum)
}

/** Value of a computation by its name: `length`, `sum:quantity*price` over a list, `product:a*b` in an object. */
export const computed = (name: string, value: Json): Json | undefined => {
  if (name === 'length') return lengthOf(value)
  const names = name.slice(name.indexOf(':') + 1).split('*')
  if (name.startsWith('sum:')) return Array.isArray(value) ? sumOf(value.slice(0, MAX_ITEMS), names) : undefined
  const product = name.startsWith('product:') ? productIn(value, names) : undefined
  return product === undefined ? undefined : exact(product)
}

const COMPUTED = /^(?:length|(?:sum|product):[\w*]+)>/

export const isComputed = (from: string): boolean => COMPUTED.test(from)

const numbersIn = (fields: Fields): string[] =>
  Object.entries(fields)
    .filter(([name, value]) => typeof value === 'number' && PLAIN_NAME.test(name))
    .slice(0, MAX_NUMBERS)
    .map(([name]) => name)

const pairsOf = (names: readonly string[]): string[] =>
  names.flatMap((a, i) => names.slice(i + 1).map((b) => `${a}*${b}`))

/** Names of what may be worked out from a value of a request. */
export const computations = (value: Json): readonly string[] => {
  if (typeof value === 'string') return value.length >= SHORTEST ? ['length'] : []
  if (isFields(value)) return pairsOf(numbersIn(value)).map((pair) => `product:${pair}`)
  if (!Array.isArray(value)) return []
  const [first] = value
  const names = isFields(first) ? numbersIn(first) : []
  return ['length', ...[...names, ...pairsOf(names)].map((name) => `sum:${name}`)]
}
