/** Reads from the log what a task asks for in the middle of a step. */
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog, LogRecord, StepResult } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import type { Observation } from '../kit/processor.ts'
import type { Past, PastWanted } from './relearn.ts'

/** So many records back at most, and so many exchanges of them: a split must not hold up the partition for long. */
const REACH = 20_000
const MAX_PAST = 2_000

export type ReadPast = (wanted: PastWanted) => Promise<readonly Observation[]>

/** What a task wants of a record. One that nothing can be made of is on dead-letters since it came by for the first time. */
const sifted = (codecs: Codecs, { sift }: PastWanted, record: LogRecord): Observation | undefined => {
  try {
    return record.value === null ? undefined : sift(codecs.decode('exchanges', record.value), record)
  } catch {
    return undefined
  }
}

/** What a task wants of `exchanges`, each event once. Rejects with the log's own error. */
export const pastOf = (log: Pick<EventLog, 'read' | 'ranges'>, codecs: Codecs): ReadPast => {
  const input = topicName('exchanges')
  return async (wanted) => {
    const { partition, before } = wanted
    const start = (await log.ranges(input)).find((range) => range.partition === partition)?.start ?? 0
    const from = { kind: 'offset', offset: Math.max(start, before - REACH) } as const
    const found = new Map<string, Observation>()
    for await (const batch of log.read(input, { partition, from, until: { kind: 'offset', offset: before } })) {
      await codecs.prepare(batch.map(({ value }) => value))
      for (const record of batch) {
        const observation = sifted(codecs, wanted, record)
        if (observation !== undefined && !found.has(observation.event.id)) found.set(observation.event.id, observation)
        if (found.size > MAX_PAST) found.delete(found.keys().next().value as string)
      }
    }
    return [...found.values()]
  }
}

type Steps = Generator<PastWanted, StepResult, Past>

const goOn = async (steps: Steps, wanted: PastWanted, read: ReadPast): Promise<StepResult> => {
  let next: IteratorResult<PastWanted, StepResult> = { done: false, value: wanted }
  while (next.done !== true) next = steps.next(await read(next.value))
  return next.value
}

/** Runs a step to its end; waits only if it asks for the past. */
export const withPast = (steps: Steps, read: ReadPast): StepResult | Promise<StepResult> => {
  const first = steps.next()
  return first.done === true ? first.value : goOn(steps, first.value, read)
}
