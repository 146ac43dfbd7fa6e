/**
 * A GraphQL request as answering sees it. One path has many operations, and a query is a read though it is a POST: what is
 * asked stands in the document and its variables, so these take the place of the target.
 */
import { graphqlOperation } from '../graphql.ts'
import { canonical, selectionOf, type Selected } from '../graphql-selection.ts'
import { splitOperation } from '../templates.ts'
import type { EndpointModel, Json } from './model.ts'
import { isFields, ownField } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { hash32 } from './text.ts'

export interface Graph {
  /** `Query.user`, as endpoints are named. */
  readonly operation: string
  /** Tells requests of one asker apart: the document without what says nothing, and the variables. */
  readonly question: string
  /** Undefined where the document is not there (a persisted query), or cannot be read. */
  readonly selected: readonly Selected[] | undefined
}

const QUERY = 'Query.'

const textAt = (json: Json, name: string): string => {
  const value = ownField(json, name)
  return typeof value === 'string' ? value : ''
}

const hashed = (text: string): string => `${hash32(text).toString(36)}.${hash32(`${text}.`).toString(36)}`

/** What tells two requests apart: what is selected where that can be read, so that blanks and names of clients do not count. */
const questionOf = (json: Fields, selected: readonly Selected[] | undefined): string =>
  hashed(selected === undefined ? canonical(json) : canonical(selected as unknown as Json))

/** The GraphQL in a JSON body; undefined where there is none. */
export const graphOf = (json: Json | undefined): Graph | undefined => {
  if (!isFields(json)) return undefined
  const operation = graphqlOperation(json)
  if (operation === undefined) return undefined
  const variables = ownField(json, 'variables')
  const text = textAt(json, 'query')
  const selected =
    text === '' ? undefined : selectionOf(text, textAt(json, 'operationName'), isFields(variables) ? variables : {})
  return { operation, question: questionOf(json, selected), selected }
}

const parsed = (text: string | undefined): Json | undefined => {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Json)
  } catch {
    return undefined
  }
}

/** The GraphQL in a query string (`?query={…}&variables={…}`). */
export const graphInQuery = (query: readonly (readonly [string, string])[]): Graph | undefined => {
  const valueOf = (name: string): string | undefined => query.find(([known]) => known === name)?.[1]
  const text = valueOf('query')
  if (text?.includes('{') !== true) return undefined
  return graphOf({
    query: text,
    operationName: valueOf('operationName') ?? '',
    variables: parsed(valueOf('variables')) ?? {},
  })
}

/** The arguments of what is selected at the root, by field: what a client writes into its document or sends beside it. */
export const argumentsOf = ({ selected }: Graph): Json | undefined =>
  selected === undefined ? undefined : Object.fromEntries(selected.map(({ field, args }) => [field, args]))

/** Whether a template's operation changes nothing: a query. */
export const isQuery = ({ template }: Pick<EndpointModel, 'template'>): boolean =>
  template.includes('#') && splitOperation(template)[1].startsWith(QUERY)

/** The same answer under the fields' own names. Undefined where it is not what was asked for. */
export const underNames = (value: Json, kids: readonly Selected[] | undefined): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => underNames(item, kids))
  if (kids === undefined || !isFields(value)) return value
  const fields: Record<string, Json> = {}
  for (const { key, field, kids: inner } of kids)
    if (Object.hasOwn(value, key)) fields[field] = underNames(value[key] as Json, inner)
  return fields
}

/** And back: what is selected, under the names that the client gave; undefined where something is missing. */
export const underKeys = (value: Json, kids: readonly Selected[] | undefined): Json | undefined => {
  if (Array.isArray(value)) return allOf(value.map((item: Json) => underKeys(item, kids)))
  if (kids === undefined || !isFields(value)) return value
  const fields: Record<string, Json> = {}
  for (const { key, field, kids: inner, on } of kids) {
    const own = ownField(value, field)
    const told = own === undefined ? undefined : underKeys(own, inner)
    if (told === undefined && on === '') return undefined
    if (told !== undefined) fields[key] = told
  }
  return fields
}

export const allOf = (values: readonly (Json | undefined)[]): Json[] | undefined =>
  values.includes(undefined) ? undefined : (values as Json[])
