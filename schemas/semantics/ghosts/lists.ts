/**
 * Lists made from the objects that are known: filtered, sorted and paged as the parameters were seen to do. A parameter
 * whose effect is not known means that no list is made.
 */
import type { Asked } from './asked.ts'
import type { Collection, Knowledge, ListModel } from './model.ts'
import type { Compare, Entry, Sight } from './seen.ts'
import { compare, fieldNamed } from './compare.ts'
import { equalIn } from './conditions.ts'
import { fromBase64 } from './mint.ts'
import { fittingItem, freshItem, knownItem } from './item-texts.ts'
import type { Fits, Shown } from './item-texts.ts'
import { baseElsewhere, parametersElsewhere, roleAmong, roleOfNew } from './elsewhere.ts'
import type { Elsewhere } from './elsewhere.ts'
import { parametersIn } from './nested.ts'
import { collectionPath } from './objects.ts'
import { at, pointersOf, textOf } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { compareBy, isFilter, isUnlimited, passes, roleOf, sortOf } from './roles.ts'
import type { SortKey } from './roles.ts'
import { isPick, pick } from './picks.ts'
import { byId, entryOf, pageOf } from './sight.ts'

/** What the parameters of one request come to. */
export interface Plan {
  readonly filters: [string, string][]
  sort: readonly SortKey[]
  descending: boolean
  page: number
  /** Number of the first page. */
  readonly base: number
  offset: number
  limit: number
  after: string
  /** The fields that are shown, '' for all. */
  picked: string
  /** The request says how many. */
  limited: boolean
  paged: boolean
}

export interface Made {
  readonly items: readonly Fields[]
  /** Their JSON. */
  readonly text: string
  /** All that match, on every page. */
  readonly total: number
  readonly plan: Plan
}

/** The limit of a list that has none. */
export const MAX_LIST = 1000

const integer = (value: string): number => (/^\d{1,6}$/.test(value) ? Number(value) : -1)

const limitOf = (value: string): number => (isUnlimited(value) ? MAX_LIST : integer(value))

/** A condition that is an equation is looked up as one. */
const filterOf = (role: string, value: string): [string, string] => {
  const equal = role.startsWith('o:') ? equalIn(value) : undefined
  return equal === undefined ? [role, value] : [`f:${role.slice(2)}`, equal]
}

const take = (plan: Plan, role: string, value: string): boolean => {
  if (isFilter(role)) plan.filters.push(filterOf(role, value))
  else if (role === 'sort') plan.sort = sortOf(value)
  else if (role === 'order') plan.descending = /^desc/i.test(value)
  else if (role === 'after') plan.after = value
  else if (role === 'pick') {
    plan.picked = value === '*' ? '' : value
    return isPick(value)
  } else if (role === 'formal') return true
  else if (role === 'limit') {
    plan.limit = limitOf(value)
    plan.limited = true
  } else {
    plan.paged = true
    if (role === 'page') plan.page = integer(value)
    else plan.offset = integer(value)
  }
  return plan.page >= 0 && plan.offset >= 0 && plan.limit >= 0
}

/** What the body of a search says, by the last name of its place. */
const searched = ({ method, json, graph }: Asked): [string, string][] =>
  method !== 'POST' || graph !== undefined
    ? []
    : pointersOf(json, 2).flatMap(([pointer, value]): [string, string][] => {
        const text = textOf(value)
        return text === undefined ? [] : [[pointer.slice(pointer.lastIndexOf('/') + 1), text]]
      })

/** The parameters of a list request: its query or body, and the path's where the items are another collection's. */
export const listParameters = (list: ListModel, template: string, asked: Asked): [string, string][] => {
  const found = [
    ...parametersIn(asked.query).map(([name, value]): [string, string] => [name, value]),
    ...searched(asked),
  ]
  if (list.type === template || template.startsWith(`${list.type}/`)) return found
  template
    .split('/')
    .slice(1)
    .forEach((segment, i) => {
      if (segment.startsWith('{')) found.push([`s${i}`, asked.segments[i] ?? ''])
    })
  return found
}

const FULL = 2

/** What a request wants of a list; undefined when a parameter's effect is not known. */
export const planOf = (list: ListModel, template: string, asked: Asked, elsewhere: Elsewhere): Plan | undefined => {
  const plan: Plan = {
    filters: [],
    sort: [],
    descending: false,
    page: list.base ?? 1,
    base: list.base ?? 1,
    offset: 0,
    limit: MAX_LIST,
    after: '',
    picked: '',
    limited: false,
    paged: false,
  }
  for (const [name, value] of listParameters(list, template, asked)) {
    const parameter = list.parameters.find((p) => p.name === name)
    const role = parameter === undefined ? roleOfNew(name, value, elsewhere) : roleOf(parameter)
    if (role === undefined || !take(plan, role, value)) return undefined
  }
  const isPaging = list.parameters.some((p) => ['page', 'offset', 'after', 'limit'].includes(roleOf(p) ?? ''))
  if (!plan.limited && list.longest > 0 && list.full >= FULL && (isPaging || list.longest % 5 === 0))
    plan.limit = list.longest
  return plan
}

/** The order that answers keep by themselves: the field that fits nearly always, id for want of one. */
const usualOrder = (list: ListModel): { readonly field: string; readonly by: number } => {
  let best = { field: '', by: 1, kept: 0 }
  for (const [field, by, kept, broken] of list.order)
    if (kept > best.kept && kept >= 0.9 * (kept + broken)) best = { field, by, kept }
  return best
}

/** A row that nobody saw comes last in an order by a field that does not follow from its number. */
const isPlaced = ({ guessed, item }: Entry, { sort }: Plan): 0 | 1 =>
  guessed === true && sort.some(({ name }) => fieldNamed(item, name) === undefined) ? 0 : 1

/** The order that a request wants, and a name for it. */
const orderOf = (list: ListModel, plan: Plan): { readonly name: string; readonly compare: Compare } => {
  const usual = usualOrder(list)
  const byField =
    (field: string, sign: number): Compare =>
    (a, b) =>
      sign * compare(at(a.item, field), at(b.item, field))
  const bySort: Compare = (a, b) =>
    isPlaced(b, plan) - isPlaced(a, plan) || (plan.descending ? -1 : 1) * compareBy(plan.sort, a.item, b.item)
  const keys: Compare[] = [
    ...(plan.sort.length === 0 ? [] : [bySort]),
    ...(usual.field === '' || plan.sort.length > 0 ? [] : [byField(usual.field, usual.by)]),
    byId,
  ]
  const sign = plan.sort.length === 0 && plan.descending ? -1 : 1
  return {
    name: `${plan.sort.map(({ name, descending }) => `${name} ${descending}`).join()} ${plan.descending} ${usual.field} ${usual.by}`,
    compare: (a, b) => {
      for (const key of keys) {
        const by = key(a, b)
        if (by !== 0) return sign * by
      }
      return 0
    },
  }
}

export const matches = (plan: Plan, item: Fields): boolean =>
  plan.filters.every(([role, value]) => passes(role, value, item))

/** The collection of a list for a request: the parameters before the id belong to it. */
export const collectionOf = (list: ListModel, asked: Asked): string => collectionPath(list.type, asked)

/** The entries that pass the filters: by an index where a field equals something, otherwise by looking at all. */
const passing = (sight: Sight, plan: Plan, order: ReturnType<typeof orderOf>): readonly Entry[] => {
  const [first] = plan.filters
  if (first === undefined) return sight.inOrder(order.name, order.compare)
  const equals = plan.filters.find(([role]) => role.startsWith('f:'))
  if (equals === undefined) return sight.entries.filter(({ item }) => matches(plan, item)).sort(order.compare)
  const some = sight.having(equals[0].slice(2), equals[1], order)
  return plan.filters.length === 1 ? some : some.filter(({ item }) => matches(plan, item))
}

/** An offset as cursors have it inside. */
const OFFSET_IN = /\b(?:o|offset|skip|start)\W{1,3}(\d{1,6})\b/

/** Where a page begins; undefined where a cursor names nothing that is known. */
const startOf = (entries: readonly Entry[], plan: Plan): number | undefined => {
  if (plan.after === '') return startFrom(plan)
  const text = fromBase64(plan.after) ?? ''
  const names = new Set([plan.after, ...text.split(/[^\w-]+/)])
  const last = entries.findIndex(({ id }) => names.has(id))
  if (last >= 0) return last + 1
  const offset = OFFSET_IN.exec(text)?.[1]
  return offset === undefined ? undefined : Number(offset)
}

/** What the asker's own writes take out of the entries and put among them. */
const ownChanges = (collection: Collection, sight: Sight, plan: Plan, asker: string) => {
  const without: Entry[] = []
  const added: Entry[] = []
  for (const object of collection.changed()) {
    const before = sight.entry(object.id)
    if (before !== undefined && matches(plan, before.item)) without.push(before)
    const now = entryOf(object, asker)
    if (now !== undefined && matches(plan, now.item)) added.push(now)
  }
  return { without, added }
}

interface Known {
  readonly knowledge: Knowledge
  /** An item of which only something is known, with blanks for the rest. */
  readonly complete: (item: Fields) => Fields
  readonly fits: Fits
}

const shownOf = ({ item, guessed }: Entry, { picked }: Plan, { idField }: ListModel, known: Known): Shown => {
  if (guessed !== true && picked === '') return knownItem(item, known.fits)
  const whole = guessed === true ? known.complete(item) : item
  return freshItem(picked === '' ? fittingItem(whole, known.fits) : pick(whole, picked, idField))
}

const SAMPLE = 50

const isKnownQuery = (list: ListModel, asked: Asked): boolean =>
  asked.query.every(([name]) => list.parameters.some((parameter) => parameter.name === name))

/** The list for a request; undefined when it cannot be said what belongs in it. */
export const makeList = (list: ListModel, template: string, asked: Asked, known: Known): Made | undefined => {
  if (list.type === '') return undefined
  const collection = known.knowledge.objects(asked.service, collectionOf(list, asked))
  const sight = collection.sight(asked.asker, list.idField, asked.at)
  const mine = [...collection.changed()].flatMap((object) => entryOf(object, asked.asker) ?? [])
  if (sight.entries.length + mine.length === 0) return undefined
  const samples = (): Entry[] => [...sight.entries.slice(0, SAMPLE), ...mine.slice(0, SAMPLE)]
  const hasField = (field: string): boolean => samples().some(({ item }) => at(item, field) !== undefined)
  const others = isKnownQuery(list, asked) ? [] : parametersElsewhere(asked, known.knowledge)
  const elsewhere = { hasField, roleOf: roleAmong(others), known: [...list.parameters, ...others] }
  const plan = planOf(
    others.length === 0 ? list : { ...list, ...baseElsewhere(list, asked, known.knowledge) },
    template,
    asked,
    elsewhere,
  )
  if (plan === undefined) return undefined
  const order = orderOf(list, plan)
  const entries = passing(sight, plan, order)
  const { without, added } = ownChanges(collection, sight, plan, asked.asker)
  const start = startOf(entries, plan)
  if (start === undefined) return undefined
  const cut = { start, limit: plan.limit, compare: order.compare }
  const page = pageOf(entries, { without, added }, cut)
  const shown = page.map((entry) => shownOf(entry, plan, list, known))
  return {
    items: shown.map(({ item }) => item),
    text: `[${shown.map(({ text }) => text).join(',')}]`,
    total: entries.length - without.length + added.length,
    plan,
  }
}

/** How many items come before a page. */
export const startFrom = ({ offset, page, base, limit }: Pick<Plan, 'offset' | 'page' | 'base' | 'limit'>): number =>
  offset + Math.max(0, page - base) * limit

/** Whether a request wants the beginning. */
export const isFirst = (plan: Plan): boolean => plan.page <= plan.base && plan.offset === 0 && plan.after === ''
