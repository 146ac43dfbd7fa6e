/** Places in JSON bodies, named by pointers of plain names (`/author/name`; '' is the whole). Names with a slash are not addressed. */
import type { Json } from './model.ts'

export type Fields = { readonly [key: string]: Json }

export const isFields = (json: Json | undefined): json is Fields =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

export const ownField = (json: Json | undefined, name: string): Json | undefined =>
  isFields(json) && Object.hasOwn(json, name) ? json[name] : undefined

/** Value at a pointer; fields of objects only. */
export const at = (json: Json | undefined, pointer: string): Json | undefined => {
  if (pointer === '') return json
  let value = json
  for (const name of pointer.slice(1).split('/')) {
    value = ownField(value, name)
    if (value === undefined) return undefined
  }
  return value
}

const kidsOf = ([pointer, value]: readonly [string, Json]): [string, Json][] =>
  isFields(value)
    ? Object.entries(value)
        .filter(([name]) => !name.includes('/'))
        .map(([name, kid]) => [`${pointer}/${name}`, kid])
    : []

/** The pointers of every value in an object, nearest first, no deeper than `depth`; arrays count as values. */
export const pointersOf = (json: Json | undefined, depth: number, most = 64): [string, Json][] => {
  const found: [string, Json][] = []
  let level: [string, Json][] = json === undefined ? [] : [['', json]]
  for (let d = 0; d < depth && found.length < most; d++) {
    level = level.flatMap(kidsOf).slice(0, most - found.length)
    found.push(...level)
  }
  return found
}

export const isScalar = (json: Json | undefined): json is null | boolean | number | string =>
  json !== undefined && (typeof json !== 'object' || json === null)

/** A scalar as it stands in a path or query; undefined for anything else. */
export const textOf = (value: Json | undefined): string | undefined =>
  value === undefined || (typeof value === 'object' && value !== null) ? undefined : String(value)

const MAX_ID = 128

/** A value of an id field as it stands in paths; undefined when it is none. */
export const idText = (value: Json | undefined): string | undefined => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID ? value : undefined
}

const DIGITS = /^\d{1,15}$/

/** A number in digits only, small enough to be counted on with (below 2^53). */
export const isDigits = (id: string): boolean => DIGITS.test(id)

/** A field's name as a pointer. What tells objects apart may be a pointer itself: to a text that ends in the id. */
export const idPointer = (idField: string): string => (isInText(idField) ? idField : `/${idField}`)

/** Whether the id is the end of a text: of a link to the object (`http://shop/items/7`), or of a name with its collection (`items/7`). */
export const isInText = (idField: string): boolean => idField.startsWith('/')

const LAST_SEGMENT = /^[^?#{]*\/([^/?#{}]+)\/?(?:[?#{].*)?$/

/** The last segment of a link. */
export const idInText = (text: Json | undefined): string | undefined =>
  typeof text === 'string' && text.length <= MAX_LINK ? idText(LAST_SEGMENT.exec(text)?.[1]) : undefined
const MAX_LINK = 1024

export const idOf = (item: Json | undefined, idField: string): string | undefined => {
  if (idField === '') return undefined
  return isInText(idField) ? idInText(at(item, idField)) : idText(ownField(item, idField))
}

/** The field that has the id in it, or above it. */
export const idName = (idField: string): string => idPointer(idField).split('/')[1] ?? ''

/** A value wrapped so that it stands at a pointer. */
export const wrapped = (pointer: string, value: Json): Json =>
  pointer === ''
    ? value
    : pointer
        .slice(1)
        .split('/')
        .reduceRight<Json>((inner, name) => ({ [name]: inner }), value)

/** Where an object with an id stands in a body: at the usual place, or the first such one near the top. */
export const objectIn = (
  json: Json | undefined,
  type: { readonly idField: string; readonly root: string },
): string | undefined => {
  for (const root of [type.root, '']) if (idOf(at(json, root), type.idField) !== undefined) return root
  return pointersOf(json, 2).find(([, value]) => isFields(value) && idOf(value, type.idField) !== undefined)?.[0]
}

const ID_NAME = /^(_?id|uuid|guid|slug|key|code|sku|number)$|id$/i

/** Whether objects are told apart by a field that is named like an id. */
export const haveIds = (items: readonly Json[]): boolean =>
  isFields(items[0]) && Object.keys(items[0]).some((name) => ID_NAME.test(name))

const depthOf = (pointer: string): number => pointer.split('/').length

/**
 * Where the items of a list stand: the body, or the longest array of objects with ids near the top, as links to pages and
 * the like are arrays too; where none has any, the longest of the nearest. '!' when there is none.
 */
export const arrayIn = (json: Json | undefined): string => {
  if (Array.isArray(json)) return json.every(isFields) ? '' : '!'
  const arrays = pointersOf(json, 2).filter((found): found is [string, Json[]] => {
    const [, value] = found
    return Array.isArray(value) && value.every(isFields)
  })
  const named = arrays.filter(([, items]) => haveIds(items))
  const nearest = arrays.filter(([pointer]) => depthOf(pointer) === depthOf(arrays[0]?.[0] ?? ''))
  const [first, ...others] = named.length > 0 ? named : nearest
  if (first === undefined) return '!'
  return others.reduce((best, other) => (other[1].length > best[1].length ? other : best), first)[0]
}

export const itemsAt = (json: Json | undefined, pointer: string): readonly Fields[] | undefined => {
  const array = at(json, pointer)
  return Array.isArray(array) && array.every(isFields) ? (array as Fields[]) : undefined
}
