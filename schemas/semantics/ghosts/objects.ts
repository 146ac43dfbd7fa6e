/** Objects by type and id: what GET /books showed of book 7 answers GET /books/7. */
import type { Asked } from './asked.ts'
import { parseJson } from './json.ts'
import { keyOf } from './model.ts'
import type { EndpointModel, Json, Knowledge, ObjectRecord } from './model.ts'
import { segmentParts } from '../templates.ts'

export const objectKey = (service: string, type: string, id: string): string => keyOf('object', service, type, id)

/** The type of an endpoint whose template ends in a parameter: the template before it. Undefined for others. */
export const typeOf = (template: string): string | undefined => {
  const cut = template.lastIndexOf('/')
  const parts = segmentParts(template.slice(cut + 1))
  return cut > 0 && parts.length === 2 && parts[0] === '' && parts[1] === '' ? template.slice(0, cut) : undefined
}

/** The object that a request names, whether anything is known of it or not; undefined for lists and the like. */
export const objectAsked = (
  model: EndpointModel,
  asked: Asked,
): { readonly type: string; readonly id: string } | undefined => {
  const type = typeOf(model.template)
  const id = asked.segments[asked.segments.length - 1]
  return type === undefined || id === undefined ? undefined : { type: typeInstance(type, asked), id }
}

/** `/users/{id}/orders` of user 7 and of user 8 are two collections: the parameters before the id belong to the type. */
const typeInstance = (type: string, asked: Asked): string =>
  type.includes('{') ? '/' + asked.segments.slice(0, -1).join('/') : type

export const findObject = (model: EndpointModel, asked: Asked, knowledge: Knowledge): ObjectRecord | undefined => {
  const named = objectAsked(model, asked)
  return named === undefined ? undefined : knowledge.object(objectKey(asked.service, named.type, named.id))
}

/** What an asker may see of an object: their own view or the public one, the newer first; nothing older than the last write. */
export const visibleView = (
  object: ObjectRecord,
  asker: string,
): { readonly value: { readonly [key: string]: Json }; readonly at: number; readonly whole: boolean } | undefined => {
  const views = object.views.filter((v) => (v.asker === asker || v.asker === '') && v.at >= object.written)
  if (views.length === 0 || (object.gone > 0 && views.every((v) => v.at < object.gone))) return undefined
  const best = views.reduce((a, b) => (b.at > a.at || (b.at === a.at && b.whole) ? b : a))
  const value = parseJson(best.json)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return { value: value as { readonly [key: string]: Json }, at: best.at, whole: best.whole }
}
