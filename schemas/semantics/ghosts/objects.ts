/** Objects by type and id: what GET /books showed of book 7 answers GET /books/7. */
import type { Asked } from './asked.ts'
import { keyOf } from './model.ts'
import type { EndpointModel, Knowledge, ObjectRecord } from './model.ts'
import { isScalar, ownField } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { segmentParts } from '../templates.ts'
import { visibleView } from './views.ts'

export const objectKey = (service: string, type: string, id: string): string => keyOf('object', service, type, id)

const isParameter = (segment: string): boolean => {
  const parts = segmentParts(segment)
  return parts.length === 2 && parts[0] === '' && parts[1] === ''
}

/** The type of an endpoint whose template ends in a parameter: the template before it. Undefined for others. */
export const typeOf = (template: string): string | undefined => {
  const cut = template.lastIndexOf('/')
  return cut > 0 && isParameter(template.slice(cut + 1)) ? template.slice(0, cut) : undefined
}

/** An object by its collection, as the path has it, and its id. */
export interface Named {
  readonly type: string
  readonly id: string
  /** Template of the collection. */
  readonly template: string
}

/** What stands for the id of a thing that there is only one of: GET /me, PUT /me. */
export const ONLY = '.'

/** `/users/{id}/orders` of user 7 and of user 8 are two collections: the parameters before the id belong to the type. */
export const collectionPath = (template: string, asked: Asked): string =>
  template.includes('{') ? '/' + asked.segments.slice(0, template.split('/').length - 1).join('/') : template

/** The object that a request names by its path, whether anything is known of it or not; undefined for lists and the like. */
export const objectAsked = (model: EndpointModel, asked: Asked): Named | undefined => {
  const template = typeOf(model.template)
  const id = asked.segments[asked.segments.length - 1]
  return template === undefined || id === undefined
    ? undefined
    : { type: collectionPath(template, asked), id, template }
}

/** The object that an action is about: the nearest one above it in the path (POST /articles/{slug}/favorite). */
export const objectAbove = (model: EndpointModel, asked: Asked, knowledge: Knowledge): Named | undefined => {
  const segments = model.template.split('/')
  for (let i = segments.length - 2; i >= 2; i--) {
    const template = segments.slice(0, i).join('/')
    const id = asked.segments[i - 1]
    if (!isParameter(segments[i] ?? '') || id === undefined) continue
    if (knowledge.type(asked.service, template) !== undefined)
      return { type: collectionPath(template, asked), id, template }
  }
  return undefined
}

export const findNamed = (named: Named | undefined, service: string, knowledge: Knowledge): ObjectRecord | undefined =>
  named === undefined ? undefined : knowledge.object(objectKey(service, named.type, named.id))

export const findObject = (model: EndpointModel, asked: Asked, knowledge: Knowledge): ObjectRecord | undefined =>
  findNamed(objectAsked(model, asked), asked.service, knowledge)

/** How far to look for a neighbour among ids that are numbers. */
const REACH = 32

const neighbour = (named: Named, asked: Asked, knowledge: Knowledge, step: 1 | -1): Fields | undefined => {
  for (let i = 1; i <= REACH; i++) {
    const object = knowledge.object(objectKey(asked.service, named.type, String(Number(named.id) + i * step)))
    const view = object === undefined ? undefined : visibleView(object, asked.asker)
    if (view !== undefined) return view.value
  }
  return undefined
}

/** What the nearest known objects on both sides have in common: rows made together mostly belong together. */
export const between = (named: Named, asked: Asked, knowledge: Knowledge): Fields | undefined => {
  if (!/^\d{1,15}$/.test(named.id)) return undefined
  const below = neighbour(named, asked, knowledge, -1)
  const above = below === undefined ? undefined : neighbour(named, asked, knowledge, 1)
  if (below === undefined || above === undefined) return undefined
  const common = Object.entries(below).filter(([name, value]) => isScalar(value) && ownField(above, name) === value)
  return Object.fromEntries(common)
}
