/** Parameters of an operation, and the credentials it was seen with: from the path, the query and the header fields. */
import type { Parameter } from '../../events.ts'
import { exampleOf } from './example.ts'
import { fieldsOf, isJson, type Json, type ReadPart } from './schema.ts'

/** Exchanges before something that was always there is called required. */
const REQUIRED_AFTER = 10

const BY_KIND: Readonly<Record<string, Json>> = {
  integer: { type: 'integer' },
  decimal: { type: 'number' },
  uuid: { type: 'string', format: 'uuid' },
  email: { type: 'string', format: 'email' },
}

/** Other kinds are looser than the format of their name: a date in a path may be a month. */
const kindSchema = (kind: string): Json => BY_KIND[kind] ?? { type: 'string' }

export const pathParameters = (parameters: readonly Parameter[]): Json[] =>
  parameters.map(({ name, kind }) => ({ name, in: 'path', required: true, schema: kindSchema(kind) }))

interface Field {
  readonly name: string
  readonly schema: Json
  readonly required: boolean
}

const isCertain = ({ required }: Field, { learned }: ReadPart): boolean => required && learned >= REQUIRED_AFTER

const parameter = (place: 'query' | 'header', field: Field, part: ReadPart): Json => ({
  name: field.name,
  in: place,
  ...(isCertain(field, part) && { required: true }),
  schema: field.schema,
  example: exampleOf(field.schema),
})

/** A query whose names are data is one parameter that takes any name (`style: form`, exploded). */
const anyName = (schema: Json): Json[] =>
  isJson(schema['additionalProperties'])
    ? [{ name: 'parameters', in: 'query', style: 'form', explode: true, schema: { type: 'object', ...schema } }]
    : []

export const queryParameters = (part: ReadPart | undefined): Json[] => {
  if (part === undefined) return []
  return [...fieldsOf(part.schema).map((field) => parameter('query', field, part)), ...anyName(part.schema)]
}

const isCredential = ({ name, schema }: Field): boolean => name === 'authorization' || schema['format'] === 'password'

/** OpenAPI 3.1 has its own words for these three, and credentials are security schemes. */
const isPlain = (field: Field): boolean => !isCredential(field) && !['accept', 'content-type'].includes(field.name)

export const headerParameters = (part: ReadPart | undefined): Json[] =>
  part === undefined
    ? []
    : fieldsOf(part.schema)
        .filter(isPlain)
        .map((field) => parameter('header', field, part))

/** Header fields of an answer. */
export const headersOf = (part: ReadPart | undefined): Json | undefined => {
  const fields = part === undefined ? [] : fieldsOf(part.schema).filter(({ name }) => name !== 'content-type')
  if (part === undefined || fields.length === 0) return undefined
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      { ...(isCertain(field, part) && { required: true }), schema: field.schema, example: exampleOf(field.schema) },
    ]),
  )
}

export interface Credentials {
  /** Names of header fields that carried a credential. */
  readonly names: readonly string[]
  /** No exchange went without one. */
  readonly required: boolean
}

export const credentialsOf = (part: ReadPart | undefined): Credentials => {
  const fields = part === undefined ? [] : fieldsOf(part.schema).filter(isCredential)
  return {
    names: fields.map(({ name }) => name).toSorted(),
    required: part !== undefined && fields.some((field) => isCertain(field, part)),
  }
}

/** A key of `components`: letters, digits, `.`, `-` and `_` only. */
export const schemeName = (header: string): string => header.replaceAll(/[^A-Za-z0-9._-]/g, '_')

/** Which scheme `Authorization` had is not on the log: redaction takes it for part of the secret. */
export const securitySchemes = (names: Iterable<string>): Json =>
  Object.fromEntries([...names].toSorted().map((name) => [schemeName(name), { type: 'apiKey', in: 'header', name }]))
