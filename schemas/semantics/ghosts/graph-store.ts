/**
 * Answers of GraphQL taken apart into objects, and put together again as another document wants them: the objects that a
 * list showed answer a query for one of them, and the other way round. An object is known by its id and by its type, which
 * is its `__typename` where that was asked for and else the field that showed it. What stands in the place of an object is
 * `{ "@": [type, id] }`, which no GraphQL object can be.
 */
import type { Selected } from '../graphql-selection.ts'
import { allOf } from './graph.ts'
import type { Json } from './model.ts'
import { idOf, isFields, ownField } from './pointers.ts'
import type { Fields } from './pointers.ts'

/** Fields that tell objects apart, as servers have them by convention (GraphQL, Global Object Identification). */
const IDS = ['id', '_id', 'nodeId']
const LINK = '@'

/** An object of an answer: its fields under their names with arguments. */
export interface Part {
  readonly type: string
  readonly id: string
  readonly fields: Fields
}

const idIn = (fields: Fields): string | undefined => {
  for (const name of IDS) {
    const id = idOf(fields, name)
    if (id !== undefined) return id
  }
  return undefined
}

/** What is kept for a value; each object in it that has an id goes to `save`. */
export const takenApart = (value: Json, { field, kids }: Selected, save: (part: Part) => void): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => takenApart(item, { field, kids } as Selected, save))
  if (kids === undefined || !isFields(value)) return value
  const fields: Record<string, Json> = {}
  for (const kid of kids) {
    const own = ownField(value, kid.key)
    if (own !== undefined) fields[kid.name] = takenApart(own, kid, save)
  }
  const id = idIn(fields)
  if (id === undefined) return fields
  const named = ownField(fields, '__typename')
  const type = typeof named === 'string' ? named : field
  save({ type, id, fields })
  return { [LINK]: [type, id] }
}

/** The type and id that a kept value stands for. */
export const linkIn = (kept: Json | undefined): readonly [type: string, id: string] | undefined => {
  const link = ownField(kept, LINK)
  return Array.isArray(link) && typeof link[0] === 'string' && typeof link[1] === 'string'
    ? [link[0], link[1]]
    : undefined
}

/** The fields that are known of an object; undefined where it is not known, or gone. */
export type Find = (type: string, id: string) => Fields | undefined

const fieldsSelected = (fields: Fields, kids: readonly Selected[], find: Find): Json | undefined => {
  const told: Record<string, Json> = {}
  const type = ownField(fields, '__typename')
  for (const kid of kids) {
    const own = ownField(fields, kid.name)
    const value = own === undefined ? undefined : putTogether(own, kid.kids, find)
    if (value !== undefined) told[kid.key] = merged(told[kid.key], value)
    // A field of another type is not there; of which type this one is must be known to say so.
    else if (kid.on === '' || typeof type !== 'string' || type === kid.on) return undefined
  }
  return told
}

const merged = (before: Json | undefined, value: Json): Json =>
  isFields(before) && isFields(value) ? { ...before, ...value } : value

/** What is kept as a selection wants it; undefined where something of it was never seen. */
export const putTogether = (kept: Json, kids: readonly Selected[] | undefined, find: Find): Json | undefined => {
  if (kids === undefined || kept === null) return kept
  if (Array.isArray(kept)) return allOf(kept.map((item: Json) => putTogether(item, kids, find)))
  const link = linkIn(kept)
  const fields = link === undefined ? kept : find(...link)
  return isFields(fields) ? fieldsSelected(fields, kids, find) : undefined
}
