/** What a processing task has committed, as its changelog says. */
import { positionIn } from '../kit/changelog.ts'
import { readPartition } from './cursor.ts'
import { type Journal, type PartitionName, rangeOf } from './journal.ts'

/** The position is the last record of every commit, and the last of its key survives compaction; 0 where none is. */
export const committedAt = async (journal: Journal, name: PartitionName, signal: AbortSignal): Promise<number> => {
  const { start, end } = await rangeOf(journal, name)
  for (const offset of end > start ? [end - 1, start] : []) {
    let position: number | undefined
    const how = { from: { kind: 'offset', offset }, until: { kind: 'offset', offset: end } } as const
    for await (const batch of readPartition(journal, name, { ...how, signal }))
      for (const record of batch) position = positionIn(record) ?? position
    if (position !== undefined) return position
  }
  return 0
}
