/**
 * GraphQL in OpenAPI, which knows paths only: the operations of one path are one entry, whose bodies are any of theirs, each
 * under its name. `x-graphql-operations` lists them with their endpoints.
 */
import type { Endpoint, Shape, ShapePart } from '../../events.ts'
import { splitOperation } from '../templates.ts'
import { isJson, type Json } from './schema.ts'

export interface Folded {
  readonly endpoints: readonly Endpoint[]
  readonly shapeOf: (endpoint: string) => Shape | undefined
  /** The operations behind an endpoint, undefined where there are none. */
  readonly operationsOf: (endpoint: string) => readonly Json[] | undefined
}

const idOf = ({ service, method, template }: Endpoint): string => `${service} ${method} ${splitOperation(template)[0]}`

const parsed = (text: string): Json => {
  try {
    const read: unknown = JSON.parse(text)
    return isJson(read) ? read : {}
  } catch {
    return {}
  }
}

const sumsOf = (schemas: readonly Json[], name: string): Json => {
  const sums = new Map<string, number>()
  for (const schema of schemas)
    for (const [key, count] of Object.entries(isJson(schema[name]) ? schema[name] : {}))
      sums.set(key, (sums.get(key) ?? 0) + Number(count))
  return Object.fromEntries(sums)
}

const NOTES = ['$schema', 'x-statuses', 'x-media-types', 'x-count']

const titled = (name: string, schema: Json): Json => ({
  ...(name !== '' && { title: name }),
  ...Object.fromEntries(Object.entries(schema).filter(([key]) => !NOTES.includes(key))),
})

type Named = readonly [operation: string, part: ShapePart]

/** Queries and header fields are the path's own: those of the operation that was asked most stand for all. */
const mostAsked = (parts: readonly Named[]): ShapePart =>
  parts.map(([, part]) => part).reduce((a, b) => (b.count > a.count ? b : a))

const foldParts = (parts: readonly Named[]): ShapePart => {
  const first = mostAsked(parts)
  const count = parts.reduce((sum, [, part]) => sum + part.count, 0)
  if (first.direction === 'query' || first.direction === 'headers') return { ...first, count }
  const schemas = parts.map(([name, part]) => [name, parsed(part.schema)] as const)
  const all = schemas.map(([, schema]) => schema)
  const anyOf = schemas.filter(([, { type, oneOf }]) => type !== undefined || oneOf !== undefined)
  const schema = {
    'x-statuses': sumsOf(all, 'x-statuses'),
    'x-media-types': sumsOf(all, 'x-media-types'),
    'x-count': all.reduce((sum, one) => sum + Number(one['x-count'] ?? 0), 0),
    ...(anyOf.length > 0 && { anyOf: anyOf.map(([name, one]) => titled(name, one)) }),
  }
  return { ...first, count, schema: JSON.stringify(schema) }
}

const foldShapes = (id: string, shapes: readonly (readonly [string, Shape])[]): Shape | undefined => {
  const [first] = shapes
  if (first === undefined) return undefined
  const byPlace = new Map<string, Named[]>()
  for (const [operation, { parts }] of shapes)
    for (const part of parts) {
      const place = `${part.direction} ${part.status}`
      byPlace.set(place, [...(byPlace.get(place) ?? []), [operation, part]])
    }
  return { ...first[1], endpoint: id, parts: [...byPlace.values()].map(foldParts) }
}

const foldEndpoints = (id: string, members: readonly Endpoint[]): Endpoint => {
  const [first] = members as readonly [Endpoint, ...Endpoint[]]
  const count = members.reduce((sum, one) => sum + one.count, 0)
  return { ...first, id, template: splitOperation(first.template)[0], count }
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

/** One endpoint for each path, whatever operations stand behind it. */
export const foldOperations = (endpoints: readonly Endpoint[], shapeOf: Folded['shapeOf']): Folded => {
  const groups = new Map<string, Endpoint[]>()
  for (const endpoint of endpoints) {
    const id = idOf(endpoint)
    groups.set(id, [...(groups.get(id) ?? []), endpoint])
  }
  const isPlain = (members: readonly Endpoint[]): boolean => members.every(({ template }) => !template.includes('#'))
  const named = (id: string): (readonly [string, Endpoint])[] | undefined => {
    const members = groups.get(id)
    if (members === undefined || isPlain(members)) return undefined
    return members.map((one) => [splitOperation(one.template)[1], one] as const).toSorted(byName)
  }
  return {
    endpoints: [...groups].flatMap(([id, members]) => (isPlain(members) ? members : [foldEndpoints(id, members)])),
    shapeOf: (id) => {
      const members = named(id)
      if (members === undefined) return shapeOf(id)
      const shapes = members.map(([operation, one]) => [operation, shapeOf(one.id)] as const)
      return foldShapes(
        id,
        shapes.filter((one): one is readonly [string, Shape] => one[1] !== undefined),
      )
    },
    operationsOf: (id) =>
      named(id)?.map(([operation, { id: endpoint, count }]) => ({
        ...(operation !== '' && { operation }),
        endpoint,
        count,
      })),
  }
}

/** What an entry of a path says of the operations behind it. */
export const describeOperations = (operations: readonly Json[]): Json => ({
  description: `GraphQL: ${operations.map(({ operation }) => operation ?? 'requests without an operation').join(', ')}`,
  'x-graphql-operations': operations,
})
