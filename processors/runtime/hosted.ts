/** What the host of one partition holds: the state, the steps opened over it, and what the step in hand has put out so far. */
import type { Codecs, ValueTopic } from '../../schemas/codecs.ts'
import type { TopicValues } from '../../schemas/events.ts'
import type { LogRecord, Output } from '../../schemas/log.ts'
import { topicName, type Topic } from '../../schemas/topics.ts'
import type { Emit, Late, LocatorSteps, Split, Steps, Store, Topology } from '../kit/processor.ts'
import type { Clock } from './clock.ts'
import type { Failure, Stage } from './dead-letters.ts'
import type { Mark } from './marks.ts'
import { createState, type State } from './state.ts'

export interface TaskCounts {
  exchanges: number
  signals: number
  commands: number
  duplicates: number
  /** Events that never came: jumps in the writers' numbering. */
  lost: number
  deadLetters: number
}

export interface TaskOptions {
  readonly topology: Topology
  readonly codecs: Codecs
  /** Called after each step with what it counted. */
  readonly onCounts?: (counts: Readonly<TaskCounts>) => void
  /** Called for each event put on dead-letters. */
  readonly onDeadLetter?: (failure: Failure, record: LogRecord) => void
}

interface Named {
  readonly name: string
  readonly steps: Steps
}

export interface Letter {
  readonly failure: Failure
  readonly record: LogRecord
}

export interface Host {
  readonly options: TaskOptions
  readonly state: State
  readonly marks: Store<Mark>
  readonly clock: Store<Clock>
  readonly emit: Emit
  /** Where the event in hand is: says who threw. */
  readonly place: { by: string; stage: Stage; timestamp: number }
  outputs: Output[]
  letters: Letter[]
  counts: TaskCounts
  locator: LocatorSteps
  processors: readonly Named[]
  /** What the event in hand made several. */
  splits: readonly Split[]
}

export const NO_SPLITS: readonly Split[] = []

export const noCounts = (): TaskCounts => ({
  exchanges: 0,
  signals: 0,
  commands: 0,
  duplicates: 0,
  lost: 0,
  deadLetters: 0,
})

export const HOST = 'host'
const names = new Map<string, string>()
const nameOf = (topic: Topic): string => {
  const known = names.get(topic)
  if (known !== undefined) return known
  names.set(topic, topicName(topic))
  return topicName(topic)
}

interface LateRecord<T extends ValueTopic> {
  readonly topic: T
  readonly key: string
  readonly value: Late<TopicValues[T]>
  readonly timestamp: number
}

/** Encoded when it is read: what a commit overwrites itself is never encoded (see newest.ts). */
const lateOutput = <T extends ValueTopic>(codecs: Codecs, { topic, key, value, timestamp }: LateRecord<T>): Output => {
  let bytes: Uint8Array | undefined
  return {
    topic: nameOf(topic),
    key,
    get value() {
      return (bytes ??= codecs.encode(topic, value()))
    },
    timestamp,
  }
}

export const openHost = (options: TaskOptions): Host => {
  const state = createState()
  const own = state.stores(HOST)
  const place: Host['place'] = { by: HOST, stage: 'process', timestamp: 0 }
  const emit: Emit = (topic, key, value) => {
    place.stage = 'publish'
    if (typeof value === 'function')
      host.outputs.push(lateOutput(options.codecs, { topic, key, value, timestamp: place.timestamp }))
    else {
      const bytes = value === null ? null : options.codecs.encode(topic, value)
      host.outputs.push({ topic: nameOf(topic), key, value: bytes, timestamp: place.timestamp })
    }
    place.stage = 'process'
  }
  const host: Host = {
    options,
    state,
    marks: own.open<Mark>('marks'),
    clock: own.open<Clock>('clock'),
    emit,
    place,
    outputs: [],
    letters: [],
    counts: noCounts(),
    splits: NO_SPLITS,
    ...openSteps(options.topology, state),
  }
  return host
}

export const openSteps = ({ locator, processors }: Topology, state: State): Pick<Host, 'locator' | 'processors'> => ({
  locator: locator.open(state.stores(locator.name)),
  processors: processors.map((processor) => ({
    name: processor.name,
    steps: processor.open(state.stores(processor.name)),
  })),
})

/** Each lets its steps rebuild what they keep besides their stores. */
export const announceRestored = (host: Host): void => {
  host.locator.restored?.()
  for (const { steps } of host.processors) steps.restored?.()
}

/** The locator, about to speak. */
export const locatorOf = (host: Host): LocatorSteps => {
  host.place.by = host.options.topology.locator.name
  return host.locator
}

/** Every processor in the topology's order; the locator has spoken. */
export const tellAll = (host: Host, tell: (steps: Steps) => void): void => {
  for (const { name, steps } of host.processors) {
    host.place.by = name
    tell(steps)
  }
}
