/**
 * A ghost's answer to a write: the status that such writes get, and the body that the server would have made of the request
 * and of what was there before. Where this very method was never seen here, its behaviour elsewhere in the service stands in.
 */
import type { Asked } from './asked.ts'
import type { BodyModel, EndpointModel, Json, Knowledge, Node, ObjectRecord } from './model.ts'
import { namedFields } from './fold.ts'
import { formOf, freshIn } from './mint.ts'
import { byNumber, typeOf } from './objects.ts'
import { at, idInText, idPointer, isFields, isInText, ownField, wrapped } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { prevailingKind } from './kinds.ts'
import { provenSource } from './proven.ts'
import { referred } from './references.ts'
import { renderBody } from './render.ts'
import { bodiesOf } from './several.ts'
import { valueFrom } from './sources.ts'
import { itemTarget } from './target.ts'
import type { Target } from './target.ts'
import { goodTrees, nodeAt, rootIn } from './trees.ts'

/** An endpoint to go by for a method that was never seen at a path: the path's own template, and how the method does elsewhere. */
export const standIn = (
  asked: Asked,
  knowledge: Knowledge,
): { readonly model: EndpointModel; readonly donor: EndpointModel } | undefined => {
  for (const method of ['GET', 'PATCH', 'PUT', 'DELETE', 'POST']) {
    const sibling = knowledge.sibling(asked.service, method, asked.target)
    if (sibling === undefined) continue
    const template = typeOf(sibling.template)
    const role = template === undefined ? 'collection' : 'item'
    if (knowledge.type(asked.service, template ?? sibling.template) === undefined) continue
    const donor = knowledge.alike(asked.service, asked.method, role)
    if (donor === undefined) continue
    return {
      model: { ...donor, id: `${asked.service} ${asked.method} ${sibling.template}`, template: sibling.template },
      donor,
    }
  }
  return undefined
}

/** An id that no object of the collection has, of the kind that they have. */
const newId = (making: Making, node: Node | undefined): Json | undefined => {
  const { target, asked } = making
  const source = node === undefined ? undefined : provenSource(node, asked.asker)
  const given = source === undefined ? undefined : valueFrom(source, asked)
  if (isInText(target.type?.idField ?? '')) return idInText(given) ?? madeId(target, undefined, making)
  return given ?? madeId(target, node, making)
}

const EXAMPLES = 5
const PREFIX = /^[A-Za-z]{1,12}[_-]/

const exampleIds = (objects: Iterable<ObjectRecord>): string[] => {
  const ids: string[] = []
  for (const { id } of objects) if (ids.push(id) >= EXAMPLES) break
  return ids
}

/** What ids of this kind begin with; a beginning that only some have may be part of somebody's id. */
const prefixOf = (ids: readonly string[]): string => {
  const prefix = PREFIX.exec(ids[0] ?? '')?.[0] ?? ''
  return ids.length >= 3 && ids.every((id) => id.startsWith(prefix)) ? prefix : ''
}

const isTextual = (node: Node | undefined): boolean => (node?.kinds.string ?? 0) > (node?.kinds.number ?? 0)

const madeId = (target: Target, node: Node | undefined, making: Making): Json | undefined => {
  const { asked, knowledge, model } = making
  const objects = knowledge.objects(asked.service, target.path)
  const given = knowledge.given?.(asked.service, target.path).largest ?? 0
  const next = Math.max(objects.largest, model.largest, given) + 1 + making.nth
  const examples = exampleIds(objects.values())
  const example = examples[0] ?? ''
  const form = node?.form?.[0] ?? formOf(example) ?? 'int'
  if (form === 'int' || form === 'digits') return isTextual(node) ? String(next) : next
  return freshIn(form, `${asked.at} ${asked.asker} ${asked.target} ${objects.size + making.nth}`, prefixOf(examples))
}

interface Making {
  readonly target: Target
  readonly model: EndpointModel
  readonly asked: Asked
  readonly knowledge: Knowledge
  /** Of several that one request makes. */
  readonly nth: number
}

/** Answers after which a place that was always null is taken to stay so. */
const ALWAYS_NULL = 3

/** Accepted requests mostly name it, and yet good answers always had null: writes are answered in short. */
const isHidden = (name: string, root: string, { model }: Making): boolean => {
  const { seen = 0, leaves = [] } = model.wants ?? {}
  const [, named = 0] = leaves.find(([pointer]) => pointer === `${root}/${name}` || pointer === `/${name}`) ?? []
  if (named < ALWAYS_NULL || 2 * named < seen) return false
  const kids = goodTrees(model).flatMap((tree) => nodeAt(tree, `${root}/${name}`) ?? [])
  const shown = kids.reduce((sum, kid) => sum + kid.seen, 0)
  return shown >= ALWAYS_NULL && kids.every((kid) => kid.kinds.null === kid.seen)
}

/** What the request names and the answer shows as null all the same, by pointer. */
const hiddenFields = (root: string, making: Making): Map<string, Json> => {
  const names = Object.keys(namedFields(making.asked.json, root)).filter((name) => isHidden(name, root, making))
  return new Map(names.map((name) => [`${root}/${name}`, null]))
}

/** Fields of the request that the object has too, by pointer. */
const givenFields = (root: string, fields: Fields, tree: Node | null): Map<string, Json> => {
  const found = new Map<string, Json>()
  for (const [name, kid] of nodeAt(tree, root)?.kids ?? []) {
    const value = ownField(fields, name)
    if (value === undefined) continue
    found.set(`${root}/${name}`, value)
    if (isFields(value))
      for (const [below, inner] of givenFields('', value, kid)) found.set(`${root}/${name}${below}`, inner)
  }
  return found
}

/** PUT replaces what there was unless this server was seen to keep it. */
const keeps = ({ model, asked }: Making): boolean => asked.method !== 'PUT' || model.kept > model.lost

/** RFC 7396: what is named replaces what was there, objects field by field. */
const merge = (before: Fields, fields: Fields): Fields => {
  const all: Record<string, Json> = { ...before }
  for (const [name, value] of Object.entries(fields)) {
    const own = ownField(before, name)
    all[name] = isFields(own) && isFields(value) ? merge(own, value) : value
  }
  return all
}

/** Of a thing that nobody saw: what its number says. */
const rowOf = ({ target, asked, knowledge }: Making): Fields | undefined =>
  target.kind !== 'item' || target.named === undefined || target.type === undefined || asked.method !== 'PATCH'
    ? undefined
    : byNumber(target.named, target.type.idField, asked, knowledge)

const after = (making: Making, root: string): Fields => {
  const { target, asked } = making
  const fields = namedFields(asked.json, root)
  const id = target.type === undefined ? undefined : ownField(target.before, target.type.idField)
  if (asked.method === 'PATCH' && target.before !== undefined) return merge(target.before, fields)
  if (keeps(making)) return { ...(target.before ?? rowOf(making)), ...fields }
  return id === undefined || target.type === undefined ? fields : { ...fields, [target.type.idField]: id }
}

const noteId = ({ asked }: Making, pointer: string, id: Json | undefined): void => {
  if (id === undefined) return
  const isNumber = /^\d+$/.test(String(id))
  asked.notes?.note(pointer, isNumber ? 'counter' : 'fresh', isNumber ? 'the next number' : 'a new id of this form')
}

/** Undefined where such answers show the id of what was made, and this asker may not be shown where. */
const createdBody = (making: Making, tree: Node, root: string): string | undefined => {
  const { target, asked, knowledge } = making
  const idField = target.type?.idField ?? ''
  const pointer = `${root}${idPointer(idField)}`
  const node = nodeAt(tree, pointer)
  const id = newId(making, node)
  noteId(making, pointer, id)
  const settled = hiddenFields(root, making)
  if (id !== undefined && !isInText(idField)) settled.set(pointer, id)
  const given = givenFields(root, namedFields(asked.json, root), tree)
  const made = id === undefined ? asked : { ...asked, made: String(id) }
  const before = (knowledge.given?.(asked.service, target.path).made ?? 0) + making.nth
  const { text } = renderBody(tree, made, { root, settled, given, making: true, before })
  if (node !== undefined && id !== undefined && at(JSON.parse(text) as Json, pointer) === undefined) return undefined
  return withReferences(making, root, text)
}

const filled = (json: Json, pointer: string, found: ReadonlyMap<string, Json>): Json => {
  const value = found.get(pointer)
  if (value !== undefined || !isFields(json)) return value ?? json
  return Object.fromEntries(Object.entries(json).map(([name, kid]) => [name, filled(kid, `${pointer}/${name}`, found)]))
}

/** The answer with what it shows of other objects that the request names. */
const withReferences = (making: Making, root: string, text: string): string => {
  const { target, asked } = making
  const json = JSON.parse(text) as Json
  const made = at(json, root)
  if (target.type === undefined || !isFields(made)) return text
  const { path, before, type } = target
  const found = referred({ ...making, path, before, idField: type.idField, made })
  if (found.size === 0) return text
  for (const pointer of found.keys())
    asked.notes?.note(`${root}${pointer}`, 'resource', 'as the object has it that the request names')
  return JSON.stringify(filled(json, '', new Map([...found].map(([pointer, value]) => [`${root}${pointer}`, value]))))
}

const afterIn = (making: Making, root: string): Fields | undefined =>
  making.target.kind === 'item' ? after(making, root) : making.target.before

/** What answers to removals mostly show of what was removed; undefined where they have something else in its place. */
const removedOf = (before: Fields, node: Node | undefined): Fields | undefined => {
  if (node !== undefined && prevailingKind(node) !== 'object') return undefined
  const isUsual = (kid: Node): boolean => 2 * kid.seen > (node?.kinds.object ?? 0)
  const names = new Set(node?.kids.filter(([, kid]) => isUsual(kid)).map(([name]) => name))
  return Object.fromEntries(Object.entries(before).filter(([name]) => names.has(name)))
}

const DEPTH = 3
const namesIn = (node: Node, depth: number): string[] =>
  depth === 0 ? [] : node.kids.flatMap(([name, kid]) => [name, ...namesIn(kid, depth - 1)])

/** Whether answers show nothing of what accepted requests mostly name, wherever: they say what is new and no more. */
const isCurt = (tree: Node, { model, asked }: Making): boolean => {
  const { seen = 0, leaves = [] } = model.wants ?? {}
  if (asked.method === 'DELETE' || (tree.kinds.object ?? 0) < ALWAYS_NULL) return false
  const usual = leaves.filter(([, named]) => named >= ALWAYS_NULL && 2 * named >= seen)
  const names = new Set(usual.flatMap(([pointer]) => pointer.split('/').slice(1)))
  return names.size > 0 && !namesIn(tree, DEPTH).some((name) => names.has(name))
}

/** The answer to a write of an object that is known as it was before, or to an act on it. */
const changedBody = (making: Making, before: Fields, tree: Node, root: string): string => {
  const { target, asked } = making
  const isItem = target.kind === 'item'
  const own = asked.method === 'DELETE' ? removedOf(before, nodeAt(tree, root)) : afterIn(making, root)
  asked.notes?.note(root, 'before', 'the object before the write, with what the request says')
  const given = isItem ? givenFields(root, namedFields(asked.json, root), tree) : new Map<string, Json>()
  const settled = isItem ? hiddenFields(root, making) : new Map<string, Json>()
  const { text } = renderBody(tree, asked, { root, own, given, settled, making: true })
  return isItem && asked.method !== 'DELETE' ? withReferences(making, root, text) : text
}

/** JSON text for a write that the server accepts; undefined when nothing is known of such answers. */
export const writtenBody = (making: Making, body: BodyModel | undefined, isBorrowed: boolean): string | undefined => {
  const { target, asked } = making
  const tree = body?.tree ?? null
  const root = rootIn(tree, target.type)
  if (isBorrowed) return borrowed(making, tree)
  if (tree === null) return undefined
  if (target.kind === 'create') return createdBody(making, tree, root)
  if (target.kind === 'item' && isCurt(tree, making)) return renderBody(tree, asked, { root, making: true }).text
  if (target.before !== undefined) return changedBody(making, target.before, tree, root)
  return renderBody(tree, asked, { root, own: rowOf(making), making: true }).text
}

/** The same for each thing that it makes or selects, at most MOST of them. */
export const writtenRows = (making: Making, body: BodyModel | undefined, isBorrowed: boolean): string[] => {
  const { target, asked, knowledge } = making
  if (target.kind === 'create')
    return bodiesOf(asked.json)
      .slice(0, MOST)
      .flatMap((json, nth) => writtenBody({ ...making, asked: { ...asked, json }, nth }, body, isBorrowed) ?? [])
  return (target.rows ?? []).slice(0, MOST).flatMap((named) => {
    const row = itemTarget(named, asked, knowledge)
    return writtenBody({ ...making, target: row }, body, isBorrowed) ?? []
  })
}
const MOST = 1000

/** As another collection does it: the object, wrapped as that one wraps it. */
const borrowed = (making: Making, tree: Node | null): string | undefined => {
  const { target, asked, knowledge } = making
  const { type } = target
  if (type === undefined || tree === null) return undefined
  const isWrapped = !tree.kids.some(([name]) => name === type.idField) && type.root !== ''
  const root = isWrapped ? type.root : ''
  const item = knowledge.item(asked.service, type.template) ?? null
  asked.notes?.note(root, 'body', 'as such writes are answered elsewhere in the service')
  if (target.kind !== 'create') {
    const own = after(making, type.root)
    const isWhole = target.before !== undefined || item === null
    return JSON.stringify(
      wrapped(root, isWhole ? own : (JSON.parse(renderBody(item, asked, { root: '', own }).text) as Json)),
    )
  }
  const id = newId(making, nodeAt(item, idPointer(type.idField)))
  if (id === undefined) return undefined
  noteId(making, `${root}/${type.idField}`, id)
  return JSON.stringify(
    wrapped(root, { ...namedFields(asked.json, type.root), ...(isInText(type.idField) ? {} : { [type.idField]: id }) }),
  )
}

/** What an object that was there before kept and lost, of what a write did not name. */
export const keptAndLost = (before: Fields, named: Fields, afterwards: Json | undefined): readonly [number, number] => {
  if (!isFields(afterwards)) return [0, 0]
  const silent = Object.keys(before).filter((name) => !Object.hasOwn(named, name) && at(before, `/${name}`) !== null)
  const kept = silent.filter((name) => Object.hasOwn(afterwards, name)).length
  return [kept > 1 ? 1 : 0, silent.length - kept > 0 && kept <= 1 ? 1 : 0]
}
