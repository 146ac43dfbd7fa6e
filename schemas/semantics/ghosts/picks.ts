/** Lists that show only the fields that a request names (`fields=`, `$select=`, `fields[articles]=`). */
import { idName, isFields } from './pointers.ts'
import type { Fields } from './pointers.ts'

const NAMES = /^[\w.]+(,[\w.]+)*$/
/** Fields that stay besides those that are picked: id, type, links. */
const MAX_STAYING = 4

/** The object with the fields that a value picks: the item, or one right in it (JSON:API's attributes). */
const pickedIn = (item: Fields, names: readonly string[]): Fields | undefined =>
  [item, ...Object.values(item)].find(
    (fields): fields is Fields => isFields(fields) && names.every((name) => Object.hasOwn(fields, name)),
  )

/** A value that names fields only: `id,name`, and `*` for all. */
export const isPick = (value: string): boolean => NAMES.test(value) || value === '*'

/** Whether items show the fields that a value names, and little else. */
export const showsOnly = (value: string, items: readonly Fields[]): boolean | undefined => {
  if (!NAMES.test(value)) return undefined
  const names = value.split(',')
  if (items.length === 0) return undefined
  return items.every((item) => {
    const fields = pickedIn(item, names)
    const staying = fields === undefined ? Infinity : Object.keys(fields).length - names.length
    return staying <= (fields === item ? MAX_STAYING : 0) && staying < Object.keys(item).length
  })
}

/** An item as far as a value picks it. `idField` stays, and so does what is no part of the picked object. */
export const pick = (item: Fields, value: string, idField: string): Fields => {
  const names = value.split(',')
  const own = idName(idField)
  const only = (fields: Fields): Fields =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => name === own || names.includes(name)))
  if (names.some((name) => Object.hasOwn(item, name))) return only(item)
  return Object.fromEntries(
    Object.entries(item).map(([name, inner]) => [
      name,
      isFields(inner) && names.some((n) => Object.hasOwn(inner, n)) ? only(inner) : inner,
    ]),
  )
}
