/** What stands around the items of a list: counts, totals, pages, and links to other pages. */
import type { Asked } from './asked.ts'
import { linksOf } from './links.ts'
import { MAX_LIST, startFrom } from './lists.ts'
import type { Made, Plan } from './lists.ts'
import { keyOf } from './model.ts'
import type { Json, ListModel } from './model.ts'
import { ownField } from './pointers.ts'

/** Totals are told apart by who asks and by the filters. */
export const totalKey = (plan: Plan, asker: string): string =>
  keyOf(asker, ...plan.filters.flatMap(([role, value]) => [role, value]).slice(0, 16))

interface Page {
  readonly count: number
  readonly total: number
  readonly plan: Plan
  readonly last: Json | undefined
}

/** Scalars around the items, by what they may be. Undefined: this page says nothing. */
export const AROUND: Readonly<Record<string, (page: Page) => Json | undefined>> = {
  count: ({ count }) => count,
  limit: ({ plan }) => (plan.limit < MAX_LIST ? plan.limit : undefined),
  page: ({ plan }) => plan.page,
  offset: ({ plan }) => (plan.paged ? startFrom(plan) : plan.offset),
  pages: ({ plan, total }) => (plan.limit < MAX_LIST ? Math.ceil(total / plan.limit) : undefined),
  'pages from 1': ({ plan, total }) => (plan.limit < MAX_LIST ? Math.max(1, Math.ceil(total / plan.limit)) : undefined),
  total: ({ total }) => total,
  more: ({ plan, total, count }) => startFrom(plan) + count < total,
  next: ({ plan, total, count }) => (startFrom(plan) + count < total ? plan.page + 1 : null),
  previous: ({ plan }) => (plan.page > plan.base ? plan.page - 1 : null),
  last: ({ last, plan, total, count }) => (last !== undefined && startFrom(plan) + count < total ? last : null),
  ended: ({ plan, total, count }) => startFrom(plan) + count >= total,
  begun: ({ plan }) => startFrom(plan) > 0,
  first: ({ plan }) => startFrom(plan) === 0,
  empty: ({ count }) => count === 0,
  sorted: ({ plan }) => plan.sort.length > 0,
  unsorted: ({ plan }) => plan.sort.length === 0,
  index: ({ plan }) => Math.max(0, plan.page - plan.base),
  from: ({ plan, count }) => (count === 0 ? null : startFrom(plan) + 1),
  to: ({ plan, count }) => (count === 0 ? null : startFrom(plan) + count),
}

/** What stands around the items of a made list, by pointer. */
export const aroundOf = (list: ListModel, made: Made, asked: Asked): Map<string, Json> => {
  const told = list.totals.find(([key]) => key === totalKey(made.plan, asked.asker))?.[1]
  const page: Page = {
    count: made.items.length,
    total: Math.max(made.total, told ?? 0),
    plan: made.plan,
    last: ownField(made.items[made.items.length - 1], list.idField),
  }
  const found = linksOf(list.links ?? [], asked, { ...made.plan, count: page.count, total: page.total })
  for (const [pointer, roles] of list.around) {
    if (found.has(pointer)) continue
    const [best, hits] = roles.reduce((a, b) => (a[1] >= b[1] ? a : b), ['', 0] as [string, number])
    const value = hits <= 0 ? undefined : AROUND[best]?.(page)
    if (value !== undefined) found.set(pointer, value)
  }
  return found
}
