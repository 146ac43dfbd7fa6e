/** Kinds of values: which one a place has, what stands for nothing in it, and texts read as it. */
import type { Json, Kind, Node } from './model.ts'

/** The kind of a value. */
const kindOf = (json: Json): Kind => {
  if (json === null) return 'null'
  return Array.isArray(json) ? 'array' : (typeof json as Kind)
}

/** The kind that most answers had here. */
export const prevailingKind = (node: Node): Kind => {
  let best: Kind = 'null'
  let most = 0
  for (const [kind, count] of Object.entries(node.kinds) as [Kind, number][])
    if (count > most) {
      most = count
      best = kind
    }
  return best
}

export const BLANK: Readonly<Record<Kind, string>> = {
  object: '{}',
  array: '[]',
  string: '""',
  number: '0',
  boolean: 'false',
  null: 'null',
}
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/

/** A request's text in the kind that answers have; undefined when it cannot be of that kind. */
export const inKind = (value: Json, kind: Kind): Json | undefined => {
  if (typeof value !== 'string' || kind === 'string') return value
  if (kind === 'number') return NUMBER.test(value) ? Number(value) : undefined
  if (kind === 'boolean') return value === 'true' ? true : value === 'false' ? false : undefined
  return value
}

/** Answers after which a kind that a place never had is not taken for one that it has. */
const KINDS_KNOWN = 3

/** What a request says, as the place shows such things: a form says everything in texts; where a thing is shown whole, its id is none. */
export const asShown = (told: Json, node: Node): Json | undefined => {
  if (told === null || (node.kinds[kindOf(told)] ?? 0) > 0) return told
  const kind = prevailingKind(node)
  const isScalar = kind === 'number' || kind === 'boolean'
  const read = isScalar ? inKind(told, kind) : undefined
  if (read !== undefined) return read
  return kind === 'string' || node.seen - (node.kinds.null ?? 0) < KINDS_KNOWN ? told : undefined
}
