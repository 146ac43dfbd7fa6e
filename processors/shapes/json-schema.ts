/**
 * A shape as JSON Schema 2020-12. What was always so becomes a constraint of structure (type, required, format, enum);
 * what was merely seen (ranges, lengths) is an annotation `x-…`, since tomorrow's traffic may be larger by right.
 */
import type { Format } from './formats.ts'
import type { Shape, Texts } from './shape.ts'

export type JsonSchema = { readonly [key: string]: unknown }

/** An enumeration is told only after so many strings, each value often, and hardly a new one (Good–Turing: singletons). */
const ENUM_AFTER = 20
const ENUM_PER_VALUE = 3
const ENUM_UNSEEN = 0.06

const patterns: Partial<Record<Format, string>> = { integer: '^-?[0-9]+$', decimal: '^-?[0-9]+\\.[0-9]+$' }

/** No value that only one principal was told leaves the learner. */
const isPublic = (n: number, askers: readonly number[]): boolean =>
  n >= ENUM_PER_VALUE && (askers.includes(0) || askers.length > 1)

const enumOf = ({ values }: Texts, strings: number): readonly string[] | undefined => {
  if (values === undefined || values.size === 0 || strings < Math.max(ENUM_AFTER, ENUM_PER_VALUE * values.size))
    return undefined
  let singletons = 0
  for (const { n, askers } of values.values()) {
    if (n === 1) singletons++
    if (!isPublic(n, askers)) return undefined
  }
  return (singletons + 0.5) / strings <= ENUM_UNSEEN ? [...values.keys()].sort() : undefined
}

const onlyFormat = ({ formats }: Texts): Format => {
  const [first, second] = formats.keys()
  return second === undefined ? (first ?? '') : ''
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

const stringPart = (texts: Texts, shape: Shape): JsonSchema => {
  const format = onlyFormat(texts)
  const pattern = patterns[format]
  const values = format === '' && shape.n === shape.strings ? enumOf(texts, shape.strings) : undefined
  return {
    ...(pattern !== undefined && { pattern }),
    ...(format !== '' && pattern === undefined && { format }),
    ...(values && { enum: values }),
    'x-length': [texts.shortest, texts.longest],
  }
}

const objectPart = (shape: Shape): JsonSchema => {
  if (shape.values) return { additionalProperties: schemaOf(shape.values), 'x-map': true }
  const fields = [...(shape.fields ?? [])]
  const required = fields.filter(([, child]) => child.n === shape.objects).map(([name]) => name)
  return {
    // Object.fromEntries defines and does not assign: `__proto__` stays a name.
    properties: Object.fromEntries(fields.map(([name, child]) => [name, schemaOf(child)])),
    ...(required.length > 0 && { required }),
  }
}

/** The schema of a shape, with `x-count` on every level. */
export const schemaOf = (shape: Shape): JsonSchema => {
  const types = typesOf(shape)
  return {
    ...(types.length > 0 && { type: types.length === 1 ? types[0] : types }),
    ...(shape.objects > 0 && objectPart(shape)),
    ...(shape.items && { items: schemaOf(shape.items.shape), 'x-items': [shape.items.shortest, shape.items.longest] }),
    ...(shape.texts && stringPart(shape.texts, shape)),
    ...(shape.range && { 'x-range': shape.range }),
    'x-count': shape.n,
  }
}
