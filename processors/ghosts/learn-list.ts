/**
 * Learns what the parameters of a list do, in which order its items come and what stands around them: everything starts
 * with all that its first answers allow, and loses what an answer contradicts.
 */
import type { EndpointModel, Json, Knowledge, ListModel, ParameterRole } from '../../schemas/semantics/ghosts/model.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import { compare } from '../../schemas/semantics/ghosts/compare.ts'
import { filterNamed } from '../../schemas/semantics/ghosts/elsewhere.ts'
import { countForm, inForm } from '../../schemas/semantics/ghosts/forms.ts'
import { isFromZero } from '../../schemas/semantics/ghosts/links.ts'
import { collectionOf, listParameters, planOf } from '../../schemas/semantics/ghosts/lists.ts'
import type { Plan } from '../../schemas/semantics/ghosts/lists.ts'
import { momentOf } from '../../schemas/semantics/ghosts/mint.ts'
import { parametersIn } from '../../schemas/semantics/ghosts/nested.ts'
import { collectionPath, objectKey } from '../../schemas/semantics/ghosts/objects.ts'
import { visibleView } from '../../schemas/semantics/ghosts/views.ts'
import {
  arrayIn,
  at,
  haveIds,
  idOf,
  isScalar,
  itemsAt,
  ownField,
  pointersOf,
} from '../../schemas/semantics/ghosts/pointers.ts'
import type { Fields } from '../../schemas/semantics/ghosts/pointers.ts'
import { guessIdField } from './learn-ids.ts'
import { learnAround } from './learn-around.ts'
import type { SeenList } from './learn-around.ts'
import {
  allows,
  candidates,
  fieldsOf,
  isFilter,
  pagingOf,
  passes,
  roleOf,
} from '../../schemas/semantics/ghosts/roles.ts'

const MAX_PARAMETERS = 16
const MAX_ROLES = 16
const MAX_ORDERS = 12
const MAX_SAMPLES = 3
/** Answers after which a list that no other collection explains is a collection of its own. */
const OWN_AFTER = 3

const MAX_ITEMS = 200

/** The items of an answer; undefined when it is no list. */
export const listIn = (json: Json | undefined): SeenList | undefined => {
  const pointer = arrayIn(json)
  const items = pointer === '!' ? undefined : itemsAt(json, pointer)
  return items === undefined ? undefined : { at: pointer, items: items.slice(0, MAX_ITEMS) }
}

const learnParameter = (parameter: ParameterRole, value: string, items: readonly Fields[]): void => {
  parameter.roles = parameter.roles.filter(([role]) => allows(role, value, items) !== false)
  for (const role of parameter.roles) if (allows(role[0], value, items) === true) role[1]++
}

const isNone = ([role]: readonly [string, number]): boolean => role === 'none'

/** Once may be chance: it is believed from the second time on. */
const countNone = ({ roles }: ParameterRole): void => {
  const none = roles.find(isNone)
  if (none === undefined) roles.push(['none', 0])
  else none[1]++
}

/** Known rows that are looked at, to tell whether a filter should have found one. */
const LOOKED_AT = 500

const hasPassing = (list: ListModel, [role, value]: readonly [string, string], { asked, knowledge }: With): boolean => {
  let left = LOOKED_AT
  for (const object of knowledge.objects(asked.service, collectionOf(list, asked)).values()) {
    const view = visibleView(object, asked.asker)
    if (view !== undefined && passes(role, value, view.value)) return true
    if (--left === 0) return false
  }
  return false
}

/** A filter that finds nothing where known rows are as it says: servers that compare texts with numbers do that. */
const learnNothing = (list: ListModel, template: string, with_: With): void => {
  const [pair, ...others] = listParameters(list, template, with_.asked)
  if (pair === undefined || others.length > 0 || list.type === '') return
  const [name, value] = pair
  const known = list.parameters.find((parameter) => parameter.name === name)
  const roles = known?.roles.filter((role) => !isNone(role)) ?? []
  const role = roleOf({ name, roles }) ?? filterNamed(name)
  if (!isFilter(role) || !hasPassing(list, [role, value], with_)) return
  if (known !== undefined) countNone(known)
  else if (list.parameters.length < MAX_PARAMETERS) list.parameters.push({ name, roles: [['none', 0]] })
}

const parameterOf = (list: ListModel, name: string, value: string, items: readonly Fields[]): void => {
  const known = list.parameters.find((parameter) => parameter.name === name)
  const isNew = known === undefined || (items.length > 0 && known.roles.length > 0 && known.roles.every(isNone))
  if (!isNew) return learnParameter(known, value, items)
  if (items.length === 0 || list.parameters.length >= MAX_PARAMETERS) return
  if (known !== undefined) list.parameters = list.parameters.filter((parameter) => parameter !== known)
  const roles = candidates(name, value, items).slice(0, MAX_ROLES)
  list.parameters.push({ name, roles: roles.map((role) => [role, allows(role, value, items) === true ? 1 : 0]) })
}

/** Share of common scalars in which an item must agree with a known object to be the same one. */
const AGREEMENT = 0.7

const agrees = (item: Fields, known: Fields): boolean | undefined => {
  const shared = Object.entries(item).filter(([name, v]) => isScalar(v) && isScalar(ownField(known, name)))
  if (shared.length < 2) return undefined
  return shared.filter(([name, v]) => ownField(known, name) === v).length >= AGREEMENT * shared.length
}

/** A collection that the path of a list names: one without parameters, or one that the list lies under. */
const isReachable = (collection: string, template: string): boolean =>
  !collection.includes('{') || template.startsWith(`${collection}/`)

/** Whether the items are known objects of another collection. */
const learnCandidates = (list: ListModel, model: EndpointModel, items: readonly Fields[], with_: With): void => {
  const { asked, knowledge } = with_
  for (const type of knowledge.types(asked.service)) {
    if (type.template === model.template || !isReachable(type.template, model.template)) continue
    const path = collectionPath(type.template, asked)
    for (const item of items.slice(0, MAX_SAMPLES)) {
      const id = idOf(item, type.idField)
      const object = id === undefined ? undefined : knowledge.object(objectKey(asked.service, path, id))
      const view = object === undefined ? undefined : visibleView(object, asked.asker)
      const same = view === undefined ? undefined : agrees(item, view.value)
      if (same === undefined) continue
      let known = list.candidates.find(([template]) => template === type.template)
      if (known === undefined) list.candidates.push((known = [type.template, 0, 0]))
      known[same ? 1 : 2]++
    }
  }
}

/** Agreeing objects that a foreign collection needs. */
const FOREIGN = 3

const decideType = (list: ListModel, model: EndpointModel, hasItems: boolean): void => {
  if (hasItems) return void (list.type = model.template)
  const best = list.candidates.find(([, hits, misses]) => hits >= FOREIGN && hits >= 0.8 * (hits + misses))
  if (best !== undefined) list.type = best[0]
  else if (list.type === '' && list.seen >= (model.template.includes('{') ? OWN_AFTER : 1)) list.type = model.template
}

/** Whether items keep an order: undefined where they are all equal in it. */
const keepsOrder = (items: readonly Fields[], field: string, by: number): boolean | undefined => {
  let strict = false
  for (let i = 1; i < items.length; i++) {
    const step = by * compare(at(items[i - 1], field), at(items[i], field))
    if (step > 0) return false
    strict ||= step < 0
  }
  return strict ? true : undefined
}

/** Rows mostly come by number or by time: of orders that fit as well, the first one counts. */
const rankOf = (value: Json): number => (typeof value === 'number' ? 0 : momentOf(value) === undefined ? 2 : 1)
const likelier = ([, a]: readonly [string, Json], [, b]: readonly [string, Json]): number => rankOf(a) - rankOf(b)

const learnOrder = (list: ListModel, items: readonly Fields[]): void => {
  const [first] = items
  if (first === undefined || items.length < 2) return
  if (list.order.length === 0 && list.seen <= OWN_AFTER)
    for (const [field, value] of fieldsOf(first).sort(likelier).slice(0, MAX_ORDERS))
      if (isScalar(value)) list.order.push([field, 1, 0, 0], [field, -1, 0, 0])
  for (const order of list.order) {
    const kept = keepsOrder(items, order[0], order[1])
    if (kept !== undefined) order[kept ? 2 : 3]++
  }
  if (list.seen > OWN_AFTER) list.order = list.order.filter(([, , kept, broken]) => kept >= broken)
}

const LINKS = 3

/** A page 0 with items is the first one, and so is one that links lead to: what stands around the items is learned anew. */
const learnBase = (list: ListModel, asked: Asked, seen: SeenList, json: Json | undefined): void => {
  if (list.base === 0 || seen.items.length === 0) return
  const isAsked = asked.query.some(([name, value]) => value === '0' && pagingOf(name) === 'page')
  if (!isAsked && !(seen.at !== '' && pointersOf(json, LINKS).some(([, value]) => isFromZero(value, asked)))) return
  list.base = 0
  list.around = []
  list.links = []
}

const isSorted = (list: ListModel, asked: Asked): boolean =>
  parametersIn(asked.query).some(([name]) => {
    const role = list.parameters.find((p) => p.name === name)
    return role !== undefined && ['sort', 'order'].includes(roleOf(role) ?? '')
  })

const learnLength = (list: Pick<ListModel, 'longest' | 'full'>, plan: Plan | undefined, length: number): void => {
  if (plan?.limited === true) return
  if (length > list.longest) {
    list.longest = length
    list.full = 1
  } else if (length === list.longest && length > 0) list.full++
}

interface With {
  readonly asked: Asked
  readonly knowledge: Knowledge
}

const emptyList = (pointer: string): ListModel => ({
  at: pointer,
  type: '',
  candidates: [],
  idField: '',
  seen: 0,
  longest: 0,
  full: 0,
  parameters: [],
  order: [],
  around: [],
  totals: [],
})

/** A list that came bare may come in an envelope too, and the other way round. */
const isSecond = (list: ListModel, seen: SeenList): boolean =>
  list.idField !== '' && (list.at === '') !== (seen.at === '') && haveIds(seen.items)

/** What was taken for the items gives way to what has ids. */
const openList = (model: EndpointModel, seen: SeenList): ListModel => {
  const { list } = model
  if (list !== null && isSecond(list, seen)) return list
  const isWeak = list === null || list.longest === 0 || (list.idField === '' && haveIds(seen.items))
  if (isWeak && list?.at !== seen.at) model.list = emptyList(seen.at)
  return model.list as ListModel
}

/** Whether an answer has one of the forms that a list is known to come in. */
export const hasForm = (list: ListModel, seen: SeenList): boolean => seen.at === list.at || seen.at === list.other?.at

/** Counts in which form an answer came; of what was asked before there was a second one it was the first. */
const learnForm = (list: ListModel, seen: SeenList, asked: Asked): void => {
  if (list.other === undefined && isSecond(list, seen))
    list.other = { at: seen.at, longest: 0, full: 0, sets: list.parameters.map(({ name }) => [name, -1]) }
  if (hasForm(list, seen)) countForm(list, asked, seen.at !== list.at)
}

const learnId = (list: ListModel, items: readonly Fields[], own: string | undefined, asked: Asked): void => {
  const isOwn = own !== undefined && items.some((item) => idOf(item, own) !== undefined)
  if (isOwn) list.idField = own
  else if (list.idField === '') list.idField = guessIdField(items, asked)
}

/** Learns one answer of a list. */
export const learnList = (model: EndpointModel, seen: SeenList, json: Json | undefined, with_: With): void => {
  const { asked, knowledge } = with_
  const list = openList(model, seen)
  learnForm(list, seen, asked)
  if (!hasForm(list, seen)) return
  list.seen++
  const item = itemType(model, knowledge)
  learnId(list, seen.items, item, asked)
  learnCandidates(list, model, seen.items, with_)
  decideType(list, model, item !== undefined)
  for (const [name, value] of listParameters(list, model.template, asked)) parameterOf(list, name, value, seen.items)
  if (seen.items.length === 0) learnNothing(list, model.template, with_)
  learnBase(list, asked, seen, json)
  if (!isSorted(list, asked)) learnOrder(list, seen.items)
  const plan = planOf(inForm(list, asked), model.template, asked, { hasField: () => false })
  learnLength(seen.at === list.at ? list : (list.other ?? list), plan, seen.items.length)
  if (plan !== undefined) learnAround(list, { json, seen, plan }, asked)
}

/** The id field of the list's own collection as GETs of one show it. */
const itemType = (model: EndpointModel, knowledge: Knowledge): string | undefined => {
  const type = knowledge.type(model.service, model.template)
  return type !== undefined && knowledge.item(model.service, model.template) !== undefined ? type.idField : undefined
}
