/**
 * Learns what the parameters of a list do: each starts with every role that its first answers allow, and loses those that
 * an answer contradicts. Only paging goes by names too, since one page looks like any other.
 */
import type { EndpointModel, Json, ListModel, ParameterRole } from '../../schemas/semantics/ghosts/model.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import type { Fields } from './learn-objects.ts'

const MAX_PARAMETERS = 16
const MAX_ROLES = 12
const PAGE = /^_?(page|page_?(no|num|number|index)?|p)$/i
const OFFSET = /^_?(offset|skip|start|from)$/i
const LIMIT = /^_?(limit|size|page_?size|per_?page|count|take|top|first|max|n)$/i
const ORDER = /^(asc|desc)$/i
const INTEGER = /^\d{1,6}$/

export interface SeenList {
  readonly field: string
  readonly items: readonly Fields[]
}

const textOf = (item: Fields, name: string): string | undefined => {
  const value: Json | undefined = Object.hasOwn(item, name) ? item[name] : undefined
  return value === undefined || (typeof value === 'object' && value !== null) ? undefined : String(value)
}

/** Whether an answer allows a role: undefined when it says nothing. */
const allows = (role: string, value: string, items: readonly Fields[]): boolean | undefined => {
  if (role.startsWith('f:'))
    return items.length === 0 ? undefined : items.every((i) => textOf(i, role.slice(2)) === value)
  const [first] = items
  switch (role) {
    case 'sort':
      return first === undefined ? undefined : Object.hasOwn(first, value.replace(/^[+-]/, ''))
    case 'order':
      return ORDER.test(value)
    case 'limit':
      return INTEGER.test(value) && items.length <= Number(value)
    default:
      return INTEGER.test(value)
  }
}

const candidates = (name: string, value: string, items: readonly Fields[]): string[] => {
  const roles = Object.keys(items[0] ?? {}).map((field) => `f:${field}`)
  const paging = [PAGE.test(name) ? 'page' : '', OFFSET.test(name) ? 'offset' : '', LIMIT.test(name) ? 'limit' : '']
  const ordering = ORDER.test(value) ? ['order'] : ['sort']
  return [...roles, ...ordering, ...paging].filter((role) => role !== '' && allows(role, value, items) === true)
}

const learnParameter = (parameter: ParameterRole, value: string, items: readonly Fields[]): void => {
  parameter.roles = parameter.roles.filter(([role]) => allows(role, value, items) !== false)
  for (const role of parameter.roles) if (allows(role[0], value, items) === true) role[1]++
}

const parameterOf = (list: ListModel, name: string, value: string, items: readonly Fields[]): void => {
  const known = list.parameters.find((parameter) => parameter.name === name)
  if (known !== undefined && known.roles.length > 0) return learnParameter(known, value, items)
  if (known !== undefined || items.length === 0 || list.parameters.length >= MAX_PARAMETERS) return
  const roles = candidates(name, value, items).slice(0, MAX_ROLES)
  list.parameters.push({ name, roles: roles.map((role) => [role, 1]) })
}

/** Learns one answer of a list. */
export const learnList = (model: EndpointModel, seen: SeenList, asked: Asked): void => {
  model.list ??= { field: seen.field, type: model.template, seen: 0, longest: 0, parameters: [] }
  const { list } = model
  if (list.field !== seen.field) return
  list.seen++
  list.longest = Math.max(list.longest, seen.items.length)
  for (const [name, value] of asked.query) parameterOf(list, name, value, seen.items)
}
