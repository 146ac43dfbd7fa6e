/**
 * A shape as JSON Schema 2020-12. What was always so becomes a constraint of structure (type, required, format, enum);
 * what was merely seen (ranges, lengths) is an annotation `x-…`, since tomorrow's traffic may be larger by right.
 */
import { enumOf } from './enums.ts'
import type { Format } from '../kit/formats.ts'
import { fieldsOfUnion } from './merge.ts'
import { define } from './parameters.ts'
import { emptyFields, type Fields, type Shape, type Union } from './shape.ts'
import { selects } from './unions.ts'

export type JsonSchema = { readonly [key: string]: unknown }

const patterns: Partial<Record<Format, string>> = { integer: '^-?[0-9]+$', decimal: '^-?[0-9]+(\\.[0-9]+)?$' }

/** What redaction or a placeholder replaced has another length than what was sent. */
const isReplaced = (format: Format): boolean => format === 'password' || format === 'email' || format === 'binary'

/** Schemas are written into, not spread together: one is made of each place whenever an endpoint has news. */
type Draft = Record<string, unknown>

const writeStrings = (out: Draft, shape: Shape): void => {
  const { texts } = shape
  if (texts === undefined) return
  const { format, shortest, longest } = texts
  const pattern = patterns[format]
  if (pattern !== undefined) out['pattern'] = pattern
  else if (format !== '') out['format'] = format
  const values = enumOf(shape)
  if (values) out['enum'] = shape.nulls > 0 ? [...values, null] : values
  if (!isReplaced(format)) out['x-length'] = [shortest, longest]
}

const propertiesOf = ({ names, children }: Fields): Draft => {
  const properties: Draft = {}
  for (const [i, child] of children.entries()) define(properties, names[i] as string, schemaOf(child))
  return properties
}

const writeFields = (out: Draft, fields: Fields): void => {
  const { names, children, values, n } = fields
  if (values) {
    if (!values.opaque) out['additionalProperties'] = schemaOf(values)
    out['x-map'] = true
    return
  }
  out['properties'] = propertiesOf(fields)
  const required = names.filter((_, i) => children[i]?.n === n)
  if (required.length > 0) out['required'] = required
  if (fields.closed) out['x-incomplete'] = true
}

const variantSchema = (tag: string, value: string, fields: Fields): JsonSchema => {
  const out: Draft = { title: value, type: 'object' }
  writeFields(out, fields)
  // A map has no names, but its tag is one.
  const properties = (out['properties'] ??= {}) as Draft
  properties[tag] = { const: value }
  out['required'] ??= [tag]
  out['x-count'] = fields.n
  return out
}

const isToldTag = ({ tag, variants }: Union): boolean =>
  [...variants.values()].every((fields) => {
    const at = fields.index.get(tag)
    return at !== undefined && isToldValue(fields.children[at] as Shape)
  })

const isToldValue = ({ texts }: Shape): boolean =>
  [...(texts?.values?.values() ?? [])].some(({ askers }) => askers.includes(0) || askers.length > 1)

const COUNTS: Readonly<Record<string, 'objects' | 'arrays' | 'strings' | 'integers' | 'booleans' | 'nulls'>> = {
  object: 'objects',
  array: 'arrays',
  string: 'strings',
  integer: 'integers',
  boolean: 'booleans',
  null: 'nulls',
}

const typesOf = (s: Shape): string[] => {
  const types: string[] = []
  if (s.objects > 0) types.push('object')
  if (s.arrays > 0) types.push('array')
  if (s.strings > 0) types.push('string')
  if (s.fractions > 0) types.push('number')
  else if (s.integers > 0) types.push('integer')
  if (s.booleans > 0) types.push('boolean')
  if (s.nulls > 0) types.push('null')
  return types
}

const countOf = (s: Shape, type: string): number => {
  if (type === 'number') return s.integers + s.fractions
  return s[COUNTS[type] ?? 'n']
}

const writeTypes = (out: Draft, shape: Shape, types: readonly string[]): void => {
  if (types.length > 0) out['type'] = types.length === 1 ? types[0] : types
  if (types.length > 1) out['x-types'] = Object.fromEntries(types.map((type) => [type, countOf(shape, type)]))
}

const EXACT = 100
/** Outward to one digit: a range is told for what it spans, and gives no one's balance away. */
const outward = (value: number, round: (value: number) => number): number => {
  const size = Math.abs(value)
  const unit = size <= EXACT ? 1 : 10 ** Math.floor(Math.log10(size))
  const rounded = round(value / unit) * unit
  return Number.isFinite(rounded) ? rounded : value
}

/** Everything but objects. */
const writeValues = (out: Draft, shape: Shape): void => {
  const { items, range } = shape
  if (items) {
    out['items'] = schemaOf(items.shape)
    out['x-items'] = [items.shortest, items.longest]
  }
  writeStrings(out, shape)
  if (range) out['x-range'] = [outward(range[0], Math.floor), outward(range[1], Math.ceil)]
}

const unionSchema = (shape: Shape, { tag, variants }: Union): JsonSchema => {
  const oneOf: JsonSchema[] = Array.from(variants, ([value, fields]) => variantSchema(tag, value, fields))
  const types = typesOf(shape).filter((type) => type !== 'object')
  if (types.length > 0) {
    const rest: Draft = {}
    writeTypes(rest, shape, types)
    writeValues(rest, shape)
    oneOf.push(rest)
  }
  return { oneOf, 'x-discriminator': tag, 'x-count': shape.n }
}

/** The schema of a shape, with `x-count` on every level. All that was learned validates against it. */
export const schemaOf = (shape: Shape): JsonSchema => {
  if (shape.opaque) return { 'x-any': true, 'x-count': shape.n }
  const { union } = shape
  if (union && union.variants.size > 1 && isToldTag(union) && selects(union)) return unionSchema(shape, union)
  const out: Draft = {}
  writeTypes(out, shape, typesOf(shape))
  if (shape.objects > 0) writeFields(out, union ? fieldsOfUnion(union) : (shape.fields ?? emptyFields()))
  writeValues(out, shape)
  out['x-count'] = shape.n
  return out
}
