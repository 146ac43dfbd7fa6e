/**
 * An example made from a schema alone: it validates against it, and no value stands in it that was not told by the schema
 * (an enumeration, a constant, the end of a range). So an example is as redacted as the schema is.
 */
import { fieldsOf, isJson, textsOf, type Json } from './schema.ts'

const BY_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2024-01-01T12:00:00Z',
  'date-time-local': '2024-01-01T12:00:00',
  date: '2024-01-01',
  uuid: '00000000-0000-4000-8000-000000000000',
  uri: 'https://example.com/',
  email: 'user@example.com',
  ipv4: '192.0.2.1',
  password: '********',
  binary: 'contents of a file',
}

/** The learner's two patterns are of integers and of decimals, and both take this. */
const NUMERAL = '1'

const textExample = (schema: Json): string => {
  if (typeof schema['pattern'] === 'string') return NUMERAL
  const { format } = schema
  return (typeof format === 'string' ? BY_FORMAT[format] : undefined) ?? 'text'
}

/** One, if one was in the range, else what comes next to it. */
const numberExample = (schema: Json): number => {
  const range = schema['x-range']
  const [low, high] = Array.isArray(range) ? (range as unknown[]) : []
  if (typeof low !== 'number' || typeof high !== 'number') return 1
  return Math.min(Math.max(1, low), high)
}

const objectExample = (schema: Json): Json => {
  const fields = fieldsOf(schema).map(({ name, schema: field }) => [name, exampleOf(field)] as const)
  const { additionalProperties: values } = schema
  return Object.fromEntries(isJson(values) ? [...fields, ['key', exampleOf(values)] as const] : fields)
}

const arrayExample = ({ items, 'x-items': lengths }: Json): unknown[] => {
  const wasEmpty = Array.isArray(lengths) && lengths[1] === 0
  return isJson(items) && !wasEmpty ? [exampleOf(items)] : []
}

const byType: Readonly<Record<string, (schema: Json) => unknown>> = {
  object: objectExample,
  array: arrayExample,
  string: textExample,
  number: numberExample,
  integer: numberExample,
  boolean: () => true,
}

/** A value that validates against a schema of the learner; null where anything may stand. */
export const exampleOf = (schema: Json): unknown => {
  if ('const' in schema) return schema['const']
  const { enum: values, oneOf = schema['anyOf'], type } = schema
  if (Array.isArray(values) && values.length > 0) return values[0] as unknown
  if (Array.isArray(oneOf) && isJson(oneOf[0])) return exampleOf(oneOf[0])
  const types = typeof type === 'string' ? [type] : textsOf(type)
  const make = byType[types.find((name) => name in byType) ?? '']
  return make === undefined ? null : make(schema)
}
