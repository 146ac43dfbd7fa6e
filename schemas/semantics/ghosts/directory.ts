/** The endpoints of all services: by path and method, by role, and the collections they make known. */
import { openTemplates, splitOperation } from '../templates.ts'
import type { TemplateMatcher } from '../templates.ts'
import type { EndpointModel, Knowledge } from './model.ts'
import { keyOf } from './model.ts'
import { typeOf } from './objects.ts'
import { goodStatus } from './place.ts'
import { openTypes } from './types.ts'

export type Found = Pick<Knowledge, 'type' | 'types' | 'item' | 'sibling' | 'alike'>

export interface Directory extends Found {
  /** Adds an endpoint, or what was learned of it since. */
  note(model: EndpointModel): void
  forget(model: EndpointModel): void
  /** Whether one path has endpoints by operation. */
  hasOperations(service: string, path: string): boolean
  clear(): void
}

const roleKey = (model: EndpointModel): string =>
  keyOf(model.service, model.method, typeOf(model.template) === undefined ? 'collection' : 'item')

/** What of a model its collection follows from. */
type Noted = readonly [idField: string, root: string, listId: string | undefined, listType: string | undefined]

const isNoted = (noted: Noted | undefined, { idField, root, list }: EndpointModel): boolean =>
  noted !== undefined &&
  noted[0] === idField &&
  noted[1] === root &&
  noted[2] === list?.idField &&
  noted[3] === list?.type

const isOfType = (model: EndpointModel, types: Found): boolean =>
  types.type(model.service, typeOf(model.template) ?? model.template) !== undefined

/** An empty directory. */
export const openDirectory = (): Directory => {
  let types = openTypes()
  const matchers = new Map<string, TemplateMatcher<EndpointModel>>()
  const roles = new Map<string, Map<string, EndpointModel>>()
  const operations = new Set<string>()
  let noted = new WeakMap<EndpointModel, Noted>()
  const found: Found = {
    type: (service, template) => types.get(service, template),
    types: (service) => types.all(service),
    item: (service, template) => types.item(service, template),
    sibling: (service, method, target, operation) =>
      matchers.get(service)?.match(method, target, operation === undefined ? undefined : () => operation)?.endpoint,
    alike: (service, method, role) => {
      let best: EndpointModel | undefined
      for (const model of roles.get(keyOf(service, method, role))?.values() ?? []) {
        if (goodStatus(model) === undefined || !isOfType(model, found)) continue
        if (best === undefined || model.count > best.count) best = model
      }
      return best
    },
  }
  return {
    ...found,
    hasOperations: (service, path) => operations.has(keyOf(service, path)),
    note: (model) => {
      const [path, operation] = splitOperation(model.template)
      if (operation !== '') operations.add(keyOf(model.service, path))
      if (isNoted(noted.get(model), model)) return
      noted.set(model, [model.idField, model.root, model.list?.idField, model.list?.type])
      types.note(model)
      const role = roles.get(roleKey(model)) ?? new Map<string, EndpointModel>()
      roles.set(roleKey(model), role)
      if (role.get(model.id) === model) return
      role.set(model.id, model)
      const matcher = matchers.get(model.service) ?? openTemplates<EndpointModel>()
      matchers.set(model.service, matcher)
      matcher.set(model)
    },
    forget: (model) => {
      noted.delete(model)
      types.forget(model)
      roles.get(roleKey(model))?.delete(model.id)
      matchers.get(model.service)?.delete(model)
    },
    clear: () => {
      types = openTypes()
      noted = new WeakMap()
      matchers.clear()
      roles.clear()
      operations.clear()
    },
  }
}
