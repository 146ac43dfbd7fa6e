/** The last answer to a list request, brought up to date with what was written since. */
import type { Asked } from './asked.ts'
import { compare } from './compare.ts'
import { collectionOf, isFirst, matches, planOf } from './lists.ts'
import type { Plan } from './lists.ts'
import type { Json, Knowledge, ListModel, ObjectRecord } from './model.ts'
import { describeObject } from './notes.ts'
import { objectKey } from './objects.ts'
import { visibleView } from './views.ts'
import { at, idOf, isFields, itemsAt } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { compareBy } from './roles.ts'

interface Told {
  readonly json: Json | undefined
  readonly at: number
}
interface With {
  readonly asked: Asked
  readonly knowledge: Knowledge
  readonly onlyFirst?: boolean
}

/** An item with what the object says now, of the fields that items have. */
const renewed = (item: Fields, now: Fields): Fields =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, Object.hasOwn(now, name) ? (now[name] as Json) : value]),
  )

/** Undefined where the item has to go. */
const itemNow = (item: Fields, object: ObjectRecord | undefined, told: Told, asker: string): Fields | undefined => {
  if (object === undefined) return item
  const view = visibleView(object, asker)
  if (view === undefined) return object.gone > told.at ? undefined : item
  return view.at > told.at ? renewed(item, view.value) : item
}

/** Objects of the collection that were made since, as items. */
const madeSince = (list: ListModel, told: Told, example: Fields | undefined, with_: With): Fields[] => {
  const { asked, knowledge } = with_
  const made: Fields[] = []
  for (const object of knowledge.written(asked.service, collectionOf(list, asked))) {
    const view = object.written > told.at ? visibleView(object, asked.asker) : undefined
    if (view === undefined) continue
    made.push(example === undefined ? view.value : renewedFrom(example, view.value))
  }
  return made
}

const renewedFrom = (example: Fields, now: Fields): Fields =>
  Object.fromEntries(Object.entries(now).filter(([name]) => Object.hasOwn(example, name)))

const orderOf = (list: ListModel, plan: Plan): ((a: Fields, b: Fields) => number) | undefined => {
  if (plan.sort.length > 0) return (a, b) => (plan.descending ? -1 : 1) * compareBy(plan.sort, a, b)
  const [field, by, kept] = list.order.reduce((a, b) => (b[2] - b[3] > a[2] - a[3] ? b : a), ['', 1, 0, 0])
  return field === '' || kept < 2 ? undefined : (a, b) => by * compare(at(a, field), at(b, field))
}

interface Paged {
  readonly told: Told
  readonly plan: Plan
}

/** The items as they are now, and the ids that there were. */
const itemsNow = (list: ListModel, items: readonly Fields[], page: Paged, with_: With) => {
  const { told, plan } = page
  const { asked, knowledge } = with_
  const type = collectionOf(list, asked)
  const ids = new Set<string>()
  const kept: Fields[] = []
  for (const item of items) {
    const id = idOf(item, list.idField) ?? ''
    ids.add(id)
    const now = itemNow(item, knowledge.object(objectKey(asked.service, type, id)), told, asked.asker)
    if (now !== undefined && matches(plan, now)) kept.push(now)
  }
  return { ids, kept }
}

/**
 * JSON text; undefined where the list's parameters are not understood or the answer is none. `onlyFirst`: later pages are
 * not patched, since what left or joined the pages before moves them.
 */
export const patchList = (list: ListModel, template: string, told: Told, with_: With): string | undefined => {
  const items = itemsAt(told.json, list.at)
  if (items === undefined || list.idField === '' || list.type === '') return undefined
  const plan = planOf(list, template, with_.asked, {
    hasField: (field) => items.some((item) => at(item, field) !== undefined),
  })
  if (plan === undefined || (with_.onlyFirst === true && !isFirst(plan))) return undefined
  const { ids, kept } = itemsNow(list, items, { told, plan }, with_)
  const isNew = (item: Fields): boolean => !ids.has(idOf(item, list.idField) ?? '') && matches(plan, item)
  const added = isFirst(plan) ? madeSince(list, told, items[0], with_).filter(isNew) : []
  const all = [...kept, ...added]
  const order = orderOf(list, plan)
  if (order !== undefined && added.length > 0) all.sort(order)
  const shown = plan.limited || items.length >= plan.limit ? all.slice(0, plan.limit) : all
  const by = counted(list, shown.length - items.length)
  noteItems(list, shown, told, with_)
  return JSON.stringify(replaced(told.json as Json, '', { pointer: list.at, items: shown, by }))
}

/** The items that are not as they were told. */
const noteItems = (list: ListModel, shown: readonly Fields[], told: Told, { asked, knowledge }: With): void => {
  if (asked.notes === undefined) return
  for (const [i, item] of shown.entries()) {
    const key = objectKey(asked.service, collectionOf(list, asked), idOf(item, list.idField) ?? '')
    const object = knowledge.object(key)
    if (object !== undefined && object.written > told.at)
      asked.notes.note(`${list.at}/${i}`, 'resource', describeObject(object, asked.asker))
  }
}

/** Counts around the items move with them. */
const counted = (list: ListModel, by: number): ReadonlyMap<string, number> =>
  new Map(
    by === 0
      ? []
      : list.around
          .filter(([, roles]) => roles.some(([role]) => role === 'count' || role === 'total'))
          .map(([pointer]): [string, number] => [pointer, by]),
  )

interface Patch {
  readonly pointer: string
  readonly items: readonly Json[]
  readonly by: ReadonlyMap<string, number>
}

const replaced = (json: Json, here: string, patch: Patch): Json => {
  if (here === patch.pointer) return patch.items
  if (!isFields(json)) return typeof json === 'number' ? json + (patch.by.get(here) ?? 0) : json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, replaced(value, `${here}/${name}`, patch)]),
  )
}
