/**
 * The forms in which requests write conditions, all of which must hold: `price gt 5 and kind eq 'cow'` (OData),
 * `price=ge=5;kind==cow` (RSQL), `price||$gte||5` and `price:gte:5` (parts between separators), `ge(price,5)` (calls),
 * `[{"name":"price","op":"ge","val":5}]` and `["price",">=",5]` (JSON).
 */
import { parseJson } from './json.ts'
import type { Json } from './model.ts'
import { isFields, textOf } from './pointers.ts'
import { remembered } from '../remembered.ts'

interface Condition {
  readonly name: string
  readonly operator: Operator
  readonly value: string
}

export type Operator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le' | 'has' | 'begins' | 'ends'

const SPELLINGS: Readonly<Record<Operator, string>> = {
  eq: 'eq = == === equals equal_to is',
  ne: 'ne neq != <> not_equal_to isnot',
  gt: 'gt > greater_than',
  ge: 'ge gte >= min',
  lt: 'lt < less_than',
  le: 'le lte <= max',
  has: 'contains cont ct like ilike contl containl icontains substringof',
  begins: 'starts startswith begins beginswith sw startsl',
  ends: 'ends endswith ew endsl',
}
const OPERATORS = new Map(
  Object.entries(SPELLINGS).flatMap(([operator, names]) =>
    names.split(' ').map((name) => [name, operator as Operator]),
  ),
)

/** An operator as it is written: `$gte`, `=ge=`, `GT`, `>=`. */
export const operatorOf = (text: string): Operator | undefined =>
  OPERATORS.get(text.toLowerCase()) ?? OPERATORS.get(text.toLowerCase().replace(/^[$_=]|=$/g, ''))

const FORMS: readonly RegExp[] = [
  /^\(?\s*(?<name>[\w./]+)(?<operator>\s+(?:eq|ne|gt|ge|lt|le)\s+|\s*(?:=(?:eq|ne|gt|ge|lt|le)=|==|!=|>=|<=|=|>|<)\s*)(?<value>'[^']*'|"[^"]*"|[^\s'"()]+)\s*\)?$/i,
  /^(?<name>[\w./]+)(\|\||::?|~|\|)(?<operator>[$_]?[a-z]{2,12}|[<>=!]{1,3})\2(?<value>.*)$/i,
  /^(?<operator>[a-z]{2,12})\((?<name>[\w./]+)\s*,(?<value>[^()]*)\)$/i,
]
/** Between conditions that must all hold. */
const AND = /\s+and\s+|\s*&&\s*|;/i
/** `(status='open' && done=true)` */
const unwrapped = (text: string): string => /^\(([^()]*)\)$/.exec(text.trim())?.[1] ?? text

const made = (name: string, operator: string, value: string): Condition | undefined => {
  const known = operatorOf(operator)
  return known === undefined ? undefined : { name, operator: known, value: value.trim().replace(/^['"]|['"]$/g, '') }
}

const written = (text: string): Condition | undefined => {
  for (const form of FORMS) {
    const { name, operator, value } = form.exec(text)?.groups ?? {}
    if (name !== undefined && operator !== undefined) return made(name, operator.trim(), value ?? '')
  }
  return undefined
}

const NAME = /^(?:name|field|property|col|column|attribute|key|path)$/i
const OPERATOR = /^(?:op|opr|operator|cmp|comparison|condition)$/i
const VALUE = /^(?:val|value)$/i

/** Of an object by the names of its members, of an array by their places. */
const partsOf = (json: Json): readonly (Json | undefined)[] => {
  if (Array.isArray(json)) return json.length === 3 ? (json as Json[]) : []
  if (!isFields(json)) return []
  const members = Object.entries(json)
  return [NAME, OPERATOR, VALUE].map((pattern) => members.find(([name]) => pattern.test(name))?.[1])
}

const told = (json: Json): Condition | undefined => {
  const [name, operator, value] = partsOf(json).map((part) => textOf(part))
  if (name === undefined || value === undefined) return undefined
  return made(name, operator ?? 'eq', value)
}

const all = (found: readonly (Condition | undefined)[]): readonly Condition[] | undefined =>
  found.length === 0 || found.includes(undefined) ? undefined : (found as Condition[])

const LONGEST = 2000

const fromJson = (text: string): readonly Condition[] | undefined => {
  const json = parseJson(text)
  if (!Array.isArray(json)) return undefined
  const alone = told(json as Json)
  return alone === undefined ? all((json as Json[]).map(told)) : [alone]
}

const fromText = (text: string): readonly Condition[] | undefined =>
  all(
    unwrapped(text)
      .split(AND)
      .map((part) => written(part.trim())),
  )

/** The conditions in a parameter's value; undefined where it is none. */
export const conditionsIn = remembered((text: string): readonly Condition[] | undefined => {
  if (text.length > LONGEST) return undefined
  return (text.startsWith('[') ? fromJson(text) : undefined) ?? fromText(text)
})
