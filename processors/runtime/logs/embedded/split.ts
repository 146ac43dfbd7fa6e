/** Which records of an append go where. */
import type { NewRecord, Output } from '../../../../schemas/log.ts'
import { partitionOf } from '../kit/partitioner.ts'
import type { Head, Part } from './builder.ts'

const headFor = (heads: readonly Head[], record: NewRecord): Head =>
  (heads.length === 1 ? heads[0] : heads[record.partition ?? partitionOf(record.key, heads.length)]) as Head

/** Splits records by partition, and says which part each is in. */
export const split = (heads: readonly Head[], records: readonly NewRecord[]): { parts: Part[]; places: number[] } => {
  const byHead = new Map<Head, { readonly place: number; readonly part: NewRecord[] }>()
  const places = records.map((record) => {
    const head = headFor(heads, record)
    let found = byHead.get(head)
    if (found === undefined) byHead.set(head, (found = { place: byHead.size, part: [] }))
    found.part.push(record)
    return found.place
  })
  return { parts: [...byHead].map(([head, { part }]) => ({ head, records: part })), places }
}

export const byTopic = (outputs: readonly Output[]): Map<string, Output[]> => {
  const groups = new Map<string, Output[]>()
  for (const output of outputs) {
    const group = groups.get(output.topic)
    if (group === undefined) groups.set(output.topic, [output])
    else group.push(output)
  }
  return groups
}
