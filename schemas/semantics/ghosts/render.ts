/**
 * Writes an answer's body from what is known of its places: the object's own fields first, then what the request gives,
 * then what every public answer had there, then an empty value of the same kind. The text is written straight out, in the
 * order of the fields, so no name in it can become a property of anything.
 */
import type { Asked } from './asked.ts'
import type { Json, Kind, Node, Source } from './model.ts'
import { sourceValue } from './sources.ts'

/** Source hits needed, share of agreement, and share of the prevailing value: measured on the recordings. */
const MIN_HITS = 2
const MIN_SHARE = 0.95
const MIN_LEAD = 0.3
const MIN_PRESENCE = 0.5
/** A name that fewer askers saw may be someone's own. */
const MIN_ASKERS = 3
const MAX_DEPTH = 16

/** How well a rendered body is founded: places by who filled them. */
export interface Founding {
  places: number
  known: number
}

interface Rendering {
  readonly asked: Asked
  readonly founding: Founding
}

const isProven = (source: Source): boolean =>
  source.hits >= MIN_HITS && source.varied && source.hits >= MIN_SHARE * (source.hits + source.misses)

/** The best proven source of a place. */
export const provenSource = (node: Node): Source | undefined => {
  let best: Source | undefined
  for (const source of node.sources)
    if (isProven(source) && (best === undefined || source.hits > best.hits)) best = source
  return best
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

const BLANK: Readonly<Record<Kind, string>> = {
  object: '{}',
  array: '[]',
  string: '""',
  number: '0',
  boolean: 'false',
  null: 'null',
}
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/

/** A request's text in the kind that answers have; undefined when it cannot be of that kind. */
const inKind = (value: Json, kind: Kind): Json | undefined => {
  if (typeof value !== 'string' || kind === 'string') return value
  if (kind === 'number') return NUMBER.test(value) ? Number(value) : undefined
  if (kind === 'boolean') return value === 'true' ? true : value === 'false' ? false : undefined
  return value
}

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Names of maps rather than of fields: an id, an address, a sentence. */
const GENERATED = /[\d@]|.{41}/

/** Whether a public answer showed this name, or it is an ordinary one that enough different credentials saw. */
const mayShow = (name: string, kid: Node): boolean =>
  kid.publicly > 0 || kid.askers.includes('') || (kid.askers.length >= MIN_ASKERS && !GENERATED.test(name))

const isPresent = ([name, kid]: readonly [string, Node], parent: Node, asked: Asked): boolean => {
  if (!mayShow(name, kid)) return false
  const source = provenSource(kid)
  if (source !== undefined) return sourceValue(source.from, asked) !== undefined
  return kid.seen >= MIN_PRESENCE * (parent.kinds.object ?? 0)
}

const ownField = (own: Json | undefined, name: string): Json | undefined =>
  isObject(own) && Object.hasOwn(own, name) ? own[name] : undefined

const renderObject = (node: Node, own: Json | undefined, depth: number, with_: Rendering): string => {
  const parts: string[] = []
  const done = new Set<string>()
  for (const [name, kid] of node.kids) {
    const value = ownField(own, name)
    if (value === undefined && !isPresent([name, kid], node, with_.asked)) continue
    done.add(name)
    parts.push(`${JSON.stringify(name)}:${renderNode(kid, value, depth + 1, with_)}`)
  }
  if (isObject(own))
    for (const [name, value] of Object.entries(own))
      if (!done.has(name)) parts.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`)
  return `{${parts.join(',')}}`
}

const renderNode = (node: Node, own: Json | undefined, depth: number, with_: Rendering): string => {
  const kind = prevailingKind(node)
  if (own !== undefined && !(isObject(own) && kind === 'object')) {
    with_.founding.places++
    with_.founding.known++
    return JSON.stringify(own)
  }
  const source = provenSource(node)
  const given = source === undefined ? undefined : sourceValue(source.from, with_.asked)
  const value = given === undefined ? undefined : inKind(given, kind)
  if (value !== undefined) {
    with_.founding.places++
    with_.founding.known++
    return JSON.stringify(value)
  }
  if (kind === 'object' && depth < MAX_DEPTH) return renderObject(node, own, depth, with_)
  with_.founding.places++
  if (node.publicly > 0 && node.value !== '' && node.lead >= MIN_LEAD * node.publicly) {
    with_.founding.known++
    return node.value
  }
  return BLANK[kind]
}

/** JSON text for a request; `own` is what is known of the very object asked for. */
export const renderBody = (
  tree: Node,
  asked: Asked,
  own: Json | undefined,
): { readonly text: string; readonly founding: Founding } => {
  const founding: Founding = { places: 0, known: 0 }
  return { text: renderNode(tree, own, 0, { asked, founding }), founding }
}

/** Reprints JSON text the way the server does. */
export const printed = (text: string, pretty: boolean): string =>
  pretty ? JSON.stringify(JSON.parse(text), null, 2) : text

/** A text that public answers always had, or that the request gives; undefined when neither is proven. */
export const renderText = (node: Node, asked: Asked): string | undefined => {
  const source = provenSource(node)
  const given = source === undefined ? undefined : sourceValue(source.from, asked)
  if (typeof given === 'string') return given
  const isConstant = node.publicly >= MIN_HITS && node.value !== '' && node.lead >= MIN_SHARE * node.publicly
  return isConstant ? (JSON.parse(node.value) as string) : undefined
}
