/** What an asker may see of an object. */
import { parseJson } from './json.ts'
import type { ObjectRecord } from './model.ts'
import { isFields } from './pointers.ts'
import type { Fields } from './pointers.ts'

type View = ObjectRecord['views'][number]

/** Views are replaced, never changed: what one says is parsed once. */
const parsed = new WeakMap<View, { readonly value: Fields | undefined }>()
const valueOf = (view: View): Fields | undefined => {
  const known = parsed.get(view)
  if (known !== undefined) return known.value
  const json = parseJson(view.json)
  const value = isFields(json) ? json : undefined
  parsed.set(view, { value })
  return value
}

export interface Visible {
  readonly value: Fields
  readonly at: number
  readonly whole: boolean
  /** Somebody wrote to the object since: this is what it was before. */
  readonly stale: boolean
}

const isFor = (view: View, asker: string): boolean => view.asker === asker || view.asker === ''

const beats = (view: View, best: View | undefined): boolean =>
  best === undefined || view.at > best.at || (view.at === best.at && view.whole)

/** What an asker may see of an object: their own view or the public one, the newer first. */
export const visibleView = (object: ObjectRecord, asker: string): Visible | undefined => {
  let best: View | undefined
  for (const view of object.views) if (isFor(view, asker) && beats(view, best)) best = view
  if (best === undefined || best.at < object.gone) return undefined
  const value = valueOf(best)
  const stale = best.at < object.written
  return value === undefined ? undefined : { value, at: best.at, whole: best.whole, stale }
}
