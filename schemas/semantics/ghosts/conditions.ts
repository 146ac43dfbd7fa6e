/** Conditions as requests write them: comparisons in one text (`$filter=price gt 5`), or in the value of a field's parameter (`price=gt.5`). */
import { bounded, fieldNamed, isValue, lower } from './compare.ts'
import { conditionsIn } from './condition-forms.ts'
import type { Operator } from './condition-forms.ts'
import type { Json } from './model.ts'
import { isScalar, textOf } from './pointers.ts'
import type { Fields } from './pointers.ts'

const HOLDS: Readonly<Record<Operator, (field: Json, value: string) => boolean>> = {
  eq: (field, value) => bounded(field, value) === 0,
  ne: (field, value) => bounded(field, value) !== 0,
  gt: (field, value) => bounded(field, value) > 0,
  ge: (field, value) => bounded(field, value) >= 0,
  lt: (field, value) => bounded(field, value) < 0,
  le: (field, value) => bounded(field, value) <= 0,
  has: (field, value) => lower(field).includes(bare(value)),
  begins: (field, value) => lower(field).startsWith(bare(value)),
  ends: (field, value) => lower(field).endsWith(bare(value)),
}

/** `%` stands for anything around what a text holds. */
const bare = (value: string): string => value.toLowerCase().replace(/^%|%$/g, '')

/** Whether a text is a condition. */
export const isCondition = (text: string): boolean => conditionsIn(text) !== undefined

/** Whether an item is as all conditions of a text say. */
export const meets = (text: string, item: Fields): boolean =>
  conditionsIn(text)?.every(({ name, operator, value }) => {
    const field = fieldNamed(item, name)
    return field !== undefined && isValue(field) && HOLDS[operator](field, value)
  }) === true

/** As PostgREST writes it: `gte.5`, `in.(1,2)`, `not.is.null`. */
const OPERATION = /^(not\.)?(eq|neq|gte?|lte?|i?like|is|in)\.(.*)$/i

export const isOperation = (value: string): boolean => OPERATION.test(value)

/** `*` and `%` stand for anything. */
const isLike = (text: string, pattern: string): boolean => {
  const parts = pattern.split(/[*%]/)
  const [first = '', last = ''] = [parts[0], parts[parts.length - 1]]
  if (parts.length === 1) return text === pattern
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false
  let from = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, from)
    if (found < 0 || found + part.length > text.length - last.length) return false
    from = found + part.length
  }
  return true
}

const among = (list: string): string[] =>
  list
    .replace(/^\(|\)$/g, '')
    .split(',')
    .map((text) => text.replace(/^"|"$/g, ''))

const OPERATIONS: Readonly<Record<string, (field: Json, value: string) => boolean>> = {
  eq: (field, value) => textOf(field) === value,
  neq: (field, value) => isValue(field) && textOf(field) !== value,
  gt: (field, value) => isValue(field) && bounded(field, value) > 0,
  gte: (field, value) => isValue(field) && bounded(field, value) >= 0,
  lt: (field, value) => isValue(field) && bounded(field, value) < 0,
  lte: (field, value) => isValue(field) && bounded(field, value) <= 0,
  like: (field, value) => typeof field === 'string' && isLike(field, value),
  ilike: (field, value) => typeof field === 'string' && isLike(lower(field), value.toLowerCase()),
  is: (field, value) => isScalar(field) && lower(field) === value.toLowerCase(),
  in: (field, value) => isScalar(field) && among(value).includes(textOf(field) ?? ''),
}

/** Whether a field is as a parameter's value says. */
export const operates = (field: Json | undefined, value: string): boolean => {
  const [, not, operator = '', operand = ''] = OPERATION.exec(value) ?? []
  const holds = OPERATIONS[operator.toLowerCase()]
  return holds !== undefined && field !== undefined && holds(field, operand) === (not === undefined)
}

/** What a field has to equal; undefined where the condition is another one. */
export const equalIn = (value: string): string | undefined => /^eq\.(.*)$/i.exec(value)?.[1]

/** What a field may equal, of a condition that lists it; undefined where the condition is another one. */
export const amongIn = (value: string): string[] | undefined => {
  const list = /^in\.(\(.*\))$/i.exec(value)?.[1]
  return list === undefined ? undefined : among(list)
}
