/** Which collections a service has: learned from the endpoints, so that both sides derive them alike. */
import type { Asked } from './asked.ts'
import type { EndpointModel, Knowledge, Node, TypeModel } from './model.ts'
import { keyOf } from './model.ts'
import { collectionPath, typeOf } from './objects.ts'

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

export interface Types {
  note(model: EndpointModel): void
  forget(model: EndpointModel): void
  get(service: string, template: string): TypeModel | undefined
  all(service: string): Iterable<TypeModel>
  item(service: string, template: string): Node | undefined
}

const treeAt = (model: EndpointModel): Node | undefined => {
  const good = Object.entries(model.bodies).filter(([status]) => Number(status) < 300)
  const [best] = good.sort((a, b) => b[1].seen - a[1].seen)
  let node = best?.[1].tree ?? undefined
  for (const name of model.root.split('/').slice(1)) node = node?.kids.find(([kid]) => kid === name)?.[1]
  return node
}

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

/** The collection that a POST to a path adds to: the path's own, or the one that a list at this path shows. */
export const typeForPost = (
  model: EndpointModel,
  asked: Asked,
  knowledge: Knowledge,
): { readonly type: TypeModel; readonly path: string } | undefined => {
  const own = knowledge.type(asked.service, model.template)
  if (own !== undefined) return { type: own, path: collectionPath(model.template, asked) }
  const list = knowledge.sibling(asked.service, 'GET', asked.target)?.list
  const shown = list === null || list === undefined ? undefined : knowledge.type(asked.service, list.type)
  return shown === undefined || shown.template.includes('{') ? undefined : { type: shown, path: shown.template }
}
