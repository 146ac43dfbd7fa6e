/** Objects of GraphQL answers among all that is known: what one asker may see of them, under whichever type they were shown. */
import type { Asked } from './asked.ts'
import { touchKey } from './exact.ts'
import type { Find } from './graph-store.ts'
import type { GraphFacts } from './graph-model.ts'
import type { Json, Knowledge, ObjectRecord } from './model.ts'
import { objectKey } from './objects.ts'
import { ownField } from './pointers.ts'
import type { Fields } from './pointers.ts'
import { visibleView } from './views.ts'
import type { Visible } from './views.ts'

/** Two types are one where so many of their objects with the same id agreed, and hardly any did not. */
const MIN_AGREED = 2
const AGREED = 0.8

/** The collection in which objects of a type are kept. */
export const typeAt = ({ path }: Pick<Asked, 'path'>, type: string): string => `${path}#${type}`
/** The collection in which answers of root fields are kept. */
export const ROOTS = '.'
export const KEPT = 'kept'

const isLinked = ([, , agreed, differed]: GraphFacts['links'][number]): boolean =>
  agreed >= MIN_AGREED && agreed >= AGREED * (agreed + differed)

/** A type and those that are the same under another name. */
const typesOf = (facts: GraphFacts | undefined, type: string): string[] => {
  const types = [type]
  for (const link of facts?.links ?? [])
    if (isLinked(link) && (link[0] === type || link[1] === type)) types.push(link[0] === type ? link[1] : link[0])
  return types
}

export interface Finder {
  readonly fields: Find
  /** What is kept of a root field with its arguments. */
  readonly root: (name: string) => Json | undefined
  readonly state: (type: string, id: string) => 'known' | 'gone' | 'unknown'
  /** What was used: how old the oldest is, and whether something of it was written to since. */
  readonly used: { at: number; stale: boolean }
}

interface Looking {
  readonly asked: Asked
  readonly knowledge: Knowledge
}

const recordsOf = ({ asked, knowledge }: Looking, type: string, id: string): ObjectRecord[] =>
  typesOf(knowledge.facts(asked.service)?.graph, type).flatMap(
    (one) => knowledge.object(objectKey(asked.service, typeAt(asked, one), id)) ?? [],
  )

/** `withStale`: also what somebody wrote to since, which may be out of date. */
export const openFinder = (looking: Looking, withStale: boolean): Finder => {
  const { asked, knowledge } = looking
  const used = { at: asked.at, stale: false }
  const note = ({ at, stale }: Pick<Visible, 'at' | 'stale'>): void => {
    used.at = Math.min(used.at, at)
    used.stale ||= stale
  }
  const viewsOf = (type: string, id: string): Visible[] =>
    recordsOf(looking, type, id).flatMap((record) => visibleView(record, asked.asker) ?? [])
  return {
    used,
    fields: (type, id) => {
      const views = viewsOf(type, id).filter(({ stale }) => withStale || !stale)
      if (views.length === 0) return undefined
      views.forEach(note)
      const order = views.sort((a, b) => Number(b.stale) - Number(a.stale) || a.at - b.at)
      return Object.assign({}, ...order.map(({ value }) => value)) as Fields
    },
    root: (name) => {
      const record = knowledge.object(objectKey(asked.service, typeAt(asked, ROOTS), name))
      const view = record === undefined ? undefined : visibleView(record, asked.asker)
      if (view === undefined) return undefined
      const touched = knowledge.touch(touchKey(asked.service, asked.path))?.at ?? 0
      const stale = view.stale || touched > view.at
      if (stale && !withStale) return undefined
      note({ at: view.at, stale })
      return ownField(view.value, KEPT)
    },
    state: (type, id) => {
      const records = recordsOf(looking, type, id)
      if (records.length === 0) return 'unknown'
      return records.every(({ gone, written }) => gone > 0 && gone >= written) ? 'gone' : 'known'
    },
  }
}
