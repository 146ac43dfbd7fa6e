/**
 * What a parameter of a list may do. A role is believed as long as every answer allows it; only paging goes by names too,
 * since one page looks like any other. `f:` equals, `i:` equals but for case, `n:` equals or is null, `a:` is among, `p:` begins, `c:` contains,
 * `g:` at least, `l:` at most, `G:` more, `L:` less, `o:` as the value says (`gte.5`), each with the pointer of a field;
 * `text` contained somewhere, `where` a condition on fields, `none` a filter that finds nothing,
 * `after:` behind that one, `pick` which fields are shown, `formal` nothing that the items show.
 */
import type { Json, ParameterRole } from './model.ts'
import { bounded, compare, fieldNamed, isValue, lower } from './compare.ts'
import { isCondition, isOperation, meets, operates } from './conditions.ts'
import { at, isFields, isScalar, textOf } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { showsOnly } from './picks.ts'

const PAGE = /^_?(page|page_?(no|num|number|index)?|p)$/i
const OFFSET = /^_?(offset|skip|start|from)$/i
const LIMIT = /^_?(limit|size|page_?size|per_?page|count|take|top|first|max|max_?results|n)$/i
const CURSOR = /(cursor|after|since_id|from_id|next|token|marker|continuation)/i
const AT_LEAST = /^(min|from|since|after|gte?|start)|(min|from|since|after|gte?|ge|start|>=?)\]?$/i
const AT_MOST = /^(max|to|until|before|lte?|end)|(max|to|until|before|lte?|le|end|<=?)\]?$/i
/** `views_gt`, `views[$lt]`: the bound itself is not in. */
const MORE_THAN = /(^|[^a-z])(gt|>)\]?$/i
const LESS_THAN = /(^|[^a-z])(lt|<)\]?$/i
/** What changes the form of an answer, not which items are in it. */
const PICKING = /^_?(fields|select|only|columns|attributes|properties|include_fields|projection|props)(\[\w+\])?$/i
const FORMAL = /^_?(count|include_?(count|totals?)?|expand|embed|populate|format|pretty|locale|lang|inlinecount)$/i
const EMBEDDING = /^_?(expand|embed|populate|include|joins?|with|relations)$/i
const ORDER = /^(asc|desc)(ending)?$/i
const INTEGER = /^\d{1,6}$/
const MAX_FIELDS = 40

/** Scalars of an item, and arrays of scalars, by pointer; two levels. */
export const fieldsOf = (item: Fields): [string, Json][] => {
  const found: [string, Json][] = []
  const add = (pointer: string, value: Json): void => {
    if (found.length < MAX_FIELDS) found.push([pointer, value])
  }
  for (const [name, value] of Object.entries(item)) {
    if (name.includes('/')) continue
    if (isFields(value)) addInner(name, value, add)
    else add(`/${name}`, value)
  }
  return found
}

const addInner = (name: string, inner: Fields, add: (pointer: string, value: Json) => void): void => {
  for (const [below, value] of Object.entries(inner))
    if (isScalar(value) && !below.includes('/')) add(`/${name}/${below}`, value)
}

const ELEMENT_ID = /^(_?id|uuid|slug|key|code|name)$/i

/** An element of an array, or one that goes by that name. */
const isElement = (element: Json, value: string): boolean =>
  isFields(element)
    ? Object.entries(element).some(([name, own]) => ELEMENT_ID.test(name) && textOf(own) === value)
    : textOf(element) === value

const CHECKS: Readonly<Record<string, (field: Json | undefined, value: string) => boolean>> = {
  f: (field, value) => textOf(field) === value,
  i: (field, value) => isScalar(field) && lower(field) === value.toLowerCase(),
  n: (field, value) => field === null || textOf(field) === value,
  a: (field, value) => Array.isArray(field) && field.some((v) => isElement(v as Json, value)),
  p: (field, value) => typeof field === 'string' && lower(field).startsWith(value.toLowerCase()),
  c: (field, value) => typeof field === 'string' && lower(field).includes(value.toLowerCase()),
  G: (field, value) => isValue(field) && bounded(field, value) > 0,
  L: (field, value) => isValue(field) && bounded(field, value) < 0,
  g: (field, value) => isValue(field) && bounded(field, value) >= 0,
  l: (field, value) => isValue(field) && bounded(field, value) <= 0,
  o: operates,
}

/** Whether one item passes a filter. */
export const passes = (role: string, value: string, item: Fields): boolean => {
  if (role === 'where') return meets(value, item)
  if (role !== 'text') return CHECKS[role[0] as string]?.(at(item, role.slice(2)), value) === true
  const sought = value.toLowerCase()
  return fieldsOf(item).some(([, field]) => typeof field === 'string' && lower(field).includes(sought))
}

/** Filters by role name; everything longer is paging or order. */
export const isFilter = (role: string): boolean =>
  role[1] === ':' || role === 'text' || role === 'where' || role === 'none'

export interface SortKey {
  readonly name: string
  readonly descending: boolean
}

const sortKey = (value: string): SortKey => {
  const match = /^([+-]?)(.*?)(?:[\s:,._-](asc|desc)(?:ending)?(?:\.nulls\w+)?)?$/i.exec(value)
  return { name: match?.[2] ?? value, descending: match?.[1] === '-' || match?.[3]?.toLowerCase() === 'desc' }
}

/** A comma before a direction belongs to its field: `price,desc,kind,asc`. */
const BETWEEN = /,(?!(?:asc|desc)(?:ending)?(?:,|$))/i

/** A sorting value taken apart: `-price`, `price:desc`, `price_desc`, `price,desc`, `kind,-price`. */
export const sortOf = (value: string): readonly SortKey[] => value.split(BETWEEN).map((part) => sortKey(part.trim()))

/** How two items stand by sort keys. */
export const compareBy = (keys: readonly SortKey[], a: Fields, b: Fields): number => {
  for (const { name, descending } of keys) {
    const by = compare(fieldNamed(a, name), fieldNamed(b, name))
    if (by !== 0) return descending ? -by : by
  }
  return 0
}

const inOrder = (all: readonly Fields[], keys: readonly SortKey[]): boolean => {
  let [up, down] = [true, true]
  // Where what has no value stands is each server's own.
  const items = all.filter((item) => keys.every(({ name }) => fieldNamed(item, name) !== null))
  for (let i = 1; i < items.length; i++) {
    const by = compareBy(keys, items[i - 1] as Fields, items[i] as Fields)
    up &&= by <= 0
    down &&= by >= 0
  }
  return up || down
}

/** A filter is kept by items that all pass it. */
const allowsFilter = (role: string, value: string, items: readonly Fields[]): boolean | undefined => {
  if (role.startsWith('o:')) return allowsOperation(role, value, items)
  return items.length === 0 ? undefined : items.every((item) => passes(role, value, item))
}

/** A condition is not judged by items that do not show its field, or have nothing there. */
const allowsOperation = (role: string, value: string, items: readonly Fields[]): boolean | undefined => {
  const telling = items.filter((item) => isValue(at(item, role.slice(2))))
  if (!isOperation(value)) return false
  return telling.length === 0 ? undefined : telling.every((item) => passes(role, value, item))
}

/** `per_page=all` */
export const isUnlimited = (value: string): boolean => /^(all|none|max|unlimited|-1)$/i.test(value)

/** Whether an answer allows a role: undefined when it says nothing. */
export const allows = (role: string, value: string, items: readonly Fields[]): boolean | undefined => {
  if (isFilter(role)) return allowsFilter(role, value, items)
  const [first] = items
  switch (role) {
    case 'sort': {
      const keys = sortOf(value)
      if (first === undefined) return undefined
      return keys.every(({ name }) => fieldNamed(first, name) !== undefined) && inOrder(items, keys)
    }
    case 'order':
      return ORDER.test(value)
    case 'limit':
      return isUnlimited(value) ? undefined : INTEGER.test(value) && items.length <= Number(value)
    case 'pick':
      return showsOnly(value, items)
    case 'after':
    case 'formal':
      return true
    default:
      return INTEGER.test(value)
  }
}

const namedLike = (name: string, field: string): boolean =>
  name
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .includes(
      field
        .slice(field.lastIndexOf('/') + 1)
        .toLowerCase()
        .replace(/[^a-z]/g, ''),
    )

const fieldRoles = (name: string, [field, value]: [string, Json]): string[] => {
  if (Array.isArray(value)) return [`a:${field}`]
  const roles = [`f:${field}`, `i:${field}`]
  if (typeof value === 'string') roles.push(`p:${field}`, `c:${field}`)
  if (!namedLike(name, field)) return roles
  roles.push(`n:${field}`)
  if (AT_LEAST.test(name)) roles.push(...(MORE_THAN.test(name) ? [`G:${field}`] : []), `g:${field}`)
  if (AT_MOST.test(name)) roles.push(...(LESS_THAN.test(name) ? [`L:${field}`] : []), `l:${field}`)
  return roles
}

/** `$top`, `page[size]`, `filter[limit]` and `_limit` are `top`, `size` and `limit`. */
const bareName = (name: string): string =>
  name
    .replace(/^\$/, '')
    .replace(/^page\[(number|index)\]$/i, 'page')
    .replace(/^(?:page|pagination|filter|options|query)\[\$?(\w+)\]$/i, '$1')

/** What paging goes by: names, since one page looks like any other. */
const rolesByName = (name: string): string[] => {
  const bare = bareName(name)
  const found: string[] = []
  if (PAGE.test(bare)) found.push('page')
  if (OFFSET.test(bare)) found.push('offset')
  if (LIMIT.test(bare)) found.push('limit')
  if (CURSOR.test(bare)) found.push('after')
  if (FORMAL.test(bare)) found.push('formal')
  if (PICKING.test(bare)) found.push('pick')
  return found
}

/** Whether a parameter asks for what belongs to the items, right in them. */
export const isEmbedding = (name: string): boolean => EMBEDDING.test(bareName(name))

/** Whether a parameter says how long a page is. */
export const isLimit = (name: string): boolean => LIMIT.test(bareName(name))

/** Whether a parameter names a page, or how many items come before. */
export const pagingOf = (name: string): 'page' | 'offset' | undefined =>
  rolesByName(name).find((role) => role === 'page' || role === 'offset') as 'page' | 'offset' | undefined

const BY_NAME = new Set(['formal', 'pick'])

/** What a parameter that no answer had yet does by its name, as far as that is plain. */
export const roleByName = (name: string, value: string): string | undefined =>
  rolesByName(name).find((role) => BY_NAME.has(role) || (role !== 'after' && INTEGER.test(value)))

/** What goes by the parameter's own name or value may be told by later answers: `id,owner(name)`, a field that is not shown. */
const isAllowed = (role: string, allowed: boolean | undefined): boolean =>
  allowed === true || (allowed === undefined && (role === 'pick' || role === 'limit' || role.startsWith('o:')))

/** Every role that the first answer with a parameter allows. */
export const candidates = (name: string, value: string, items: readonly Fields[]): string[] => {
  const [first] = items
  const roles = rolesByName(name)
  if (first !== undefined) roles.push(...fieldsOf(first).flatMap((field) => fieldRoles(name, field)))
  if (isOperation(value)) roles.push(`o:/${name.replaceAll('.', '/')}`)
  if (isCondition(value)) roles.push('where')
  roles.push(ORDER.test(value) ? 'order' : 'sort')
  if (!INTEGER.test(value)) roles.push('text')
  return roles.filter((role) => isAllowed(role, allows(role, value, items)) && !isDigitIn(role, name, value))
}

/** That every time has a 1 in it is chance. */
const isDigitIn = (role: string, name: string, value: string): boolean =>
  INTEGER.test(value) && /^[pc]:/.test(role) && !namedLike(name, role.slice(2))

/** What tells most comes first. */
const RANK = [
  'pick',
  'where',
  'o',
  'f',
  'i',
  'a',
  'n',
  'formal',
  'sort',
  'order',
  'limit',
  'page',
  'offset',
  'after',
  'p',
  'c',
  'G',
  'L',
  'g',
  'l',
  'text',
  'none',
]
const rankOf = (role: string): number => RANK.indexOf(role[1] === ':' ? (role[0] as string) : role)

/** What pages by its name and does nothing else. */
const PAGES = /^_?(page|page_?(no|num|number|index|size)|per_?page|limit)$/i

/** That all items of page 1 have a 1 somewhere is chance: such a name says more than a field of another name. */
const isChance = ({ name }: ParameterRole, role: string): boolean =>
  isFilter(role) && PAGES.test(bareName(name)) && !namedLike(name, role.slice(2))

/** The best role that is left; a nearer field, and one that answers to the parameter's name, first. */
export const roleOf = (parameter: ParameterRole): string | undefined => {
  let best: string | undefined
  let least = Infinity
  for (const [role, count] of parameter.roles) {
    if (count <= 0) continue
    const named = isFilter(role) && namedLike(parameter.name, role.slice(2)) ? 0 : 0.5
    const rank = isChance(parameter, role) ? RANK.length : rankOf(role) + named
    if (rank < least) {
      best = role
      least = rank
    }
  }
  return best
}
