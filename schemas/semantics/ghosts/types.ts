/** Which collections a service has: learned from the endpoints, so that both sides derive them alike. */
import type { Asked } from './asked.ts'
import type { EndpointModel, Knowledge, Node, TypeModel } from './model.ts'
import { keyOf } from './model.ts'
import { collectionPath, objectAbove, typeOf } from './objects.ts'
import { idPointer } from './pointers.ts'
import { goodBody, nodeAt, rootIn } from './trees.ts'

/** The collection that an endpoint makes known, if it makes any. */
export const typeFrom = (model: EndpointModel): TypeModel | undefined => {
  if (model.method !== 'GET') return undefined
  const template = typeOf(model.template)
  if (template !== undefined)
    return model.idField === '' ? undefined : { template, idField: model.idField, root: model.root }
  const { list } = model
  return list === null || list.idField === '' || list.type !== model.template
    ? undefined
    : { template: model.template, idField: list.idField, root: '' }
}

/** Whether a POST only asks: it was answered by a list, and nothing is found below its path as what it made would be. */
export const isSearch = (model: EndpointModel, knowledge: Pick<Knowledge, 'type'>): boolean =>
  model.list !== null && knowledge.type(model.service, model.template) === undefined

export interface Types {
  note(model: EndpointModel): void
  forget(model: EndpointModel): void
  get(service: string, template: string): TypeModel | undefined
  all(service: string): Iterable<TypeModel>
  item(service: string, template: string): Node | undefined
}

const treeAt = (model: EndpointModel): Node | undefined => nodeAt(goodBody(model)?.tree ?? null, model.root)

/** What is known by a GET of one beats what is known by a list. */
export const openTypes = (): Types => {
  const services = new Map<string, Map<string, TypeModel>>()
  const items = new Map<string, EndpointModel>()
  const lists = new Map<string, EndpointModel>()
  const refresh = (service: string, template: string): void => {
    const types = services.get(service) ?? new Map<string, TypeModel>()
    services.set(service, types)
    const key = keyOf(service, template)
    const [item, list] = [items.get(key), lists.get(key)]
    const found = (item === undefined ? undefined : typeFrom(item)) ?? (list === undefined ? undefined : typeFrom(list))
    if (found === undefined) types.delete(template)
    else types.set(template, found)
  }
  const shelfOf = (model: EndpointModel) => {
    const template = typeOf(model.template)
    return { shelf: template === undefined ? lists : items, template: template ?? model.template }
  }
  return {
    note: (model) => {
      if (model.method !== 'GET') return
      const { shelf, template } = shelfOf(model)
      shelf.set(keyOf(model.service, template), model)
      refresh(model.service, template)
    },
    forget: (model) => {
      if (model.method !== 'GET') return
      const { shelf, template } = shelfOf(model)
      shelf.delete(keyOf(model.service, template))
      refresh(model.service, template)
    },
    get: (service, template) => services.get(service)?.get(template),
    all: (service) => services.get(service)?.values() ?? [],
    item: (service, template) => {
      const model = items.get(keyOf(service, template))
      return model === undefined ? undefined : treeAt(model)
    },
  }
}

interface Adding {
  readonly type: TypeModel
  readonly path: string
}

const lastName = (template: string): string => template.slice(template.lastIndexOf('/') + 1)

/** `POST /pets/3/visits` makes what `/visits` shows: a collection of the same name that stands by itself. */
const namesake = (model: EndpointModel, asked: Asked, knowledge: Knowledge): TypeModel | undefined => {
  for (const type of knowledge.types(asked.service))
    if (!type.template.includes('{') && lastName(type.template) === lastName(model.template)) return type
  return undefined
}

const FROM_PATH = /^s\d+$/

/** Whether the object above in the path is what answers show: by its id. */
const isOfAbove = (id: Node): boolean =>
  id.sources.some(({ from, pre, hits, misses }) => FROM_PATH.test(from) && pre === undefined && hits > 4 * misses)

/** What a POST below an object makes, where its answers show another id than that object's: no act on it, but a thing of its own. */
const addedBelow = (model: EndpointModel, asked: Asked, knowledge: Knowledge): Adding | undefined => {
  const above = objectAbove(model, asked, knowledge)
  const over = above === undefined ? undefined : knowledge.type(asked.service, above.template)
  if (over === undefined) return undefined
  const tree = goodBody(model)?.tree ?? null
  const root = rootIn(tree, over)
  const id = nodeAt(tree, `${root}${idPointer(over.idField)}`)
  if (id === undefined || isOfAbove(id)) return undefined
  const type = namesake(model, asked, knowledge)
  if (type !== undefined) return { type, path: type.template }
  return {
    type: { template: model.template, idField: over.idField, root },
    path: collectionPath(model.template, asked),
  }
}

/** The collection that a POST to a path adds to: the path's own, the one that a list at this path shows, or what its answers show. */
export const typeForPost = (model: EndpointModel, asked: Asked, knowledge: Knowledge): Adding | undefined => {
  const own = knowledge.type(asked.service, model.template)
  if (own !== undefined) return { type: own, path: collectionPath(model.template, asked) }
  const list = knowledge.sibling(asked.service, 'GET', asked.target)?.list
  const shown = list === null || list === undefined ? undefined : knowledge.type(asked.service, list.type)
  if (shown !== undefined && !shown.template.includes('{')) return { type: shown, path: shown.template }
  return list === null || list === undefined ? addedBelow(model, asked, knowledge) : undefined
}
