/**
 * Writes of rows: those that a condition in the query selects (`PATCH /rows?id=in.(1,2)`, `DELETE /rows?state=done`), by
 * what the list at the same path was seen to do with its parameters; and answers that list what was written.
 */
import type { Asked } from './asked.ts'
import { amongIn } from './conditions.ts'
import { parametersElsewhere, roleAmong } from './elsewhere.ts'
import type { Elsewhere } from './elsewhere.ts'
import { collectionOf, matches, planOf } from './lists.ts'
import type { Plan } from './lists.ts'
import type { Json, Knowledge, ListModel, ObjectRecord, TypeModel } from './model.ts'
import { objectKey } from './objects.ts'
import type { Named } from './objects.ts'
import { at, idOf, isDigits, isFields } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { visibleView } from './views.ts'

/** Rows that a write is about. */
export interface Rows {
  readonly type: TypeModel
  /** Path of the collection. */
  readonly path: string
  readonly rows: readonly Named[]
}

const SELECTING = new Set(['PATCH', 'PUT', 'DELETE'])

/** Rows that are looked at to tell which fields there are. */
const SAMPLE = 20

const sampleOf = (objects: Iterable<ObjectRecord>, asker: string): Fields[] => {
  const found: Fields[] = []
  for (const object of objects) {
    const view = visibleView(object, asker)
    if (view !== undefined && found.push(view.listed) >= SAMPLE) break
  }
  return found
}

const elsewhereOf = (list: ListModel, asked: Asked, knowledge: Knowledge): Elsewhere => {
  const others = parametersElsewhere(asked, knowledge)
  let samples: readonly Fields[] | undefined
  const fields = () =>
    (samples ??= sampleOf(knowledge.objects(asked.service, collectionOf(list, asked)).values(), asked.asker))
  return {
    hasField: (field) => fields().some((item) => at(item, field) !== undefined),
    roleOf: roleAmong(others),
    known: [...list.parameters, ...others],
  }
}

/** The ids that a condition names, where it is one on the id. */
const idsIn = ({ filters }: Plan, idField: string): readonly string[] | undefined => {
  for (const [role, value] of filters) {
    if (role === `f:/${idField}`) return [value]
    if (role === `o:/${idField}`) return amongIn(value)
  }
  return undefined
}

interface Place {
  readonly list: ListModel
  readonly asked: Asked
  readonly knowledge: Knowledge
  readonly plan: Plan
}

/** Whether a row of which nothing is known may be there: its number was given out, and it is all that is asked for. */
const mayBe = (id: string, { list, asked, knowledge, plan }: Place): boolean =>
  plan.filters.length === 1 &&
  isDigits(id) &&
  Number(id) <= knowledge.objects(asked.service, collectionOf(list, asked)).largest

const named = (ids: readonly string[], place: Place): string[] =>
  ids.filter((id) => {
    const { list, asked, knowledge, plan } = place
    const object = knowledge.object(objectKey(asked.service, collectionOf(list, asked), id))
    if (object === undefined) return mayBe(id, place)
    const view = visibleView(object, asked.asker)
    return view !== undefined && matches(plan, view.listed)
  })

const selected = ({ list, asked, knowledge, plan }: Place): string[] => {
  const found: string[] = []
  for (const object of knowledge.objects(asked.service, collectionOf(list, asked)).values()) {
    const view = visibleView(object, asked.asker)
    if (view !== undefined && matches(plan, view.listed)) found.push(object.id)
  }
  return found
}

/** The list that a write goes to, and what it selects of it. */
const placeOf = (asked: Asked, knowledge: Knowledge): Place | undefined => {
  if (!SELECTING.has(asked.method) || asked.query.length === 0) return undefined
  const reader = knowledge.sibling(asked.service, 'GET', asked.target)
  if (reader === undefined || reader.list === null) return undefined
  const { list, template } = reader
  const plan = planOf(list, template, asked, elsewhereOf(list, asked, knowledge))
  const isSelecting = plan !== undefined && plan.filters.length > 0 && !plan.limited && !plan.paged
  return isSelecting ? { list, asked, knowledge, plan } : undefined
}

/** What a write to a collection selects; undefined where it selects nothing, or it is not known how. */
export const rowsAsked = (asked: Asked, knowledge: Knowledge): Rows | undefined => {
  const place = placeOf(asked, knowledge)
  const type = place === undefined ? undefined : knowledge.type(asked.service, place.list.type)
  if (place === undefined || type === undefined) return undefined
  const ids = idsIn(place.plan, type.idField)
  const path = collectionOf(place.list, asked)
  const found = ids === undefined ? selected(place) : named(ids, place)
  return { type, path, rows: found.map((id) => ({ type: path, id, template: type.template })) }
}

/** The things in an answer that is a bare list of things with ids. */
export const rowsIn = (json: Json | undefined, idField: string): readonly Fields[] | undefined =>
  Array.isArray(json) && json.every((row) => isFields(row) && idOf(row, idField) !== undefined)
    ? (json as Fields[])
    : undefined

/** The things that a body sends: it is one, or a list of them. */
export const bodiesOf = (json: Json | undefined): readonly (Json | undefined)[] =>
  Array.isArray(json) && json.length > 0 && json.every(isFields) ? json : [json]
