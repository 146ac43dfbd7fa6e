/**
 * Objects as lists show them, with their JSON: the same objects stand in many lists, and making their text is most of what
 * a list costs. Held beside the objects as they are known, so who may not see one never comes upon its text; bounded.
 */
import type { Json } from './model.ts'
import type { Fields } from './pointers.ts'
import { remembered } from '../remembered.ts'

/** Whether items of a list have a field: an object may show more by itself. */
export type Fits = (name: string) => boolean

export interface Shown {
  readonly item: Fields
  readonly text: string
}

interface Held extends Shown {
  readonly fits: Fits
}

export const ANY_FIELD: Fits = () => true

/** The same function for the same names, which come as JSON. */
export const onlyNames = remembered((names): Fits => {
  const known = new Set(JSON.parse(names) as string[])
  return (name) => known.has(name)
})

/** Characters that are held: with all that comes with them, some 32 MiB. When it is too much, all are made again. */
const MOST = 16 * 1024 * 1024
const LONGEST = 64 * 1024
/** What one costs besides its text, in characters. */
const EACH = 128

let held = new WeakMap<Fields, Held>()
let room = MOST

export const freshItem = (item: Fields): Shown => ({ item, text: JSON.stringify(item) })

export const fittingItem = (object: Fields, fits: Fits): Fields => {
  const names = Object.keys(object)
  if (fits === ANY_FIELD || names.every(fits)) return object
  return Object.fromEntries(names.filter(fits).map((name) => [name, object[name] as Json]))
}

/** An object that is known, and never changed, as a list shows it. */
export const knownItem = (object: Fields, fits: Fits): Shown => {
  const known = held.get(object)
  if (known?.fits === fits) return known
  const made = { ...freshItem(fittingItem(object, fits)), fits }
  if (made.text.length > LONGEST) return made
  room -= made.text.length + EACH
  if (room < 0) {
    held = new WeakMap()
    room = MOST
  }
  held.set(object, made)
  return made
}
