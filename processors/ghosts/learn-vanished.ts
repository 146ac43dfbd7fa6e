/**
 * What lists say of rows that are gone though nobody saw them go: numbers left out between those of a page, and totals that
 * are less than the numbers that were given out.
 */
import type { Header } from '../../schemas/events.ts'
import { totalKey } from '../../schemas/semantics/ghosts/around.ts'
import { inForm } from '../../schemas/semantics/ghosts/forms.ts'
import { collectionOf, isFirst, MAX_LIST, planOf } from '../../schemas/semantics/ghosts/lists.ts'
import type { Plan } from '../../schemas/semantics/ghosts/lists.ts'
import type { EndpointModel, ListModel } from '../../schemas/semantics/ghosts/model.ts'
import { objectKey } from '../../schemas/semantics/ghosts/objects.ts'
import { ownField } from '../../schemas/semantics/ghosts/pointers.ts'
import type { SeenList } from './learn-around.ts'
import { emptyObject } from './learn-objects.ts'
import type { Lesson } from './lesson.ts'

/** A wider gap is more than removed rows; fewer known rows say nothing. */
const WIDEST = 16
const LEAST = 10
/** Share of the numbers that must still be there: otherwise they are no row numbers. */
const DENSE = 0.5

/** Numbers of the items, where they rise; undefined where ids are no numbers or in another order. */
const numbersOf = (list: ListModel, { items }: SeenList): number[] | undefined => {
  const numbers = items.map((item) => ownField(item, list.idField))
  const isRising = numbers.every((n, i) => typeof n === 'number' && (i === 0 || n > Number(numbers[i - 1])))
  return isRising ? (numbers as number[]) : undefined
}

/** Marks a row that a whole list left out. */
const leftOut = ({ o, asked, memory, emit }: Lesson, type: string, id: string): void => {
  const key = objectKey(asked.service, type, id)
  const record = memory.object(key) ?? emptyObject(asked.service, type, id, asked.at)
  if (record.gone > 0 || record.views.some((view) => view.at >= o.at)) return
  record.gone = o.at
  memory.keepObject(record, emit)
}

const learnGaps = (lesson: Lesson, type: string, numbers: readonly number[], isStart: boolean): void => {
  const [first = 0] = numbers
  const from = isStart && first > 0 ? [0, ...numbers] : numbers
  for (const [i, number] of from.entries()) {
    const next = from[i + 1] ?? number
    if (next - number > WIDEST) continue
    for (let id = number + 1; id < next; id++) leftOut(lesson, type, String(id))
  }
}

const TOTAL = /^(x-)?total(-count|-items)?$/i
const RANGE = /^[\w-]+ \d+-\d+\/(\d+)$/

/** The total that an answer's header fields tell: X-Total-Count, or Content-Range as `items 0-9/200`. */
const totalIn = (headers: readonly Header[]): number | undefined => {
  for (const { name, value } of headers) {
    const text = TOTAL.test(name) ? value : name.toLowerCase() === 'content-range' ? (RANGE.exec(value)?.[1] ?? '') : ''
    if (/^\d{1,9}$/.test(text)) return Number(text)
  }
  return undefined
}

const learnTotal = ({ o, asked, memory }: Lesson, model: EndpointModel, list: ListModel, plan: Plan): void => {
  const type = collectionOf(list, asked)
  const total =
    totalIn(o.exchange.responseHeaders) ?? list.totals.find(([key]) => key === totalKey(plan, asked.asker))?.[1]
  const { largest, removed, size } = memory.objects(asked.service, type)
  if (total === undefined) return
  // The list remembers: of one row nothing may be known yet.
  model.rows = Math.max(model.rows ?? 0, total)
  const item = memory.sibling(asked.service, 'GET', `${type}/${largest}`)
  if (item === undefined || size < LEAST || total < DENSE * largest) return
  item.vanished = Math.max(0, Math.max(largest, model.rows) - total - removed)
}

/** Learns from a list that everybody sees and that leaves nothing out by itself. */
export const learnVanished = (lesson: Lesson, model: EndpointModel, list: ListModel, seen: SeenList): void => {
  const { asked } = lesson
  const plan = planOf(inForm(list, asked), model.template, asked, { hasField: () => false })
  if (plan === undefined || plan.filters.length > 0 || list.type !== model.template) return
  const type = collectionOf(list, asked)
  const numbers = plan.sort.length === 0 && !plan.descending ? numbersOf(list, seen) : undefined
  const isStart = isFirst(plan) && (plan.limited || plan.limit < MAX_LIST)
  if (numbers !== undefined) learnGaps(lesson, type, numbers, isStart)
  learnTotal(lesson, model, list, plan)
}
