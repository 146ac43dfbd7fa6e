/** Objects by type and id: what GET /books showed of book 7 answers GET /books/7. */
import type { Asked } from './asked.ts'
import { keyOf } from './model.ts'
import type { EndpointModel, Knowledge, ObjectRecord } from './model.ts'
import { isScalar, ownField } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { remembered } from '../remembered.ts'
import { segmentParts } from '../templates.ts'
import { visibleView } from './views.ts'

export const objectKey = (service: string, type: string, id: string): string => keyOf('object', service, type, id)

/** A segment with one id: `{id}`, `{id}.json`, `Products({id})`, `Products('{id}')`. */
interface IdSegment {
  readonly before: string
  readonly after: string
  /** The collection’s name where the segment has it. */
  readonly name: string
}

const KEYED = /^([^()]+)\(('?)$/

const idSegment = remembered((segment): IdSegment | undefined => {
  const [before, after, more] = segmentParts(segment)
  if (before === undefined || after === undefined || more !== undefined) return undefined
  const [, name = '', quote = ''] = KEYED.exec(before) ?? []
  const isPlain = before === '' && (after === '' || after.startsWith('.'))
  return isPlain || (name !== '' && after === `${quote})`) ? { before, after, name } : undefined
})

/** The id that stands in a segment of the path. */
const idIn = (segment: string, text: string | undefined): string | undefined => {
  const shape = idSegment(segment)
  if (shape === undefined || text === undefined) return undefined
  const end = text.length - shape.after.length
  const fits = text.startsWith(shape.before) && text.endsWith(shape.after) && end > shape.before.length
  return fits ? text.slice(shape.before.length, end) : text
}

const lastSegment = (template: string): string => template.slice(template.lastIndexOf('/') + 1)

/** The type of an endpoint whose template ends in an id: the template of the collection. Undefined for others. */
export const typeOf = remembered((template): string | undefined => {
  const cut = template.lastIndexOf('/')
  const shape = cut < 0 ? undefined : idSegment(template.slice(cut + 1))
  if (shape === undefined || (cut === 0 && shape.name === '')) return undefined
  return shape.name === '' ? template.slice(0, cut) : `${template.slice(0, cut)}/${shape.name}`
})

/** An object by its collection, as the path has it, and its id. */
export interface Named {
  readonly type: string
  readonly id: string
  /** Template of the collection. */
  readonly template: string
}

/** What stands for the id of a thing that there is only one of: GET /me, PUT /me. */
export const ONLY = '.'

const segmentsOf = remembered((template): readonly string[] => template.split('/').slice(1))

/** `/users/{id}/orders` of user 7 and of user 8 are two collections: the parameters before the id belong to the type. */
export const collectionPath = (template: string, asked: Asked): string => {
  if (!template.includes('{')) return template
  let path = ''
  for (const [i, segment] of segmentsOf(template).entries())
    path += `/${segment.includes('{') ? (asked.segments[i] ?? '') : segment}`
  return path
}

/** The object that a request names by its path, whether anything is known of it or not; undefined for lists and the like. */
export const objectAsked = (model: EndpointModel, asked: Asked): Named | undefined => {
  const template = typeOf(model.template)
  const id = idIn(lastSegment(model.template), asked.segments[asked.segments.length - 1])
  return template === undefined || id === undefined
    ? undefined
    : { type: collectionPath(template, asked), id, template }
}

/** The places of ids above the last segment, the nearest first, with their collections. */
const idsAbove = remembered((path) => {
  const segments = path.split('/')
  const places: { readonly template: string; readonly segment: string; readonly at: number }[] = []
  for (let i = segments.length - 2; i >= 2; i--) {
    const template = typeOf(segments.slice(0, i + 1).join('/'))
    if (template !== undefined) places.push({ template, segment: segments[i] ?? '', at: i - 1 })
  }
  return places
})

/** The object that an action is about: the nearest one above it in the path (POST /articles/{slug}/favorite). */
export const objectAbove = (model: EndpointModel, asked: Asked, knowledge: Knowledge): Named | undefined => {
  for (const { template, segment, at } of idsAbove(model.template)) {
    const id = idIn(segment, asked.segments[at])
    if (id === undefined) continue
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

/**
 * What an object that nobody saw has by its number: what follows from it, and what the nearest known objects on both sides
 * have in common, since rows made together mostly belong together.
 */
export const byNumber = (named: Named, idField: string, asked: Asked, knowledge: Knowledge): Fields | undefined => {
  if (!/^\d{1,9}$/.test(named.id)) return undefined
  const row = knowledge.objects(asked.service, named.type).sight(asked.asker, idField, asked.at).row(Number(named.id))
  const below = neighbour(named, asked, knowledge, -1)
  const above = below === undefined ? undefined : neighbour(named, asked, knowledge, 1)
  if (below === undefined || above === undefined) return row
  const common = Object.entries(below).filter(([name, value]) => isScalar(value) && ownField(above, name) === value)
  return { ...Object.fromEntries(common), ...row }
}
