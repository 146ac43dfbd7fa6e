/** Keeps objects: from GETs of one, from lists of many, and from writes. Items and writes replace, lists merge. */
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import type { Json, ObjectRecord } from '../../schemas/semantics/ghosts/model.ts'
import { parseJson } from '../../schemas/semantics/ghosts/json.ts'
import { objectKey } from '../../schemas/semantics/ghosts/objects.ts'

const MAX_VIEWS = 8
const MAX_JSON = 8192
const MAX_ITEMS = 100
const MAX_ID = 128
const REFRESH = 60_000_000

export type Fields = { readonly [key: string]: Json }

export const isFields = (json: Json | undefined): json is Fields =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

/** JSON.parse loses digits beyond 2^53: an object with such a number is not kept, rather than kept wrong. */
export const isExactJson = (json: Json): boolean => {
  if (typeof json === 'number') return Number.isSafeInteger(json) || (!Number.isInteger(json) && Math.abs(json) < 1e15)
  if (typeof json !== 'object' || json === null) return true
  return Object.values(json).every((value) => isExactJson(value as Json))
}

export const emptyObject = (service: string, type: string, id: string): ObjectRecord => ({
  key: objectKey(service, type, id),
  service,
  type,
  id,
  views: [],
  gone: 0,
  written: 0,
  tick: 0,
})

/** A value of an id field as it stands in paths; undefined when it is none. */
export const idText = (value: Json | undefined): string | undefined => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID ? value : undefined
}

export interface Seen {
  readonly fields: Fields
  /** The object's own representation, rather than an entry of a list. */
  readonly whole: boolean
}

type View = ObjectRecord['views'][number]

/** Whether a view says nothing new, and is young enough to stay as it is. */
const isOldNews = (known: View, view: View, record: ObjectRecord): boolean =>
  known.json === view.json && known.whole === view.whole && known.at >= record.written && view.at < known.at + REFRESH

const merged = (known: View | undefined, seen: Seen, record: ObjectRecord): Seen => {
  if (seen.whole || known === undefined || !known.whole || known.at < record.written) return seen
  return { fields: { ...(parseJson(known.json) as Fields), ...seen.fields }, whole: true }
}

/** Adds what an asker saw; true when that must be written. */
export const addView = (record: ObjectRecord, asked: Asked, seen: Seen): boolean => {
  const known = record.views.find((view) => view.asker === asked.asker)
  if (known !== undefined && known.at > asked.at) return false
  const { fields, whole } = merged(known, seen, record)
  const view: View = { asker: asked.asker, json: JSON.stringify(fields), at: asked.at, whole }
  if (view.json.length > MAX_JSON || !isExactJson(fields)) return false
  if (known !== undefined && isOldNews(known, view, record)) return false
  record.views = [...record.views.filter((v) => v !== known), view].slice(-MAX_VIEWS)
  if (view.at > record.gone) record.gone = 0
  return true
}

/** The items of a list: the body itself, or its only array of objects. */
export const listOf = (
  json: Json | undefined,
): { readonly field: string; readonly items: readonly Fields[] } | undefined => {
  if (Array.isArray(json))
    return json.every(isFields) ? { field: '', items: json.slice(0, MAX_ITEMS) as Fields[] } : undefined
  if (!isFields(json)) return undefined
  const arrays = Object.entries(json).filter(([, value]) => Array.isArray(value) && (value as Json[]).every(isFields))
  const [only] = arrays
  if (only === undefined || arrays.length !== 1) return undefined
  return { field: only[0], items: (only[1] as Fields[]).slice(0, MAX_ITEMS) }
}
