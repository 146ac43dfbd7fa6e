/** Learns what stands around the items of a list: counts, totals, pages and links to other pages. */
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import { AROUND, totalKey } from '../../schemas/semantics/ghosts/around.ts'
import { learnLink } from '../../schemas/semantics/ghosts/links.ts'
import { MAX_LIST, startFrom } from '../../schemas/semantics/ghosts/lists.ts'
import type { Plan } from '../../schemas/semantics/ghosts/lists.ts'
import type { Json, ListModel } from '../../schemas/semantics/ghosts/model.ts'
import { isScalar, ownField, pointersOf } from '../../schemas/semantics/ghosts/pointers.ts'
import type { Fields } from '../../schemas/semantics/ghosts/pointers.ts'

/** The items of an answer, and where they stand in it. */
export interface SeenList {
  readonly at: string
  readonly items: readonly Fields[]
}

const MAX_TOTALS = 32
const MAX_AROUND = 24
const DEPTH = 3
/** Answers that must confirm what did not fit once. */
const DOUBT = 4

/** What a total may be: all that there is when the page is not full; how long a full one is may not be known yet. */
const mayBeTotal = (value: Json, plan: Plan, count: number): boolean => {
  if (typeof value !== 'number' || !Number.isInteger(value)) return false
  if (plan.limit >= MAX_LIST) return value >= count
  const end = startFrom(plan) + count
  return count > 0 && count < plan.limit ? value === end : value >= end
}

interface Around {
  readonly count: number
  readonly total: number
  readonly last: Json | undefined
}

/** What a scalar may be; `undefined` where this page does not tell. */
const fitsRole = (role: string, value: Json, plan: Plan, page: Around): boolean | undefined => {
  if (role === 'total') return mayBeTotal(value, plan, page.count)
  const made = AROUND[role]?.({ ...page, plan })
  return made === undefined ? undefined : made === value
}

const candidatesAround = (fits: (role: string) => boolean | undefined, hits: number): [string, number][] =>
  Object.keys(AROUND).flatMap((role): [string, number][] => {
    const fit = fits(role)
    return fit === false ? [] : [[role, fit === true ? hits : Math.min(0, hits)]]
  })

/** A number that nothing fits any more is looked at anew: how long a page is may not have been known. */
const noteAround = (
  list: ListModel,
  [pointer, value]: readonly [string, Json],
  fits: (role: string) => boolean | undefined,
): void => {
  const known = list.around.find(([p]) => p === pointer)
  if (known === undefined) {
    if (list.around.length < MAX_AROUND) list.around.push([pointer, candidatesAround(fits, 1)])
    return
  }
  known[1] = known[1].filter(([role]) => fits(role) !== false)
  for (const role of known[1]) if (fits(role[0]) === true) role[1]++
  if (known[1].length === 0 && typeof value === 'number') known[1] = candidatesAround(fits, -DOUBT)
}

/** The total that stands around the items, if one may be it. */
const totalOf = (
  list: ListModel,
  scalars: readonly [string, Json][],
  plan: Plan,
  count: number,
): number | undefined => {
  const totals = scalars.filter(([pointer, v]) => mayBeTotal(v, plan, count) && !isOther(list, pointer))
  return (totals.find(([pointer]) => /total|count/i.test(pointer)) ?? totals[0])?.[1] as number | undefined
}

/** Learns what stands around one page. */
export const learnAround = (
  list: ListModel,
  page: { json: Json | undefined; seen: SeenList; plan: Plan },
  asked: Asked,
): void => {
  const { json, seen, plan } = page
  if (seen.at === '') return
  const scalars = pointersOf(json, DEPTH).filter(([p, v]) => isScalar(v) && !p.startsWith(`${seen.at}/`))
  const count = seen.items.length
  const total = totalOf(list, scalars, plan, count)
  const last = ownField(seen.items[count - 1], list.idField)
  for (const [pointer, value] of scalars) {
    noteAround(list, [pointer, value], (role) => fitsRole(role, value, plan, { count, total: total ?? count, last }))
    learnLink((list.links ??= []), [pointer, value], asked, { ...plan, count, total: total ?? count })
  }
  if (total === undefined) return
  const key = totalKey(plan, asked.asker)
  list.totals = [...list.totals.filter(([k]) => k !== key), [key, total] as [string, number]].slice(-MAX_TOTALS)
}

/** Whether a place around the items is known to be no total. */
const isOther = (list: ListModel, pointer: string): boolean => {
  const known = list.around.find(([p]) => p === pointer)
  return known !== undefined && !known[1].some(([role]) => role === 'total')
}
