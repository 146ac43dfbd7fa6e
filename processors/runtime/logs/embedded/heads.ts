/** The partitions an appender knows, and the offsets they are at. */
import { createBuilder, type Frame, type Head } from './builder.ts'
import type { Ends } from './recovery.ts'

/** By topic, then partition; an array may have holes. */
export type Heads = Map<string, Head[]>

const newHead = (topic: string, partition: number, next: number): Head => ({
  topic,
  topicBytes: Buffer.from(topic),
  partition,
  next,
  written: next,
})

/** The partition's head, begun at offset 0 when it is new. */
export const headIn = (heads: Heads, topic: string, partition: number): Head => {
  let all = heads.get(topic)
  if (all === undefined) heads.set(topic, (all = []))
  return (all[partition] ??= newHead(topic, partition, 0))
}

/** Takes over what recovery found. */
export const adoptEnds = (heads: Heads, ends: Ends): void => {
  for (const [topic, partitions] of ends) {
    const all: Head[] = []
    for (const [partition, next] of partitions) all[partition] = newHead(topic, partition, next)
    heads.set(topic, all)
  }
}

/** The first frame of a segment: the next offset of every partition, as it is on disk. */
export const framesOf = (heads: Heads): Frame[] => {
  const builder = createBuilder()
  for (const all of heads.values())
    for (const head of all) if (head !== undefined) builder.mark({ ...head, next: head.written })
  return builder.takeOrEmpty()
}
