/** A field removed and a field added beside it, with the same values and type, are one field under a new name. */
import { sharedMarks } from './marks.ts'
import { typesOf, type Place } from './place.ts'

/** Two of four smallest hashes in common: unlikely unless most values are. */
const MIN_SHARED = 2
const MIN_FIELDS = 2
const MIN_ALIKE = 0.6

/** `user_id`, `userId` and `user-id` are one word; so are `consumer` and `consumers`. */
const wordOf = (name: string): string => {
  const word = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  return word.length > 3 && word.endsWith('s') ? word.slice(0, -1) : word
}

const overlap = (a: Iterable<string>, b: ReadonlySet<string>): number => {
  const all = new Set(b)
  let both = 0
  for (const one of a) {
    if (b.has(one)) both++
    all.add(one)
  }
  return all.size === 0 ? 0 : both / all.size
}

const namesBelow = (place: Place): ReadonlySet<string> =>
  new Set((place.items?.fields ?? place.fields ?? new Map<string, Place>()).keys())

const valuesOf = (place: Place): ReadonlySet<string> => new Set(place.values?.counts.keys())

const isAlike = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  Math.min(a.size, b.size) >= MIN_FIELDS && overlap(a, b) >= MIN_ALIKE

/** Whether `gone` goes on as `come`. */
export const isRename = (gone: Place, come: Place): boolean => {
  const [before, after] = [typesOf(gone), typesOf(come)]
  if (before.replace(' or null', '') !== after.replace(' or null', '')) return false
  if (wordOf(gone.name) === wordOf(come.name)) return true
  if (sharedMarks(gone, come) >= MIN_SHARED) return true
  return isAlike(namesBelow(gone), namesBelow(come)) || isAlike(valuesOf(gone), valuesOf(come))
}
