/** Conditions as requests write them: comparisons in one text (`$filter=price gt 5`), or in the value of a field's parameter (`price=gt.5`). */
import { bounded, fieldNamed, isValue, lower } from './compare.ts'
import type { Json } from './model.ts'
import { isScalar, textOf } from './pointers.ts'
import type { Fields } from './pointers.ts'

const COMPARISON = /^\(?\s*([\w./]+)\s*(eq|ne|gt|ge|lt|le|==|!=|>=|<=|=|>|<)\s*('[^']*'|"[^"]*"|[^\s'"()]+)\s*\)?$/i
/** Between conditions that must all hold. */
const AND = /\s+and\s+|\s*&&\s*|;/i
/** `(status='open' && done=true)` */
const unwrapped = (text: string): string => /^\(([^()]*)\)$/.exec(text.trim())?.[1] ?? text

const HOLDS: Readonly<Record<string, (by: number) => boolean>> = {
  eq: (by) => by === 0,
  '==': (by) => by === 0,
  '=': (by) => by === 0,
  ne: (by) => by !== 0,
  '!=': (by) => by !== 0,
  gt: (by) => by > 0,
  '>': (by) => by > 0,
  ge: (by) => by >= 0,
  '>=': (by) => by >= 0,
  lt: (by) => by < 0,
  '<': (by) => by < 0,
  le: (by) => by <= 0,
  '<=': (by) => by <= 0,
}

/** Whether a text is a condition, as far as its beginning says. */
export const isCondition = (text: string): boolean => COMPARISON.test(unwrapped(text).split(AND)[0] ?? '')

/** A condition as OData ($filter) and RSQL write it: comparisons of a field with a value, all of which hold. */
export const meets = (condition: string, item: Fields): boolean =>
  unwrapped(condition)
    .split(AND)
    .every((part) => {
      const [, name = '', operator = '', text = ''] = COMPARISON.exec(part.trim()) ?? []
      const holds = HOLDS[operator.toLowerCase()]
      const field = fieldNamed(item, name)
      return holds !== undefined && isValue(field) && holds(bounded(field, text.replace(/^['"]|['"]$/g, '')))
    })

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
