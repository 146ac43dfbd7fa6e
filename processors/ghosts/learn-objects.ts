/** Keeps objects: from GETs of one, from lists of many, and from writes. Items and writes replace, lists merge. */
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import type { Json, ObjectRecord } from '../../schemas/semantics/ghosts/model.ts'
import { parseJson } from '../../schemas/semantics/ghosts/json.ts'
import { objectKey } from '../../schemas/semantics/ghosts/objects.ts'
import { isFields, ownField } from '../../schemas/semantics/ghosts/pointers.ts'
import type { Fields } from '../../schemas/semantics/ghosts/pointers.ts'

const MAX_VIEWS = 8
const MAX_JSON = 8192
const REFRESH = 60_000_000

/** JSON.parse loses digits beyond 2^53: an object with such a number is not kept, rather than kept wrong. */
export const isExactJson = (json: Json): boolean => {
  if (typeof json === 'number') return Number.isSafeInteger(json) || (!Number.isInteger(json) && Math.abs(json) < 1e15)
  if (typeof json !== 'object' || json === null) return true
  return Object.values(json).every((value) => isExactJson(value as Json))
}

export const emptyObject = (service: string, type: string, id: string, born: number): ObjectRecord => ({
  key: objectKey(service, type, id),
  service,
  type,
  id,
  views: [],
  gone: 0,
  written: 0,
  born,
  tick: 0,
})

export interface Seen {
  readonly fields: Fields
  /** The object's own representation, rather than an entry of a list. */
  readonly whole: boolean
  /** What only lists show of it. */
  readonly aside?: Fields
  /** As a query asked for it: with fields left out, or with more than it has by itself. */
  readonly part?: boolean
}

type View = ObjectRecord['views'][number]

/** Whether a view says nothing new, and is young enough to stay as it is. */
const isOldNews = (known: View, view: View, record: ObjectRecord): boolean =>
  known.json === view.json &&
  known.aside === view.aside &&
  known.whole === view.whole &&
  known.at >= record.written &&
  known.at >= record.gone &&
  view.at < known.at + REFRESH

/** Of a part of a known object only what it has by itself, with the rest as it was. */
const completed = (known: View, { fields }: Seen): Seen => {
  const before = parseJson(known.json) as Fields
  const own = Object.entries(fields).filter(([name]) => !known.whole || Object.hasOwn(before, name))
  return { fields: { ...before, ...Object.fromEntries(own) }, whole: known.whole }
}

const merged = (known: View | undefined, seen: Seen, record: ObjectRecord): Seen => {
  if (seen.part === true)
    return known === undefined || known.at < record.written ? { ...seen, whole: false } : completed(known, seen)
  if (known === undefined || known.at < record.written) return seen
  if (seen.whole) return { ...seen, aside: without(listedOf(known), seen.fields) }
  return known.whole ? renewed(known, seen.fields) : seen
}

/** A list may show in short what the object has in full: the text of an address, the id of an author. */
const isAlike = (a: Json, b: Json): boolean => a === null || b === null || isFields(a) === isFields(b)

/** What the others do not have, or have in another form. */
const without = (fields: Fields, others: Fields): Fields => {
  const isTheirs = (name: string, value: Json): boolean => {
    const other = ownField(others, name)
    return other !== undefined && isAlike(value, other)
  }
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => !isTheirs(name, value)))
}

/** What only lists showed so far. */
const listedOf = ({ whole, json, aside }: View): Fields => {
  const text = whole ? aside : json
  return text === undefined ? {} : (parseJson(text) as Fields)
}

/** An object that is known as a whole, with what a list says of it now: what it does not show by itself stays aside. */
const renewed = (known: View, fields: Fields): Seen => {
  const before = parseJson(known.json) as Fields
  const aside = without(fields, before)
  return { fields: { ...before, ...without(fields, aside) }, whole: true, aside: { ...listedOf(known), ...aside } }
}

/** Adds what an asker saw; true when that must be written. */
export const addView = (record: ObjectRecord, asked: Asked, seen: Seen): boolean => {
  const known = record.views.find((view) => view.asker === asked.asker)
  if (known !== undefined && known.at > asked.at) return false
  const { fields, whole, aside = {} } = merged(known, seen, record)
  const listed = Object.keys(aside).length === 0 ? {} : { aside: JSON.stringify(aside) }
  const view: View = { asker: asked.asker, json: JSON.stringify(fields), at: asked.at, whole, ...listed }
  if (view.json.length + (listed.aside?.length ?? 0) > MAX_JSON || !isExactJson(fields)) return false
  if (known !== undefined && isOldNews(known, view, record)) return false
  record.views = [...record.views.filter((v) => v !== known), view].slice(-MAX_VIEWS)
  if (view.at > record.gone) record.gone = 0
  return true
}
