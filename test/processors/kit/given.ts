/**
 * The test vocabulary of processors: `given(events).when(event).then(outputs)`. It runs the real host: what is given and
 * told passes through the codecs, and every step is stepped a second time after a restore, which must say the same.
 */
import { expect } from 'vitest'
import { openCodecs } from '../../../schemas/codec.ts'
import type { Event, TopicValues } from '../../../schemas/events.ts'
import type { Change, LogRecord, Output } from '../../../schemas/log.ts'
import { memorySchemaStore } from '../../../schemas/schema-store.ts'
import { topicName } from '../../../schemas/topics.ts'
import type { Locator, Processor, Topology } from '../../../processors/kit/processor.ts'
import { createTask } from '../../../processors/runtime/task.ts'

export const codecs = await openCodecs(memorySchemaStore())

/** A locator that knows every path as it is, and `merges` after the given event id. */
export const literalLocator = (merges: Record<string, { from: string; into: string }> = {}): Locator => ({
  name: 'literal',
  open: () => ({
    locate: ({ event, exchange, path }) => {
      const { service } = event
      const { method } = exchange
      const merge = merges[event.id]
      const endpoint = { id: `${service} ${method} ${path}`, service, method, template: path, parameters: [] }
      return { endpoint, merges: merge ? [merge] : [], splits: [] }
    },
    find: () => undefined,
  }),
})

export const recordOf = (event: Event | Uint8Array, offset: number): LogRecord => {
  const bytes = event instanceof Uint8Array
  const value = bytes ? event : codecs.encode('exchanges', event)
  const timestamp = bytes ? 0 : Math.floor(event.at / 1000)
  return { topic: topicName('exchanges'), partition: 0, offset, timestamp, key: bytes ? 'k' : event.service, value }
}

export interface Said<T extends keyof TopicValues = keyof TopicValues> {
  readonly topic: T
  readonly key: string
  readonly value: TopicValues[T] | null
}

const decode = ({ topic, key, value }: Output): Said => {
  const name = topic.split('.')[1] as keyof TopicValues
  return { topic: name, key, value: value === null ? null : codecs.decode(name, value) }
}

export interface Then {
  /** Everything that the last events made the topology say. */
  readonly said: readonly Said[]
  on<T extends keyof TopicValues>(topic: T): readonly TopicValues[T][]
  then(outputs: readonly object[]): void
}

export interface Given {
  when(...events: readonly (Event | Uint8Array)[]): Then
}

/** Steps over the topology, as given, then after a restore at the same place; both must agree. */
export const givenTopology = (topology: Topology, events: readonly (Event | Uint8Array)[]): Given => ({
  when: (...told) => {
    const before = events.map(recordOf)
    const after = told.map((event, i) => recordOf(event, before.length + i))
    const task = createTask({ topology, codecs })
    task.step(before)
    const state: readonly Change[] = task.dump()
    const { outputs } = task.step(after)
    const restored = createTask({ topology, codecs })
    restored.restore(state)
    expect(restored.step(after).outputs).toEqual(outputs)
    expect(restored.dump()).toEqual(task.dump())
    const said = outputs.map(decode)
    return {
      said,
      on: <T extends keyof TopicValues>(topic: T) =>
        said.filter((one) => one.topic === topic && one.value !== null).map((one) => one.value as TopicValues[T]),
      // oxlint-disable-next-line unicorn/no-thenable -- given, when, then: nobody awaits it
      then: (expected) => expect(said).toMatchObject(expected),
    }
  },
})

/** One processor behind a locator that takes every path literally. */
export const given = (processor: Processor, ...events: readonly (Event | Uint8Array)[]): Given =>
  givenTopology({ locator: literalLocator(), processors: [processor] }, events)
