/** What a write is about: a thing by its path, one that it makes, those that a condition selects, or the thing above it. */
import type { Asked } from './asked.ts'
import type { EndpointModel, Knowledge, TypeModel } from './model.ts'
import { findNamed, objectAbove, objectAsked } from './objects.ts'
import type { Named } from './objects.ts'
import type { Fields } from './pointers.ts'
import { rowsAsked } from './several.ts'
import type { Rows } from './several.ts'
import { typeForPost } from './types.ts'
import { visibleView } from './views.ts'

export interface Target {
  readonly kind: 'item' | 'create' | 'action' | 'rows' | 'other'
  readonly named: Named | undefined
  readonly type: TypeModel | undefined
  /** Path of the collection. */
  readonly path: string
  readonly before: Fields | undefined
  /** Those that a condition in the query selects; of one alone it is a write of an item. */
  readonly rows?: readonly Named[]
}

const beforeOf = (about: Named, asked: Asked, knowledge: Knowledge): Fields | undefined => {
  const object = findNamed(about, asked.service, knowledge)
  return object === undefined ? undefined : visibleView(object, asked.asker)?.value
}

/** One thing by its name. */
export const itemTarget = (about: Named, asked: Asked, knowledge: Knowledge): Target => ({
  kind: 'item',
  named: about,
  type: knowledge.type(asked.service, about.template),
  path: about.type,
  before: beforeOf(about, asked, knowledge),
})

const rowsTarget = ({ type, path, rows }: Rows, asked: Asked, knowledge: Knowledge): Target => {
  const [first, ...others] = rows
  if (first !== undefined && others.length === 0) return { ...itemTarget(first, asked, knowledge), rows }
  return { kind: 'rows', named: undefined, type, path, before: undefined, rows }
}

/** The thing, or the things, that a write makes or changes. */
export const targetOf = (model: EndpointModel, asked: Asked, knowledge: Knowledge): Target => {
  const named = objectAsked(model, asked)
  const post = named === undefined && asked.method === 'POST' ? typeForPost(model, asked, knowledge) : undefined
  if (post !== undefined) return { kind: 'create', named: undefined, ...post, before: undefined }
  if (named !== undefined) return itemTarget(named, asked, knowledge)
  const rows = rowsAsked(asked, knowledge)
  if (rows !== undefined) return rowsTarget(rows, asked, knowledge)
  const about = objectAbove(model, asked, knowledge)
  if (about === undefined) return { kind: 'other', named: undefined, type: undefined, path: '', before: undefined }
  return { ...itemTarget(about, asked, knowledge), kind: 'action' }
}
