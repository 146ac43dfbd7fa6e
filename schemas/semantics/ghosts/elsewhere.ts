/** What a parameter does that its list never had: as in other lists of the service, by its name, or by a field of that name. */
import type { Asked } from './asked.ts'
import { operatorOf } from './condition-forms.ts'
import type { Operator } from './condition-forms.ts'
import { isOperation } from './conditions.ts'
import type { Knowledge, ListModel, ParameterRole } from './model.ts'
import { roleByName, roleOf } from './roles.ts'

export interface Elsewhere {
  readonly hasField: (pointer: string) => boolean
  readonly roleOf?: (name: string) => string | undefined
  /** Parameters of this list and of the service's other lists. */
  readonly known?: readonly ParameterRole[]
}

const EVERYWHERE = new Set(['sort', 'order', 'limit', 'page', 'offset', 'pick', 'formal'])

const listsElsewhere = (asked: Asked, knowledge: Knowledge): ListModel[] =>
  [...knowledge.types(asked.service)].flatMap(({ template }) =>
    template.includes('{') ? [] : (knowledge.sibling(asked.service, 'GET', template)?.list ?? []),
  )

export const parametersElsewhere = (asked: Asked, knowledge: Knowledge): ParameterRole[] =>
  listsElsewhere(asked, knowledge).flatMap(({ parameters }) => parameters)

/** Pages count from 0 where they do in another list of the service. */
export const baseElsewhere = (
  list: ListModel,
  asked: Asked,
  knowledge: Knowledge,
): Pick<ListModel, 'base'> | undefined =>
  list.base === undefined && listsElsewhere(asked, knowledge).some(({ base }) => base === 0) ? { base: 0 } : undefined

/** What parameters do in the other lists of a service; filters are each list's own. */
export const roleAmong =
  (known: readonly ParameterRole[]) =>
  (name: string): string | undefined =>
    known
      .filter((parameter) => parameter.name === name)
      .map((parameter) => roleOf(parameter))
      .find((role) => role !== undefined && EVERYWHERE.has(role))

/** `filter[status]`, `filters[status][$eq]`, `filter[where][status]`, `status[ge]`: the field after what says that it filters. */
const FILTER = /^(?:(?:filters?|where|q|s)(?:\[where\])?\[(\w+)\]|(\w+))(?:\[([$_]?[a-z]{2,12}|[<>=!]{1,2})\])?$/i

/** What an operator in brackets does, as a role. */
const COMPARING: Readonly<Partial<Record<Operator, string>>> = {
  eq: 'f',
  gt: 'G',
  ge: 'g',
  lt: 'L',
  le: 'l',
  has: 'c',
  begins: 'p',
}

/** `where[price][>=]`, `price[lt]`: the field, and how it is compared; undefined where an operator is not known. */
const comparedBy = (name: string): { readonly field: string; readonly by: string } | undefined => {
  const [, inner, plain = name, operator = 'eq'] = FILTER.exec(name) ?? []
  const known = operatorOf(operator)
  const by = known === undefined ? undefined : COMPARING[known]
  return by === undefined ? undefined : { field: `/${inner ?? plain}`, by }
}

/** Where the values of other parameters are conditions, this one's may be one. */
const isOperated = (value: string, { known = [] }: Elsewhere): boolean =>
  isOperation(value) && known.some((parameter) => roleOf(parameter)?.startsWith('o:') === true)

/** The filter that a parameter's name says. */
export const filterNamed = (name: string): string => {
  const { by, field } = comparedBy(name) ?? { by: 'f', field: `/${name}` }
  return `${by}:${field}`
}

/** Whether another comparison with the field finds nothing, whatever there is: servers that compare texts with numbers do that. */
const isVain = (field: string, { known = [] }: Elsewhere): boolean =>
  known.some(
    ({ name, roles }) =>
      roles.length > 0 && roles.every(([role]) => role === 'none') && comparedBy(name)?.field === field,
  )

/** By its name, or a filter where items have such a field. */
export const roleOfNew = (name: string, value: string, elsewhere: Elsewhere): string | undefined => {
  const compared = comparedBy(name)
  if (compared !== undefined && elsewhere.hasField(compared.field)) {
    const { field, by } = compared
    if (by !== 'f') return isVain(field, elsewhere) ? 'none' : `${by}:${field}`
    return `${isOperated(value, elsewhere) ? 'o' : 'f'}:${field}`
  }
  return elsewhere.roleOf?.(name) ?? roleByName(name, value) ?? roleLikeAnother(name, elsewhere)
}

/** What stands around the name of the field that a filter goes by: `min_` of `min_pages`. */
const around = (parameter: ParameterRole): { readonly role: string; readonly parts: readonly string[] } => {
  const role = roleOf(parameter) ?? ''
  const field = role[1] === ':' ? role.slice(role.lastIndexOf('/') + 1) : ''
  return { role: role.slice(0, 2), parts: field === '' ? [] : parameter.name.split(field) }
}

const between = (name: string, [before = '', after = '']: readonly string[]): string => {
  const inner = name.slice(before.length, name.length - after.length)
  return name === before + inner + after ? inner : ''
}

/** `min_price` does to the price what `min_pages` does to pages, where another parameter of that form is known. */
const roleLikeAnother = (name: string, { hasField, known = [] }: Elsewhere): string | undefined => {
  for (const parameter of known) {
    const { role, parts } = around(parameter)
    const field = parts.length === 2 && parts.join('') !== '' ? between(name, parts) : ''
    if (field !== '' && hasField(`/${field}`)) return `${role}/${field}`
  }
  return undefined
}
