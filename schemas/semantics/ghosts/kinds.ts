/** Kinds of values: which one a place has, what stands for nothing in it, and texts read as it. */
import type { Json, Kind, Node } from './model.ts'

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
