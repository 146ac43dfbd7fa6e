/**
 * Where in a request a value of the answer may come from. A source is named by where it stands (`s1` the second path
 * segment, `q:page` a query parameter, `b:/title` a place in the request's body), and proven by counting: those that
 * gave the answer's value every time survive, whatever the fields are called.
 */
import type { Asked } from './asked.ts'
import type { Json } from './model.ts'
import { fromUtf8 } from './text.ts'

const MAX_LEAVES = 64

/** Value of a source in a request, undefined when the request has none. */
export const sourceValue = (from: string, asked: Asked): Json | undefined => {
  const name = from.slice(2)
  switch (from[0]) {
    case 's':
      return asked.segments[Number(from.slice(1))]
    case 'q':
      return from === 'q*' ? Object.fromEntries(asked.query) : asked.query.find(([key]) => key === name)?.[1]
    case 'h':
      return asked.headers.get(name)
    case 'b':
      return from === 'b*' ? asked.json : pointed(asked.json, name)
    default:
      return whole(from, asked)
  }
}

const whole = (from: string, asked: Asked): string | undefined => {
  switch (from) {
    case 't':
      return asked.target
    case 'u':
      return asked.headers.has('host') ? `http://${asked.headers.get('host')}${asked.target}` : undefined
    case 'p':
      return asked.asker === '' ? undefined : asked.asker
    case 'm':
      return asked.method
    case 'd':
      return asked.body === undefined ? '' : fromUtf8(asked.body)
    default:
      return undefined
  }
}

/** Value at a pointer of plain names joined by '/'; fields of objects only. */
const pointed = (json: Json | undefined, pointer: string): Json | undefined => {
  let at: Json | undefined = json
  for (const name of pointer.split('/').slice(1)) {
    if (at === null || typeof at !== 'object' || Array.isArray(at) || !Object.hasOwn(at, name)) return undefined
    at = (at as { readonly [key: string]: Json })[name]
  }
  return at
}

/** Values as they compare: numbers and their text are the same, objects by their fields in any order. */
export const comparable = (value: Json): string => {
  if (typeof value !== 'object' || value === null) return String(value)
  return JSON.stringify(Array.isArray(value) ? value : Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Which sources of a request have which value, made lazily: most places are proven or refuted already. */
export type SourceIndex = ReadonlyMap<string, readonly string[]>

/** Indexes every source of a request by its value. */
export const indexSources = (asked: Asked): SourceIndex => {
  const index = new Map<string, string[]>()
  const add = (from: string, value: Json | undefined): void => {
    if (value === undefined || value === '' || value === null || index.size >= 2 * MAX_LEAVES) return
    const key = comparable(value)
    const known = index.get(key)
    if (known === undefined) index.set(key, [from])
    else if (known.length < 8) known.push(from)
  }
  asked.segments.forEach((value, i) => add(`s${i}`, value))
  for (const [name, value] of asked.query) add(`q:${name}`, value)
  for (const name of ['t', 'u', 'p', 'm', 'd']) add(name, whole(name, asked))
  for (const [name, value] of asked.headers) add(`h:${name}`, value)
  if (asked.query.length > 0) add('q*', sourceValue('q*', asked))
  addBody(asked.json, '', add, { left: MAX_LEAVES })
  return index
}

const addBody = (
  json: Json | undefined,
  pointer: string,
  add: (from: string, value: Json) => void,
  budget: { left: number },
): void => {
  if (json === undefined || budget.left-- <= 0) return
  add(pointer === '' ? 'b*' : `b:${pointer}`, json)
  if (json === null || typeof json !== 'object' || Array.isArray(json) || pointer.length > 200) return
  for (const [name, value] of Object.entries(json))
    if (!name.includes('/')) addBody(value, `${pointer}/${name}`, add, budget)
}
