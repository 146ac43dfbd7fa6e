/**
 * What a written object shows of others. A booking that names a screening shows its film: which field of which collection
 * stands where is found among the known objects when it is asked, as a relation that nearly all of them keep. That it holds
 * is told by everybody's objects; what is shown comes from those alone that the asker may see.
 */
import { rememberedOf } from '../remembered.ts'
import type { Asked } from './asked.ts'
import type { EndpointModel, Json, Knowledge, ObjectRecord } from './model.ts'
import { collectionPath, objectKey } from './objects.ts'
import { at, idText, isScalar, pointersOf } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { comparable } from './sources.ts'
import { visibleView } from './views.ts'

/** Known objects that are looked at, keys of one object, collections, and depth of fields. */
const SAMPLE = 48
const MAX_KEYS = 6
const MAX_TYPES = 32
const MAX_ROWS = 1000
const DEPTH = 3
/** Agreeing objects that a relation needs, and how likely they may be to agree by chance: many relations are tried. */
const LEAST = 3
const CHANCE = 1e-4
const KEPT = 0.95

type Leaves = ReadonlyMap<string, Json>

const leavesOf = rememberedOf(
  (fields: Fields): Leaves => new Map(pointersOf(fields, DEPTH).filter(([, value]) => isScalar(value))),
)

/** An object that is written: as it would be answered so far. */
export interface Written {
  readonly model: EndpointModel
  readonly asked: Asked
  readonly knowledge: Knowledge
  /** Its collection. */
  readonly path: string
  readonly idField: string
  readonly made: Fields
  readonly before: Fields | undefined
}

interface Example {
  readonly asker: string
  readonly leaves: Leaves
}

const seenBy = (object: ObjectRecord | undefined, asker: string): Leaves | undefined => {
  const view = object === undefined ? undefined : visibleView(object, asker)
  return view === undefined ? undefined : leavesOf(view.value)
}

function* knownOf(written: Written): Generator<ObjectRecord> {
  const { knowledge, asked, path } = written
  yield* knowledge.written(asked.service, path)
  let left = MAX_ROWS
  for (const object of knowledge.objects(asked.service, path).values()) {
    if (left-- <= 0) return
    yield object
  }
}

/** Objects of the collection, each as one who may see it does; those that clients wrote first. */
const examplesOf = (written: Written): Example[] => {
  const found = new Map<string, Example>()
  for (const object of knownOf(written)) {
    const asker = object.views.at(-1)?.asker ?? ''
    const shown = found.has(object.id) ? undefined : seenBy(object, asker)
    if (shown !== undefined) found.set(object.id, { asker, leaves: shown })
    if (found.size >= SAMPLE) break
  }
  return [...found.values()]
}

/** An object of the collection, and one that it may hang on. */
interface Pair {
  readonly own: Leaves
  readonly other: Leaves
}

/** Whether a place of the one repeats a place of the other too often for chance, and more than one value. */
const holds = (pairs: readonly Pair[], place: string, from: string): boolean => {
  const most = Math.floor((1 - KEPT) * pairs.length)
  const counts = new Map<Json, number>()
  let [hits, misses] = [0, 0]
  for (const { own, other } of pairs) {
    const [value, told] = [own.get(place), other.get(from)]
    if (value === undefined || told === undefined) continue
    if (value === told) hits++
    else if (++misses > most) return false
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  if (hits < LEAST || counts.size < 2) return false
  return (Math.max(...counts.values()) / (hits + misses)) ** hits <= CHANCE
}

/** Another object by its id, as somebody sees it. */
type Look = (id: Json | undefined, asker: string) => Leaves | undefined

/** Collections that an id of this object may be of: those without parameters, and those under the same parents. */
const looksAt = ({ model, asked, knowledge }: Written): Look[] => {
  const isNear = (template: string): boolean =>
    model.template.startsWith(template.slice(0, template.lastIndexOf('}') + 1))
  return [...knowledge.types(asked.service)]
    .filter(({ template }) => isNear(template))
    .slice(0, MAX_TYPES)
    .map(({ template }) => {
      const path = collectionPath(template, asked)
      return (id, asker) => {
        const text = idText(id)
        return text === undefined ? undefined : seenBy(knowledge.object(objectKey(asked.service, path, text)), asker)
      }
    })
}

interface Search {
  readonly written: Written
  readonly examples: readonly Example[]
  readonly looks: readonly Look[]
  /** Places that may be filled. */
  readonly open: readonly string[]
}

/** The first place of a named object that a place repeats. */
const repeatedFrom = (pairs: readonly Pair[], place: string, named: Leaves): Json | undefined => {
  for (const [from, told] of named) if (holds(pairs, place, from)) return told
  return undefined
}

/** By the object of another collection that a field names. */
const joined = (search: Search, key: string, value: Json, found: Map<string, Json>): void => {
  for (const look of search.looks) {
    const named = look(value, search.written.asked.asker)
    if (named === undefined) continue
    const pairs = search.examples.flatMap(({ leaves: own, asker }) => {
      const other = look(own.get(key), asker)
      return other === undefined ? [] : [{ own, other }]
    })
    for (const place of search.open.filter((open) => !found.has(open))) {
      const told = repeatedFrom(pairs, place, named)
      if (told !== undefined) found.set(place, told)
    }
  }
}

/** Objects that the asker sees, with one value in a field; the newest known last. */
const likeIt = ({ knowledge, asked, path, idField }: Written, key: string, value: Json): Leaves | undefined => {
  const { entries } = knowledge.objects(asked.service, path).sight(asked.asker, idField, asked.at)
  const like = entries.slice(-MAX_ROWS).findLast(({ item }) => at(item, key) === value)
  return like === undefined ? undefined : leavesOf(like.item)
}

/** By another object of the same collection with the same value in a field on which others hang. */
const repeated = (search: Search, key: string, value: Json, found: Map<string, Json>): void => {
  const like = likeIt(search.written, key, value)
  if (like === undefined) return
  const first = new Map<Json, Leaves>()
  const pairs = search.examples.flatMap(({ leaves: own }) => {
    const shared = own.get(key)
    const other = shared === undefined ? undefined : first.get(shared)
    if (shared !== undefined && other === undefined) first.set(shared, own)
    return other === undefined ? [] : [{ own, other }]
  })
  for (const place of search.open) {
    const told = like.get(place)
    if (told !== undefined && !found.has(place) && holds(pairs, place, place)) found.set(place, told)
  }
}

/** What the request says, as values compare. */
const said = ({ json, segments }: Asked): Set<string> =>
  new Set([
    ...pointersOf(json, DEPTH).flatMap(([, value]) => (isScalar(value) ? [comparable(value)] : [])),
    ...segments,
  ])

/** Fields that the request gave, by which others may be known: what was there before says nothing new. */
const keysOf = ({ made, before, asked, idField }: Written): [string, Json][] => {
  const given = said(asked)
  const isNew = ([pointer, value]: readonly [string, Json]): boolean =>
    pointer !== `/${idField}` &&
    idText(value) !== undefined &&
    given.has(comparable(value)) &&
    at(before, pointer) !== value
  return [...leavesOf(made)].filter(isNew).slice(0, MAX_KEYS)
}

/** What follows from the objects that a written object names, by pointer into it. */
export const referred = (written: Written): ReadonlyMap<string, Json> => {
  const found = new Map<string, Json>()
  const keys = keysOf(written)
  if (keys.length === 0) return found
  const given = said(written.asked)
  const open = [...leavesOf(written.made)].flatMap(([pointer, value]) =>
    pointer === `/${written.idField}` || given.has(comparable(value)) ? [] : [pointer],
  )
  const examples = examplesOf(written)
  if (open.length === 0 || examples.length < LEAST) return found
  const search = { written, examples, looks: looksAt(written), open }
  for (const follow of [joined, repeated]) for (const [key, value] of keys) follow(search, key, value, found)
  // What was found may name another object in turn: a map that grows is walked to its new end.
  for (const [key, value] of found) joined(search, key, value, found)
  return found
}
