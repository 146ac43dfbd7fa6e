/** Learns what is gone where no template tells yet that a path ends in an id. */
import { objectKey } from '../../schemas/semantics/ghosts/objects.ts'
import { emptyObject } from './learn-objects.ts'
import { isGone, isGood } from './lesson.ts'
import type { Lesson } from './lesson.ts'

/** By its path: what was removed, known or not; what is not found only where its asker saw it before. */
export const learnRemoved = ({ o, asked, memory, emit }: Lesson): void => {
  const { status } = o.exchange
  const { service, segments } = asked
  const id = segments.at(-1)
  if (id === undefined || segments.length < 2) return
  const isRemoved = asked.method === 'DELETE' && isGood(status)
  if (!isRemoved && !(asked.method === 'GET' && isGone(status))) return
  const type = `/${segments.slice(0, -1).join('/')}`
  const known = memory.object(objectKey(service, type, id))
  // Another's 404 may only mean that they may not see it.
  if (!isRemoved && !known?.views.some((view) => view.asker === asked.asker)) return
  const record = known ?? emptyObject(service, type, id, asked.at)
  if (record.gone >= o.at) return
  record.gone = o.at
  memory.keepObject(record, emit)
}
