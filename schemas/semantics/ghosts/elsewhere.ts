/** What a parameter does that its list never had: as in other lists of the service, by its name, or by a field of that name. */
import type { Asked } from './asked.ts'
import { isOperation } from './conditions.ts'
import type { Knowledge, ParameterRole } from './model.ts'
import { roleByName, roleOf } from './roles.ts'

export interface Elsewhere {
  readonly hasField: (pointer: string) => boolean
  readonly roleOf?: (name: string) => string | undefined
  /** Parameters of this list and of the service's other lists. */
  readonly known?: readonly ParameterRole[]
}

const EVERYWHERE = new Set(['sort', 'order', 'limit', 'page', 'offset', 'pick', 'formal'])

export const parametersElsewhere = (asked: Asked, knowledge: Knowledge): ParameterRole[] =>
  [...knowledge.types(asked.service)].flatMap(({ template }) =>
    template.includes('{') ? [] : (knowledge.sibling(asked.service, 'GET', template)?.list?.parameters ?? []),
  )

/** What parameters do in the other lists of a service; filters are each list's own. */
export const roleAmong =
  (known: readonly ParameterRole[]) =>
  (name: string): string | undefined =>
    known
      .filter((parameter) => parameter.name === name)
      .map((parameter) => roleOf(parameter))
      .find((role) => role !== undefined && EVERYWHERE.has(role))

/** `filter[status]`, `filters[status][$eq]`, `filter[where][status]`: the field after what says that it filters. */
const FILTER = /^(?:filters?|where|q)(?:\[where\])?\[(\w+)\](?:\[[$_]?eq\])?$/i

/** Where the values of other parameters are conditions, this one's may be one. */
const isOperated = (value: string, { known = [] }: Elsewhere): boolean =>
  isOperation(value) && known.some((parameter) => roleOf(parameter)?.startsWith('o:') === true)

/** By its name, or a filter where items have such a field. */
export const roleOfNew = (name: string, value: string, elsewhere: Elsewhere): string | undefined => {
  const field = `/${FILTER.exec(name)?.[1] ?? name}`
  if (elsewhere.hasField(field)) return `${isOperated(value, elsewhere) ? 'o' : 'f'}:${field}`
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
