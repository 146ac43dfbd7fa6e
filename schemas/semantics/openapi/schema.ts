/** Reads the JSON Schemas that stand in `shapes`: they were made by a learner, perhaps a newer one, so nothing is taken for granted. */
import type { ShapePart } from '../../events.ts'

export type Json = { readonly [key: string]: unknown }

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []

/** What the learner noted beside a part's schema. */
export interface ReadPart {
  /** Exchanges. */
  readonly count: number
  /** Values that were learned: 0 when no body could be read. */
  readonly learned: number
  readonly schema: Json
  readonly statuses: readonly string[]
  readonly mediaTypes: readonly string[]
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const namesOf = (value: unknown): string[] => (isJson(value) ? Object.keys(value) : [])

/** A part with its notes apart; undefined when its schema is none. */
export const readPart = ({ count, schema: text }: ShapePart): ReadPart | undefined => {
  const read = parsed(text)
  if (!isJson(read)) return undefined
  const { $schema: _, 'x-statuses': statuses, 'x-media-types': mediaTypes, ...schema } = read
  const learned = schema['x-count']
  return {
    count,
    learned: typeof learned === 'number' ? learned : 0,
    schema,
    statuses: namesOf(statuses),
    mediaTypes: namesOf(mediaTypes),
  }
}

/** The fields of an object's schema, in the order in which they were first seen, and which of them are always there. */
export const fieldsOf = (
  schema: Json,
): { readonly name: string; readonly schema: Json; readonly required: boolean }[] => {
  const { properties } = schema
  const required = new Set(textsOf(schema['required']))
  if (!isJson(properties)) return []
  return Object.entries(properties).flatMap(([name, one]) =>
    isJson(one) ? [{ name, schema: one, required: required.has(name) }] : [],
  )
}
