/**
 * A collection as one asker sees it, with indexes: by field, and in order. It is made when a list is asked for and made
 * again when the collection changed, so that a list costs what it shows and not what there is. What the asker wrote to
 * ghosts lies beside it (`changes`) and is merged into each answer.
 */
import type { Json, ObjectRecord } from './model.ts'
import type { Compare, Entry, Sight } from './seen.ts'
import { visibleView } from './views.ts'
import { at, isInText, isScalar, ownField, textOf } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { rowsFollow } from './rows.ts'
import type { Follows } from './rows.ts'

const byNumber: Compare = (a, b) => Number(a.id) - Number(b.id)

/** Ids that are numbers by size and first, all others as they were first seen: where there are both, rows began with numbers. */
export const byId: Compare = (a, b) => {
  const [isOne, isOther] = [NUMBER.test(a.id), NUMBER.test(b.id)]
  if (isOne !== isOther) return isOne ? -1 : 1
  return isOne ? byNumber(a, b) : a.born - b.born
}
/** However long: such texts are compared by about how large they are. */
const NUMBER = /^\d+$/

/** Numbered rows: how many of the numbers must be known, and how wide a gap may be, to say what stands in it. */
const DENSE = 0.2
const LEAST = 10
const WIDEST = 32

const common = (a: Fields, b: Fields): Fields =>
  Object.fromEntries(Object.entries(a).filter(([name, value]) => isScalar(value) && ownField(b, name) === value))

const isDense = (numbered: readonly Entry[], idField: string): boolean => {
  const [first, last] = [numbered[0], numbered[numbered.length - 1]]
  if (first === undefined || last === undefined || numbered.length < LEAST) return false
  const span = Number(last.id) - Number(first.id) + 1
  return (isInText(idField) || typeof ownField(first.item, idField) === 'number') && numbered.length >= DENSE * span
}

const followed = (follows: ReadonlyMap<string, Follows>, id: number): Fields => {
  const found: Record<string, Json> = {}
  for (const [name, of] of follows) {
    const value = of(id)
    if (value !== undefined) found[name] = value
  }
  return found
}

const inNumbers = (entries: readonly Entry[]): Entry[] =>
  entries.filter(({ id }) => /^\d{1,9}$/.test(id)).sort(byNumber)

/**
 * Rows that nobody asked for yet, between known ones: where numbers are given one after the other, most of those between
 * are there too (a GET of one would say so), and have what follows from their number and what their neighbours share.
 */
const between = (entries: readonly Entry[], idField: string, gone: ReadonlySet<string>): Entry[] => {
  const numbered = inNumbers(entries)
  const found: Entry[] = []
  if (!isDense(numbered, idField)) return found
  let follows: ReadonlyMap<string, Follows> | undefined
  for (let i = 1; i < numbered.length; i++) {
    const [a, b] = [numbered[i - 1] as Entry, numbered[i] as Entry]
    const [from, to] = [Number(a.id), Number(b.id)]
    if (to - from < 2 || to - from > WIDEST) continue
    const shared = common(a.item, b.item)
    follows ??= rowsFollow(numbered, idField)
    for (let id = from + 1; id < to; id++) {
      if (gone.has(String(id))) continue
      const item = { ...shared, ...followed(follows, id), ...(isInText(idField) ? {} : { [idField]: id }) }
      found.push({ id: String(id), born: b.born, item, guessed: true })
    }
  }
  return found
}

/** One object as its asker sees it. */
export const entryOf = (object: ObjectRecord, asker: string): Entry | undefined => {
  const view = visibleView(object, asker)
  if (view === undefined) return undefined
  return { id: object.id, born: object.born, item: view.listed, written: object.written > 0 }
}

/** Entries of one value, and the order that they were last asked for in. */
interface Having {
  readonly entries: Entry[]
  order: string
}

const indexed = (entries: readonly Entry[], field: string): Map<string, Having> => {
  const index = new Map<string, Having>()
  for (const entry of entries) {
    const value = textOf(at(entry.item, field))
    if (value === undefined) continue
    const known = index.get(value)
    if (known === undefined) index.set(value, { entries: [entry], order: '' })
    else known.entries.push(entry)
  }
  return index
}

/** What an asker sees of these objects. `idField`: where the id of an item stands. */
export const openSight = (objects: Iterable<ObjectRecord>, asker: string, idField: string): Sight => {
  const entries: Entry[] = []
  const gone = new Set<string>()
  for (const object of objects) {
    if (object.gone > 0) gone.add(object.id)
    const entry = entryOf(object, asker)
    if (entry !== undefined) entries.push(entry)
  }
  entries.push(...between(entries, idField, gone))
  const fields = new Map<string, Map<string, Having>>()
  const orders = new Map<string, readonly Entry[]>()
  let ids: Map<string, Entry> | undefined
  let follows: ReadonlyMap<string, Follows> | undefined
  return {
    entries,
    row: (id) => {
      follows ??= rowsFollow(inNumbers(entries.filter(({ guessed }) => guessed !== true)), idField)
      return followed(follows, id)
    },
    entry: (id) => (ids ??= new Map(entries.map((entry) => [entry.id, entry]))).get(id),
    having: (field, value, { name, compare }) => {
      const index = fields.get(field) ?? indexed(entries, field)
      fields.set(field, index)
      const found = index.get(value)
      if (found === undefined) return []
      if (found.order !== name) {
        found.entries.sort(compare)
        found.order = name
      }
      return found.entries
    },
    inOrder: (name, compare) => {
      const known = orders.get(name) ?? entries.toSorted(compare)
      orders.set(name, known)
      return known
    },
  }
}

/** First place whose entry does not come before this one. */
const placeOf = (entries: readonly Entry[], entry: Entry, compare: Compare): number => {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(entries[middle] as Entry, entry) < 0) low = middle + 1
    else high = middle
  }
  return low
}

export interface Cut {
  readonly start: number
  readonly limit: number
  readonly compare: Compare
}

/**
 * A page of entries in order, without those in `without` and with those in `added`: each of the few can move a rank by one
 * at most, so only a window around the page is looked at.
 */
export const pageOf = (
  entries: readonly Entry[],
  { without, added }: { readonly without: readonly Entry[]; readonly added: readonly Entry[] },
  { start, limit, compare }: Cut,
): readonly Entry[] => {
  if (without.length === 0 && added.length === 0) return entries.slice(start, start + limit)
  const few = without.length + added.length
  const low = Math.max(0, start - few)
  const high = Math.min(entries.length, start + limit + few)
  const ids = new Set(without.map(({ id }) => id))
  const isBefore = (entry: Entry): boolean => placeOf(entries, entry, compare) < low
  const before = added.filter(isBefore)
  const rank = low - without.filter(isBefore).length + before.length
  const inside = added.filter((entry) => !before.includes(entry))
  const window = [...entries.slice(low, high).filter(({ id }) => !ids.has(id)), ...inside].sort(compare)
  return window.slice(start - rank, start - rank + limit)
}
