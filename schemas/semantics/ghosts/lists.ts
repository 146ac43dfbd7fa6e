/**
 * Lists made from the objects that are known: filtered, sorted and paged as the parameters were seen to do. A parameter
 * whose effect is not known means that no list is made.
 */
import type { Asked } from './asked.ts'
import type { Json, Knowledge, ListModel } from './model.ts'
import { objectKey, visibleView } from './objects.ts'
import { at, isScalar, ownField } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { compare, isFilter, passes, roleOf, sortOf } from './roles.ts'
import { keyOf } from './model.ts'

/** What the parameters of one request come to. */
export interface Plan {
  readonly filters: [string, string][]
  sort: string
  descending: boolean
  page: number
  offset: number
  limit: number
  after: string
  /** The request says how many. */
  limited: boolean
  paged: boolean
}

export interface Made {
  readonly items: readonly Fields[]
  /** All that match, on every page. */
  readonly total: number
  readonly plan: Plan
}

const MAX_LIST = 1000

const integer = (value: string): number => (/^\d{1,6}$/.test(value) ? Number(value) : -1)

const take = (plan: Plan, role: string, value: string): boolean => {
  if (isFilter(role)) plan.filters.push([role, value])
  else if (role === 'sort') {
    const { name, descending } = sortOf(value)
    plan.sort = `/${name}`
    plan.descending ||= descending
  } else if (role === 'order') plan.descending = /^desc/i.test(value)
  else if (role === 'after') plan.after = value
  else if (role === 'limit') {
    plan.limit = integer(value)
    plan.limited = true
  } else {
    plan.paged = true
    if (role === 'page') plan.page = integer(value)
    else plan.offset = integer(value)
  }
  return plan.page >= 0 && plan.offset >= 0 && plan.limit >= 0
}

/** The parameters of a list request: its query, and the path's where the items are another collection's. */
export const listParameters = (list: ListModel, template: string, asked: Asked): [string, string][] => {
  const found = asked.query.map(([name, value]): [string, string] => [name, value])
  if (list.type === template) return found
  template
    .split('/')
    .slice(1)
    .forEach((segment, i) => {
      if (segment.startsWith('{')) found.push([`s${i}`, asked.segments[i] ?? ''])
    })
  return found
}

const FULL = 2

/** What a request wants of a list; undefined when a parameter's effect is not known. `fields`: of the items. */
export const planOf = (
  list: ListModel,
  template: string,
  asked: Asked,
  hasField: (pointer: string) => boolean,
): Plan | undefined => {
  const plan: Plan = {
    filters: [],
    sort: '',
    descending: false,
    page: 1,
    offset: 0,
    limit: MAX_LIST,
    after: '',
    limited: false,
    paged: false,
  }
  for (const [name, value] of listParameters(list, template, asked)) {
    const parameter = list.parameters.find((p) => p.name === name)
    const role = parameter === undefined ? (hasField(`/${name}`) ? `f:/${name}` : undefined) : roleOf(parameter)
    if (role === undefined || !take(plan, role, value)) return undefined
  }
  const isPaging = list.parameters.some((p) => ['page', 'offset', 'after', 'limit'].includes(roleOf(p) ?? ''))
  if (!plan.limited && list.longest > 0 && list.full >= FULL && (isPaging || list.longest % 5 === 0))
    plan.limit = list.longest
  return plan
}

interface Entry {
  readonly id: string
  readonly born: number
  /** Nobody saw it yet. */
  readonly guessed?: boolean
  readonly item: Fields
}

const byId = (a: Entry, b: Entry): number => {
  const [x, y] = [Number(a.id), Number(b.id)]
  return Number.isNaN(x) || Number.isNaN(y) ? a.born - b.born : x - y
}

/** The order that answers keep by themselves: the field that fits nearly always, id for want of one. */
const usualOrder = (list: ListModel): { readonly field: string; readonly by: number } => {
  let best = { field: '', by: 1, kept: 0 }
  for (const [field, by, kept, broken] of list.order)
    if (kept > best.kept && kept >= 0.9 * (kept + broken)) best = { field, by, kept }
  return best
}

const sorted = (entries: Entry[], list: ListModel, plan: Plan): Entry[] => {
  const usual = usualOrder(list)
  entries.sort(byId)
  if (usual.field !== '') entries.sort((a, b) => usual.by * compare(at(a.item, usual.field), at(b.item, usual.field)))
  if (plan.sort === '') return plan.descending ? entries.reverse() : entries
  const sign = plan.descending ? -1 : 1
  return entries.sort((a, b) => sign * compare(at(a.item, plan.sort), at(b.item, plan.sort)))
}

const startOf = (entries: readonly Entry[], plan: Plan): number => {
  if (plan.after === '') return plan.offset + Math.max(0, plan.page - 1) * plan.limit
  return entries.findIndex(({ id }) => id === plan.after) + 1
}

export const matches = (plan: Plan, item: Fields): boolean =>
  plan.filters.every(([role, value]) => passes(role, value, item))

/** The collection of a list for a request: the parameters before the id belong to it. */
export const collectionOf = (list: ListModel, asked: Asked): string =>
  list.type.includes('{') ? '/' + asked.segments.join('/') : list.type

/** Numbered rows: how many of the numbers must be known, and how wide a gap may be, to say what stands in it. */
const DENSE = 0.2
const LEAST = 10
const WIDEST = 32

const common = (a: Fields, b: Fields): Fields =>
  Object.fromEntries(Object.entries(a).filter(([name, value]) => isScalar(value) && ownField(b, name) === value))

/**
 * Rows that nobody asked for yet, between known ones: where numbers are given one after the other, most of those between
 * are there too (a GET of one would say so), and have in common what their neighbours have.
 */
const between = (entries: readonly Entry[], idField: string, isGone: (id: string) => boolean): Entry[] => {
  const numbered = entries.filter(({ id }) => /^\d{1,9}$/.test(id)).sort(byId)
  const [first, last] = [numbered[0], numbered[numbered.length - 1]]
  if (first === undefined || last === undefined || numbered.length < LEAST) return []
  if (typeof ownField(first.item, idField) !== 'number') return []
  if (numbered.length < DENSE * (Number(last.id) - Number(first.id) + 1)) return []
  const found: Entry[] = []
  for (let i = 1; i < numbered.length; i++) {
    const [a, b] = [numbered[i - 1] as Entry, numbered[i] as Entry]
    if (Number(b.id) - Number(a.id) > WIDEST) continue
    for (let id = Number(a.id) + 1; id < Number(b.id); id++)
      if (!isGone(String(id)))
        found.push({ id: String(id), born: b.born, item: { ...common(a.item, b.item), [idField]: id }, guessed: true })
  }
  return found
}

/** The list for a request; undefined when it cannot be said what belongs in it. */
export const makeList = (
  list: ListModel,
  template: string,
  asked: Asked,
  { knowledge, complete }: { readonly knowledge: Knowledge; readonly complete: (item: Fields) => Fields },
): Made | undefined => {
  if (list.type === '') return undefined
  const entries: Entry[] = []
  const type = collectionOf(list, asked)
  for (const object of knowledge.objects(asked.service, type).values()) {
    const view = visibleView(object, asked.asker)
    if (view !== undefined) entries.push({ id: object.id, born: object.born, item: view.value })
  }
  if (entries.length === 0) return undefined
  const isGone = (id: string): boolean => (knowledge.object(objectKey(asked.service, type, id))?.gone ?? 0) > 0
  entries.push(...between(entries, list.idField, isGone))
  const plan = planOf(list, template, asked, (field) => entries.some(({ item }) => at(item, field) !== undefined))
  if (plan === undefined) return undefined
  const kept = sorted(
    entries.filter(({ item }) => matches(plan, item)),
    list,
    plan,
  )
  const start = startOf(kept, plan)
  const page = kept.slice(start, start + plan.limit)
  return {
    items: page.map(({ item, guessed }) => (guessed === true ? complete(item) : item)),
    total: kept.length,
    plan,
  }
}

/** Totals are told apart by who asks and by the filters. */
export const totalKey = (plan: Plan, asker: string): string =>
  keyOf(asker, ...plan.filters.flatMap(([role, value]) => [role, value]).slice(0, 16))

interface Page {
  readonly count: number
  readonly total: number
  readonly plan: Plan
  readonly last: Json | undefined
}

/** Scalars around the items, by what they may be. Undefined: this page says nothing. */
export const AROUND: Readonly<Record<string, (page: Page) => Json | undefined>> = {
  count: ({ count }) => count,
  limit: ({ plan }) => (plan.limit < MAX_LIST ? plan.limit : undefined),
  page: ({ plan }) => plan.page,
  offset: ({ plan }) => plan.offset + (plan.paged && plan.page > 1 ? (plan.page - 1) * plan.limit : 0),
  pages: ({ plan, total }) => Math.ceil(total / plan.limit),
  total: ({ total }) => total,
  more: ({ plan, total, count }) => startFrom(plan) + count < total,
  next: ({ plan, total, count }) => (startFrom(plan) + count < total ? plan.page + 1 : null),
  previous: ({ plan }) => (plan.page > 1 ? plan.page - 1 : null),
  last: ({ last, plan, total, count }) => (last !== undefined && startFrom(plan) + count < total ? last : null),
}

const startFrom = (plan: Plan): number => plan.offset + Math.max(0, plan.page - 1) * plan.limit

/** What stands around the items of a made list, by pointer. */
export const aroundOf = (list: ListModel, made: Made, asker: string): Map<string, Json> => {
  const told = list.totals.find(([key]) => key === totalKey(made.plan, asker))?.[1]
  const page: Page = {
    count: made.items.length,
    total: Math.max(made.total, told ?? 0),
    plan: made.plan,
    last: ownField(made.items[made.items.length - 1], list.idField),
  }
  const found = new Map<string, Json>()
  for (const [pointer, roles] of list.around) {
    const best = roles.reduce<[string, number] | undefined>(
      (a, b) => (a !== undefined && a[1] >= b[1] ? a : b),
      undefined,
    )
    const value = best === undefined ? undefined : AROUND[best[0]]?.(page)
    if (value !== undefined) found.set(pointer, value)
  }
  return found
}
