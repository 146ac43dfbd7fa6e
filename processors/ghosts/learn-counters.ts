/** Learns what a write below an object does to the object's numbers: by what it showed before, and shows at the next sight. */
import { learnEffects } from '../../schemas/semantics/ghosts/counters.ts'
import type { EndpointModel, ObjectRecord } from '../../schemas/semantics/ghosts/model.ts'
import { findNamed, objectAbove } from '../../schemas/semantics/ghosts/objects.ts'
import type { Change } from '../../schemas/semantics/ghosts/overlay.ts'
import type { Fields } from '../../schemas/semantics/ghosts/pointers.ts'
import { visibleView } from '../../schemas/semantics/ghosts/views.ts'
import { endpointKey } from './memory.ts'
import type { Lesson } from './lesson.ts'

/** Marks the object above a write, unless the write showed it. */
export const noteBelow = (
  { o, asked, memory, emit }: Lesson,
  model: EndpointModel,
  changes: readonly Change[],
): void => {
  const named = objectAbove(model, asked, memory)
  const record = findNamed(named, asked.service, memory)
  if (named === undefined || record === undefined) return
  if (changes.some(({ type, id }) => type === named.type && id === named.id)) return
  const [first, count, at] = record.below ?? [model.id, 0, o.at]
  record.below = [first, count + 1, at]
  memory.keepObject(record, emit)
}

/** What an object shows after exactly one write below it, beside what it showed before, says what such writes do. */
export const learnBelow = ({ asked, memory }: Lesson, record: ObjectRecord, after: Fields): void => {
  const [endpoint, count, at] = record.below ?? ['', 0, 0]
  const view = count === 0 ? undefined : visibleView(record, asked.asker)
  if (view === undefined) return
  delete record.below
  const state = memory.endpoints.get(endpointKey(endpoint))
  if (state === undefined || count > 1 || view.stale || view.at >= at) return
  learnEffects((state.model.effects ??= []), view.value, after)
  // What was learned of an endpoint besides its own exchanges is published with the next of its news.
  memory.saveEndpoint({ ...state, published: Math.min(state.published, state.model.count - 1) })
}
