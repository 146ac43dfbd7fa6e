/** What a write that was answered well changes for the one who sent it: the fold behind the overlay. */
import type { Asked } from './asked.ts'
import { afterEffects } from './counters.ts'
import { graphChanges } from './graph-changes.ts'
import type { EndpointModel, Json, Knowledge, Node } from './model.ts'
import { findNamed, objectAbove, objectAsked, ONLY } from './objects.ts'
import { visibleView } from './views.ts'
import type { Named } from './objects.ts'
import { changeKey } from './overlay.ts'
import type { Change } from './overlay.ts'
import { at, idOf, isFields, objectIn } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { bodiesOf, rowsAsked, rowsIn } from './several.ts'
import { showsGone } from './status.ts'
import { isNeverNull, kidOf } from './trees.ts'
import { typeForPost } from './types.ts'

export interface Accepted {
  readonly asked: Asked
  readonly model: EndpointModel
  readonly knowledge: Knowledge
  readonly status: number
  readonly json: Json | undefined
  /** Event id of the exchange. */
  readonly write: string
}

const parentPath = (path: string): string => path.slice(0, Math.max(1, path.replace(/\/+$/, '').lastIndexOf('/')))

const changeOf = (accepted: Accepted, named: Named, fields: Fields | undefined, whole = true): Change => {
  const { asked } = accepted
  return {
    key: changeKey(asked.service, asked.asker, named.type, named.id),
    service: asked.service,
    asker: asked.asker,
    type: named.type,
    id: named.id,
    json: fields === undefined ? '' : JSON.stringify(fields),
    whole,
    paths: [asked.path, parentPath(asked.path)],
    at: asked.at,
    write: accepted.write,
    tick: 0,
  }
}

/** The fields that a request names: the body's, or those of the object in its wrapping. */
export const namedFields = (json: Json | undefined, root: string): Fields => {
  const inner = root === '' ? undefined : at(json, root)
  if (isFields(inner)) return inner
  return isFields(json) ? json : {}
}

/**
 * The answer's fields as a GET would show them: a write that answers null where the request had a value, and where reads
 * never show null, was answered in short. Then what it names stands for those, and what it does not name is left to the reads.
 */
const inFull = (fields: Fields, named: Fields, tree: Node | undefined): Fields => {
  const isShort = (name: string): boolean => {
    const kid = fields[name] === null ? kidOf(tree, name) : undefined
    return kid !== undefined && isNeverNull(kid)
  }
  const told = Object.keys(named).filter((name) => isShort(name) && named[name] !== null)
  if (told.length === 0) return fields
  const kept = Object.entries(fields).filter(([name]) => !isShort(name) || told.includes(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, told.includes(name) ? (named[name] ?? null) : value]))
}

/** Whether most reads show a field: one that few objects have does not come with every request that names it. */
const isUsual = (tree: Node | undefined, name: string): boolean => {
  const kid = kidOf(tree, name)
  return kid !== undefined && 2 * kid.seen >= (tree?.kinds.object ?? 0)
}

/** Reads after which a field that all of them had is taken to be always there. */
const ALWAYS = 5

/** Whether reads always show something that the answer has not. */
const lacks = (fields: Fields, tree: Node | undefined): boolean =>
  tree?.kids.some(
    ([name, kid]) => kid.seen >= ALWAYS && kid.seen === tree.kinds.object && !Object.hasOwn(fields, name),
  ) === true

/** The object in an answer, with what the request named besides and a GET of it would show. */
const shown = (accepted: Accepted, root: string, template: string): { fields: Fields; whole: boolean } | undefined => {
  const { asked, knowledge, json } = accepted
  const fields = at(json, root)
  if (!isFields(fields)) return undefined
  const tree = knowledge.item(asked.service, template)
  const named = namedFields(asked.json, root)
  const missing = Object.entries(named).filter(([name]) => !Object.hasOwn(fields, name) && isUsual(tree, name))
  const full = inFull(fields, named, tree)
  const all = { ...full, ...Object.fromEntries(missing) }
  return { fields: all, whole: missing.length === 0 && full === fields && !lacks(all, tree) }
}

const renamed = (accepted: Accepted, named: Named, id: string, change: Change): Change[] =>
  id === named.id ? [change] : [changeOf(accepted, named, undefined), change]

/** The id that an answer shows; of `{id}.txt` an object may show the whole name, which is no new one. */
const sameOr = (named: Named, asked: Asked, id: string | undefined): string =>
  id === undefined || id === asked.segments.at(-1) ? named.id : id

/** An object that an item's write, or an action on it, left behind. An answer with another id is no action's: only an item gets a new name. */
const changed = (accepted: Accepted, named: Named, isAction: boolean): Change[] => {
  const { asked, knowledge, json } = accepted
  const type = knowledge.type(asked.service, named.template)
  const root = type === undefined ? undefined : objectIn(json, type)
  const after = root === undefined ? undefined : shown(accepted, root, named.template)
  if (type !== undefined && after !== undefined) {
    const id = sameOr(named, asked, idOf(after.fields, type.idField))
    if (isAction && id !== named.id) return []
    return renamed(accepted, named, id, changeOf(accepted, { ...named, id }, after.fields, after.whole))
  }
  return isAction && isFields(json) ? [] : merged(accepted, named, type?.root ?? '')
}

/** What a request says of an object, and an answer that shows no object: of that, what the object has. */
const toldOf = ({ asked, json }: Accepted, before: Fields, root: string): Fields => {
  const named = namedFields(asked.json, root)
  if (!isFields(json)) return named
  const told = Object.entries({ ...named, ...namedFields(json, root) })
  return Object.fromEntries(told.filter(([name]) => Object.hasOwn(before, name)))
}

/** What is known of an object, with what the request names of it. */
const merged = (accepted: Accepted, named: Named, root: string): Change[] => {
  const { asked, knowledge, json } = accepted
  const object = findNamed(named, asked.service, knowledge)
  const before = object === undefined ? undefined : visibleView(object, asked.asker)
  if (before === undefined) return []
  const told = toldOf(accepted, before.value, root)
  if (isFields(json) && Object.keys(told).length === 0) return []
  return [changeOf(accepted, named, { ...before.value, ...told }, before.whole)]
}

const created = (accepted: Accepted): Change[] => {
  const { asked, knowledge, json, model } = accepted
  const found = typeForPost(model, asked, knowledge)
  const root = found === undefined ? undefined : objectIn(json, found.type)
  if (found === undefined || root === undefined) return []
  const after = shown(accepted, root, found.type.template)
  const id = after === undefined ? undefined : idOf(after.fields, found.type.idField)
  if (after === undefined || id === undefined) return []
  const named = { type: found.path, id, template: found.type.template }
  return [changeOf(accepted, named, after.fields, after.whole)]
}

/** A thing that there is only one of, read and written at the same path. */
const single = (accepted: Accepted): Change[] => {
  const { asked, knowledge, json, model } = accepted
  const reader = knowledge.sibling(asked.service, 'GET', asked.target)
  if (reader === undefined || reader.template !== model.template || !isFields(json)) return []
  if (reader.list !== null && asked.method === 'POST') return []
  return [changeOf(accepted, { type: asked.path, id: ONLY, template: model.template }, json)]
}

/** What a removal leaves: nothing, or what says that it was removed, where GETs show that. */
const removed = (accepted: Accepted, named: Named): Change => {
  const { asked, knowledge, json } = accepted
  const reader = knowledge.sibling(asked.service, 'GET', asked.target)
  const type = knowledge.type(asked.service, named.template)
  const root = reader === undefined || type === undefined || !showsGone(reader) ? undefined : objectIn(json, type)
  const left = root === undefined ? undefined : at(json, root)
  return changeOf(accepted, named, isFields(left) ? left : undefined)
}

/** What the write does to the numbers of the object above it, where its answer does not show that object. */
const above = (accepted: Accepted, changes: readonly Change[]): Change[] => {
  const { asked, model, knowledge } = accepted
  const named = model.effects === undefined ? undefined : objectAbove(model, asked, knowledge)
  const object = findNamed(named, asked.service, knowledge)
  const view = object === undefined ? undefined : visibleView(object, asked.asker)
  if (named === undefined || view === undefined || changes.some((c) => c.type === named.type && c.id === named.id))
    return []
  const after = afterEffects(model.effects, view.value)
  return after === undefined ? [] : [{ ...changeOf(accepted, named, after, view.whole), aside: true }]
}

/** The changes of one accepted write, none for what changes nothing that is known. */
export const changesOf = (accepted: Accepted): readonly Change[] => {
  const changes = ownChanges(accepted)
  return accepted.status < 200 || accepted.status >= 300 ? [] : [...changes, ...above(accepted, changes)]
}

const itemChanges = (accepted: Accepted, named: Named): readonly Change[] =>
  accepted.asked.method === 'DELETE' ? [removed(accepted, named)] : changed(accepted, named, false)

/** Each thing of a list that was made of the things that the request sent. */
const createdRows = (accepted: Accepted): readonly Change[] => {
  const { asked, model, knowledge, json } = accepted
  const type = asked.method === 'POST' ? typeForPost(model, asked, knowledge)?.type : undefined
  const rows = type === undefined ? undefined : rowsIn(json, type.idField)
  const sent = bodiesOf(asked.json)
  if (rows === undefined || rows.length !== sent.length) return []
  return rows.flatMap((row, i) => created({ ...accepted, asked: { ...asked, json: sent[i] }, json: row }))
}

/** Each row that a condition selects: those that the answer lists, or those that it holds for. */
const selectedRows = (accepted: Accepted): readonly Change[] => {
  const { asked, knowledge, json } = accepted
  const found = rowsAsked(asked, knowledge)
  if (found === undefined) return []
  const rows = rowsIn(json, found.type.idField)
  const path = (id: string): string => `${found.path}/${id}`
  const of = (named: Named, row: Json | undefined): Change[] =>
    itemChanges({ ...accepted, json: row }, named).map((change) => ({ ...change, paths: [path(named.id), asked.path] }))
  if (rows === undefined) return found.rows.flatMap((named) => of(named, Array.isArray(json) ? undefined : json))
  const { template } = found.type
  return rows.flatMap((row) => of({ type: found.path, id: idOf(row, found.type.idField) ?? '', template }, row))
}

const ownChanges = (accepted: Accepted): readonly Change[] => {
  const { asked, model, knowledge, status } = accepted
  if (status < 200 || status >= 300) return []
  if (asked.graph !== undefined && model.template.includes('#')) return graphChanges(accepted)
  const named = objectAsked(model, asked)
  if (named !== undefined) return itemChanges(accepted, named)
  const rows = [...createdRows(accepted), ...selectedRows(accepted)]
  if (rows.length > 0) return rows
  const isPost = asked.method === 'POST'
  const made = isPost ? created(accepted) : []
  if (made.length > 0) return made
  const over = objectAbove(model, asked, knowledge)
  const acted = over === undefined ? [] : changed(accepted, over, true)
  return acted.length > 0 ? acted : single(accepted)
}
