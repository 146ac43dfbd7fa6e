/**
 * Parameters inside parameters: `filter={"limit":5,"where":{"done":true}}` (LoopBack, Parse, Directus) is read as
 * `filter[limit]=5&filter[where][done]=true`, as qs writes it; elements of arrays, and keys to sort by, are put together.
 */
import { parseJson } from './json.ts'
import type { Json } from './model.ts'
import { isFields, textOf } from './pointers.ts'
import type { Fields } from './pointers.ts'

type Pair = readonly [name: string, value: string]

const MAX_DEPTH = 4
const LONGEST = 2000
const PICKED = /^_?(fields|select)$/i

/** `{"id": true, "title": true}`: fields that are shown. */
const pickedBy = (name: string, value: Fields): string | undefined => {
  const names = Object.keys(value)
  const isPick = PICKED.test(name) && names.length > 0 && names.every((key) => value[key] === true || value[key] === 1)
  return isPick ? names.join() : undefined
}

const flat = (name: string, last: string, value: Json, depth: number): Pair[] => {
  const text = Array.isArray(value) ? listed(value) : textOf(value)
  if (text !== undefined) return [[name, text]]
  if (!isFields(value) || depth === 0) return []
  const picked = pickedBy(last, value)
  if (picked !== undefined) return [[name, picked]]
  return Object.entries(value).flatMap(([key, inner]) => flat(`${name}[${key}]`, key, inner, depth - 1))
}

const listed = (values: readonly Json[]): string | undefined => {
  const texts = values.map((value) => textOf(value))
  return texts.length === 0 || texts.includes(undefined) ? undefined : texts.join()
}

/** A parameter, or those that stand in its JSON. */
const unnested = ([name, value]: Pair): readonly Pair[] => {
  if (!value.startsWith('{') || value.length > LONGEST) return [[name, value]]
  const json = parseJson(value)
  if (!isFields(json)) return [[name, value]]
  const inner = flat(name, name, json, MAX_DEPTH)
  return inner.length === 0 ? [[name, value]] : inner
}

const SORT_BY = /^([$_]?(?:sort|order)(?:_?by)?)\[([A-Za-z_][\w.]*)\]$/i
const DIRECTION = /^(?:(1|asc(?:ending)?)|-1|desc(?:ending)?)$/i

/** `$sort[likes]=-1` is `$sort=-likes`. */
const asSort = ([name, value]: Pair): Pair => {
  const [, base, field] = SORT_BY.exec(name) ?? []
  const direction = DIRECTION.exec(value)
  if (base === undefined || field === undefined || direction === null) return [name, value]
  return [base, direction[1] === undefined ? `-${field}` : field]
}

const SORT = /^[$_]?(?:sort|order)(?:_?by)?$/i
const ELEMENT = /^(.+)\[\d{0,2}\]$/

/** The parameters of a query, one by one: `fields[]=a&fields[]=b` and `fields[0]=a&fields[1]=b` are `fields=a,b`. */
export const parametersIn = (query: readonly Pair[]): readonly Pair[] => {
  const found: [name: string, value: string][] = []
  for (const [name, value] of query.flatMap(unnested).map(asSort)) {
    const base = ELEMENT.exec(name)?.[1]
    const known = found.find((pair) => pair[0] === (base ?? name) && (base !== undefined || SORT.test(name)))
    if (known === undefined) found.push([base ?? name, value])
    else known[1] = `${known[1]},${value}`
  }
  return found
}
