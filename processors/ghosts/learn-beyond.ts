/** Learns how a page beyond the last is answered: by a refusal, as some frameworks do, or by a page of nothing. */
import { isFirst, planOf } from '../../schemas/semantics/ghosts/lists.ts'
import type { EndpointModel, Json } from '../../schemas/semantics/ghosts/model.ts'
import { listIn } from './learn-list.ts'
import type { Lesson } from './lesson.ts'

/** Not found, bad, or a range that cannot be had (RFC 9110 §15.5.17). */
const REFUSED = new Set([400, 404, 416])
const MOST = 8

/** Counts the answer to a page that is not the first, where it shows nothing. */
export const learnBeyond = ({ o, asked }: Lesson, { list, template }: EndpointModel): void => {
  if (list === null) return
  const { status } = o.exchange
  const isRefused = REFUSED.has(status)
  if (!isRefused && (status >= 300 || listIn(o.responseJson as Json | undefined)?.items.length !== 0)) return
  const plan = planOf(list, template, asked, { hasField: () => false })
  if (plan === undefined || isFirst(plan) || plan.after !== '') return
  const [known, lead] = list.beyond ?? [status, 0]
  list.beyond = isRefused ? [status, Math.min(MOST, lead + 1)] : [known, Math.max(-MOST, lead - 1)]
}
