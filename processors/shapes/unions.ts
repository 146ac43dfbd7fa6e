/**
 * Discriminated unions: objects with a `type`-like field that selects the rest. Objects are told apart by it from the first
 * one on, and together again (for good) once it turns out to select nothing, or to be no tag.
 */
import type { JsonValue } from '../kit/processor.ts'
import type { Fields, Shape, Union } from './shape.ts'

type JsonObject = Readonly<Record<string, JsonValue>>

const TAG_NAME = /^(?:[@_]{0,2}(?:type|kind|typename)|object|event|.{1,40}(?:_type|Type|_kind|Kind))$/
/** A word that an author chose: no blanks, nothing that looks like a value. */
const TAG_VALUE = /^[A-Za-z][A-Za-z_.:/-]{0,39}$/
const MAX_NAME = 48

export const isTagValue = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && value.length <= 40 && TAG_VALUE.test(value)

/** The first field that may select the rest; the plainest name wins. */
export const tagOf = (value: JsonObject): string | undefined => {
  let found: string | undefined
  for (const name in value) {
    if (name.length > MAX_NAME || !TAG_NAME.test(name) || !isTagValue(value[name])) continue
    if (found === undefined || name.length < found.length) found = name
  }
  return found
}

/** Objects of a variant before it says anything. */
const ENOUGH = 5
/** Looked for this deep: `{ type, data: { … } }` is as common as fields beside the tag. */
const DEPTH = 2

/** Whether a field that all of `a` have is in none of `b`. */
const differs = (a: Fields, b: Fields, depth: number): boolean => {
  if (a.values || b.values || a.closed || b.closed) return false
  for (const [i, name] of a.names.entries()) {
    const child = a.children[i] as Shape
    if (child.n < a.n) continue
    const at = b.index.get(name)
    if (at === undefined) return true
    const other = b.children[at] as Shape
    if (depth > 1 && child.fields && other.fields && differs(child.fields, other.fields, depth - 1)) return true
  }
  return false
}

/** Whether the tag selects: some variant always has what another never has. */
export const selects = ({ variants }: Union): boolean => {
  const known = [...variants.values()].filter(({ n }) => n >= ENOUGH)
  const [first, ...others] = known
  return first !== undefined && others.some((other) => differs(first, other, DEPTH) || differs(other, first, DEPTH))
}
