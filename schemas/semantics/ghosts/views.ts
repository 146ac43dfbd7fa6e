/** What an asker may see of an object. */
import { rememberedOf } from '../remembered.ts'
import { parseJson } from './json.ts'
import type { ObjectRecord } from './model.ts'
import { isFields } from './pointers.ts'
import type { Fields } from './pointers.ts'

type View = ObjectRecord['views'][number]

/** Views are replaced, never changed: what one says is parsed once. */
interface Parsed {
  readonly value: Fields | undefined
  readonly listed: Fields | undefined
}
const fieldsIn = (text: string): Fields | undefined => {
  const json = parseJson(text)
  return isFields(json) ? json : undefined
}
const parsedOf = rememberedOf(({ json, aside }: View): Parsed => {
  const value = fieldsIn(json)
  return { value, listed: aside === undefined ? value : { ...value, ...fieldsIn(aside) } }
})

export interface Visible {
  readonly value: Fields
  /** The same with what only lists show. */
  readonly listed: Fields
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
  const { value, listed = value } = parsedOf(best)
  const stale = best.at < object.written
  if (value === undefined || listed === undefined) return undefined
  return { value, listed, at: best.at, whole: best.whole, stale }
}
