/** The known objects of one collection, and what each asker sees of them. */
import type { Collection, ObjectRecord } from './model.ts'
import type { Sight } from './seen.ts'
import { openSight } from './sight.ts'
import { isDigits } from './pointers.ts'

/** Sights that are kept, the newest asked for last. */
const MAX_SIGHTS = 16
/** From this size on a sight may be LAG (µs) old: making one costs what there is. */
const LARGE = 2000
const LAG = 1_000_000

interface Kept {
  readonly sight: Sight
  readonly idField: string
  readonly version: number
  readonly at: number
}
interface Wanted {
  readonly idField: string
  readonly now: number
  readonly size: number
}

/** Objects that are looked at to tell whether askers see each other's. */
const LOOKED_AT = 500
/** Objects that two askers would both have seen by chance, if all saw the same. */
const EXPECTED = 4

/** Whether each asker has things of its own: none was ever seen by two, though by chance some would have been. */
const isApart = (objects: Iterable<ObjectRecord>): boolean => {
  const counts = new Map<string, number>()
  let all = 0
  for (const { views } of objects) {
    const [view, another] = views
    if (view === undefined) continue
    if (another !== undefined || view.asker === '') return false
    counts.set(view.asker, (counts.get(view.asker) ?? 0) + 1)
    if (++all >= LOOKED_AT) break
  }
  const squares = [...counts.values()].reduce((sum, count) => sum + count * count, 0)
  return all > 0 && (all * all - squares) / (2 * all) >= EXPECTED
}

/** Sights by asker; askers that saw nothing here of their own share the public one. */
const openSights = (objects: () => Iterable<ObjectRecord>) => {
  const kept = new Map<string, Kept>()
  const askers = new Set<string>()
  let version = 0
  let apart: { readonly is: boolean; readonly version: number } | undefined
  const isFresh = (known: Kept, { idField, now, size }: Wanted): boolean =>
    known.idField === idField && (known.version === version || (size >= LARGE && Math.abs(now - known.at) < LAG))
  return {
    seenBy: (asker: string): boolean => askers.has(asker) || askers.has(''),
    /** Looked at again once something changed. */
    isApart: (): boolean => {
      if (apart?.version !== version) apart = { is: isApart(objects()), version }
      return apart.is
    },
    changed: (object: ObjectRecord): void => {
      version++
      for (const { asker } of object.views) askers.add(asker)
    },
    of: (who: string, wanted: Wanted): Sight => {
      const asker = askers.has(who) ? who : ''
      const known = kept.get(asker)
      kept.delete(asker)
      const { idField, now } = wanted
      const next =
        known !== undefined && isFresh(known, wanted)
          ? known
          : { sight: openSight(objects(), asker, idField), idField, version, at: now }
      kept.set(asker, next)
      const [oldest] = kept.keys()
      if (kept.size > MAX_SIGHTS && oldest !== undefined) kept.delete(oldest)
      return next.sight
    },
  }
}

/** The largest number among ids, apart from random texts that happen to be digits only: others of their length are not. */
const openNumbers = () => {
  const largest = new Map<number, number>()
  const random = new Set<number>()
  return {
    add: (id: string): void => {
      const { length } = id
      if (isDigits(id)) largest.set(length, Math.max(largest.get(length) ?? 0, Number(id)))
      else if (/\d/.test(id)) random.add(length)
    },
    isNumber: (id: string): boolean => isDigits(id) && !random.has(id.length),
    largest: (): number => Math.max(0, ...[...largest].map(([length, number]) => (random.has(length) ? 0 : number))),
  }
}

/** Objects of a collection, kept in order of first sight. */
export interface OpenCollection extends Collection {
  add(object: ObjectRecord): void
  written(): Iterable<ObjectRecord>
  remove(object: ObjectRecord): void
}

export const openCollection = (): OpenCollection => {
  const objects = new Map<string, ObjectRecord>()
  const written = new Map<string, ObjectRecord>()
  const removed = new Set<string>()
  const sights = openSights(() => objects.values())
  const numbers = openNumbers()
  return {
    add: (object) => {
      sights.changed(object)
      objects.set(object.key, object)
      if (object.written > 0) written.set(object.key, object)
      if (object.gone > 0) removed.add(object.key)
      else removed.delete(object.key)
      numbers.add(object.id)
    },
    remove: (object) => {
      sights.changed(object)
      objects.delete(object.key)
      written.delete(object.key)
      removed.delete(object.key)
    },
    written: () => written.values(),
    sight: (asker, idField, now) => sights.of(asker, { idField, now, size: objects.size }),
    seenBy: sights.seenBy,
    isApart: sights.isApart,
    changed: () => [],
    values: () => objects.values(),
    get size() {
      return objects.size
    },
    get removed() {
      return removed.size
    },
    isNumber: numbers.isNumber,
    get largest() {
      return numbers.largest()
    },
  }
}

export const NO_OBJECTS: OpenCollection = openCollection()
