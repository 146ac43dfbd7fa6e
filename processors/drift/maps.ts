/** Objects told apart from maps, whose keys are data and no fields. */
import type { Place } from './place.ts'

const MAX_FIELDS = 100
const MIN_ID_KEYS = 3
const MIN_WORD_KEYS = 6
const OFTEN = 0.4
const ONCE = 0.6
const LOOKED_AT = 64

/** Whether a name looks made by a machine. */
export const isIdLike = (name: string): boolean => {
  let digits = 0
  const looks = Math.min(name.length, LOOKED_AT)
  for (let i = 0; i < looks; i++) {
    const code = name.charCodeAt(i)
    if (code >= 48 && code <= 57) digits++
  }
  return digits === looks || (looks >= 8 && digits >= 3)
}

/**
 * A map: more than 100 fields (Akita's rule, spec_util/infer_maps.go); or machine-made names only; or six names and more
 * of which most were seen once and none often.
 */
export const isMap = (fields: ReadonlyMap<string, Place>, objects: number): boolean => {
  if (fields.size > MAX_FIELDS) return true
  if (fields.size < MIN_ID_KEYS) return false
  let ids = 0
  let once = 0
  let most = 0
  for (const [name, { n }] of fields) {
    if (isIdLike(name)) ids++
    if (n <= 1) once++
    if (n > most) most = n
  }
  if (ids === fields.size) return true
  return fields.size >= MIN_WORD_KEYS && most < OFTEN * objects && once >= ONCE * fields.size
}

/** Places from here down, this one among them. */
export const sizeOf = (place: Place): number => {
  let size = 1 + (place.items ? sizeOf(place.items) : 0) + (place.map ? sizeOf(place.map) : 0)
  for (const child of place.fields?.values() ?? []) size += sizeOf(child)
  return size
}
