/**
 * Lists made from the objects that are known: filtered, sorted and paged as the parameters were seen to do. A parameter
 * whose effect is not known means that no list is made.
 */
import type { Asked } from './asked.ts'
import type { BodyModel, Json, Knowledge, ListModel, ParameterRole } from './model.ts'
import { visibleView } from './objects.ts'
import { renderBody } from './render.ts'

type Fields = { readonly [key: string]: Json }

/** What the parameters of one request come to. */
interface Plan {
  readonly filters: [string, string][]
  sort: string
  descending: boolean
  page: number
  offset: number
  limit: number
}

const MAX_LIST = 200

/** The best role that is left: what filters beats what only fits. */
export const roleOf = (parameter: ParameterRole): string | undefined => {
  let best: string | undefined
  let most = 0
  for (const [role, count] of parameter.roles)
    if (count > most) {
      best = role
      most = count
    }
  return best
}

const integer = (value: string): number => (/^\d{1,6}$/.test(value) ? Number(value) : -1)

const take = (plan: Plan, role: string, value: string): boolean => {
  if (role.startsWith('f:')) plan.filters.push([role.slice(2), value])
  else if (role === 'sort') {
    plan.descending ||= value.startsWith('-')
    plan.sort = value.replace(/^[+-]/, '')
  } else if (role === 'order') plan.descending = value.toLowerCase() === 'desc'
  else if (role === 'page') plan.page = integer(value)
  else if (role === 'offset') plan.offset = integer(value)
  else plan.limit = integer(value)
  return plan.page >= 0 && plan.offset >= 0 && plan.limit >= 0
}

const planOf = (list: ListModel, asked: Asked, fields: ReadonlySet<string>): Plan | undefined => {
  const plan: Plan = { filters: [], sort: '', descending: false, page: 1, offset: 0, limit: MAX_LIST }
  for (const [name, value] of asked.query) {
    const parameter = list.parameters.find((p) => p.name === name)
    const role = parameter === undefined ? (fields.has(name) ? `f:${name}` : undefined) : roleOf(parameter)
    if (role === undefined || !take(plan, role, value)) return undefined
  }
  const pages = asked.query.some(([name]) => list.parameters.some((p) => p.name === name && roleOf(p) === 'page'))
  if (plan.limit === MAX_LIST && (pages || list.longest < MAX_LIST))
    plan.limit = Math.max(1, pages ? list.longest : MAX_LIST)
  return plan
}

const textOf = (value: Json | undefined): string | undefined =>
  value === undefined || (typeof value === 'object' && value !== null) ? undefined : String(value)

const compare = (a: Json | undefined, b: Json | undefined): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [x, y] = [textOf(a) ?? '', textOf(b) ?? '']
  return x < y ? -1 : x > y ? 1 : 0
}

const own = (item: Fields, name: string): Json | undefined => (Object.hasOwn(item, name) ? item[name] : undefined)

interface Entry {
  readonly id: string
  readonly item: Fields
}

const byId = (a: Entry, b: Entry): number => {
  const [x, y] = [Number(a.id), Number(b.id)]
  return Number.isNaN(x) || Number.isNaN(y) ? (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) : x - y
}

const select = (entries: Entry[], plan: Plan): Fields[] => {
  const kept = entries.filter(({ item }) => plan.filters.every(([name, value]) => textOf(own(item, name)) === value))
  kept.sort(byId)
  if (plan.sort !== '') kept.sort((a, b) => compare(own(a.item, plan.sort), own(b.item, plan.sort)))
  if (plan.descending) kept.reverse()
  const start = plan.offset + Math.max(0, plan.page - 1) * plan.limit
  return kept.slice(start, start + plan.limit).map(({ item }) => item)
}

/** JSON text of a list for a request; undefined when it cannot be said what belongs in it. */
export const renderList = (
  list: ListModel,
  body: BodyModel,
  asked: Asked,
  knowledge: Knowledge,
): string | undefined => {
  const type = list.type.includes('{') ? '/' + asked.segments.join('/') : list.type
  const entries: Entry[] = []
  const fields = new Set<string>()
  for (const object of knowledge.objects(asked.service, type)) {
    const view = visibleView(object, asked.asker)
    if (view === undefined) continue
    for (const name of Object.keys(view.value)) fields.add(name)
    entries.push({ id: object.id, item: view.value })
  }
  const plan = entries.length === 0 ? undefined : planOf(list, asked, fields)
  if (plan === undefined) return undefined
  const items = select(entries, plan)
  if (list.field === '') return JSON.stringify(items)
  return body.tree === null ? undefined : renderBody(body.tree, asked, { [list.field]: items }).text
}
