/**
 * The host of one input partition: decodes an exchange once, parses its bodies once, asks the locator, passes it through
 * the processors in order, and returns outputs and state changes for one atomic commit.
 *
 * Decision (21 Nov 2026): an event is applied as a whole or not at all. When a processor throws, the state goes back to the
 * last checkpoint, the good events since then are applied again (they are in the batch in hand), the bad one goes to
 * dead-letters, and a checkpoint follows, so that no good event is applied more than twice. Rejected: an undo log of each
 * event's previous values (it taxes every event to help one in a million, and values changed in place escape it), and
 * leaving half-applied state (a replay cut at another place would differ). Processors are opened anew after a rollback, so
 * that no closure remembers the half-applied event.
 */
import { DecodeError } from '../../schemas/codec.ts'
import type { Codecs } from '../../schemas/codecs.ts'
import type { Event, Exchange } from '../../schemas/events.ts'
import type { Change, LogRecord, Output, StepResult, Task } from '../../schemas/log.ts'
import { topicName, type Topic } from '../../schemas/topics.ts'
import type { Emit, LocatorSteps, Merge, Steps, Store, Topology } from '../kit/processor.ts'
import { tick, type Clock } from './clock.ts'
import { deadLetter, reasonOf, type Failure, type Stage } from './dead-letters.ts'
import { markEvent, type Mark } from './marks.ts'
import { observationOf, type OpenObservation } from './observe.ts'
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

export interface ProcessorTask extends Task {
  /** Every state key with its bytes as of the last step, in ascending order. */
  dump(): readonly Change[]
}

interface Named {
  readonly name: string
  readonly steps: Steps
}

interface Letter {
  readonly failure: Failure
  readonly record: LogRecord
}

interface Host {
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
}

const noCounts = (): TaskCounts => ({ exchanges: 0, signals: 0, commands: 0, duplicates: 0, lost: 0, deadLetters: 0 })

const HOST = 'host'
const names = new Map<string, string>()
const nameOf = (topic: Topic): string => {
  const known = names.get(topic)
  if (known !== undefined) return known
  names.set(topic, topicName(topic))
  return topicName(topic)
}

const openHost = (options: TaskOptions): Host => {
  const state = createState()
  const own = state.stores(HOST)
  const place: Host['place'] = { by: HOST, stage: 'process', timestamp: 0 }
  const emit: Emit = (topic, key, value) => {
    place.stage = 'publish'
    const bytes = value === null ? null : options.codecs.encode(topic, value)
    host.outputs.push({ topic: nameOf(topic), key, value: bytes, timestamp: place.timestamp })
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
    ...openSteps(options.topology, state),
  }
  return host
}

const openSteps = ({ locator, processors }: Topology, state: State): Pick<Host, 'locator' | 'processors'> => ({
  locator: locator.open(state.stores(locator.name)),
  processors: processors.map((processor) => ({
    name: processor.name,
    steps: processor.open(state.stores(processor.name)),
  })),
})

/** Each lets its steps rebuild what they keep besides their stores. */
const announceRestored = (host: Host): void => {
  host.locator.restored?.()
  for (const { steps } of host.processors) steps.restored?.()
}

/** The locator, about to speak. */
const locatorOf = (host: Host): LocatorSteps => {
  host.place.by = host.options.topology.locator.name
  return host.locator
}

/** Every processor in the topology's order; the locator has spoken. */
const tellAll = (host: Host, tell: (steps: Steps) => void): void => {
  for (const { name, steps } of host.processors) {
    host.place.by = name
    tell(steps)
  }
}

const advance = (host: Host, time: number): void => {
  locatorOf(host).advance?.(time, host.emit)
  tellAll(host, (steps) => steps.advance?.(time, host.emit))
}

const merge = (host: Host, merges: readonly Merge[]): void => {
  for (const one of merges) tellAll(host, (steps) => steps.merged?.(one, host.emit))
}

const observe = (host: Host, event: Event, exchange: Exchange, record: LogRecord): void => {
  const observation: OpenObservation = observationOf(event, exchange, record)
  const { endpoint, merges } = locatorOf(host).locate(observation, host.emit)
  if (merges.length > 0) merge(host, merges)
  observation.endpoint = endpoint
  for (const { name, steps } of host.processors) {
    host.place.by = name
    steps.observe?.(observation, host.emit)
  }
  host.counts.exchanges++
}

const dispatch = (host: Host, event: Event, record: LogRecord): void => {
  const { kind, exchange, signal, command } = event
  if (kind === 'exchange' && exchange !== null) return observe(host, event, exchange, record)
  if (kind === 'signal' && signal !== null) {
    locatorOf(host).signal?.(signal, event, host.emit)
    tellAll(host, (steps) => steps.signal?.(signal, event, host.emit))
    host.counts.signals++
    return
  }
  if (kind === 'command' && command !== null) {
    merge(host, locatorOf(host).command?.(command, event, host.emit) ?? [])
    tellAll(host, (steps) => steps.command?.(command, event, host.emit))
    host.counts.commands++
    return
  }
  // 'unknown' is a kind that a newer writer knows: passed over, as an unknown field is.
  if (kind !== 'unknown') throw new TypeError(`an event of kind ${kind} carries no ${kind}`)
}

/** The part of an event that stays even if its processors fail: that it was here, and when. */
const receive = (host: Host, event: Event, record: LogRecord): { duplicate: boolean; time: number | undefined } => {
  host.place.by = HOST
  host.place.stage = 'process'
  host.place.timestamp = Math.floor(event.at / 1000)
  const { duplicate, lost } = markEvent(host.marks, record, event)
  if (duplicate) {
    host.counts.duplicates++
    return { duplicate, time: undefined }
  }
  host.counts.lost += lost
  return { duplicate, time: tick(host.clock, event.at) }
}

const apply = (host: Host, event: Event, record: LogRecord): void => {
  const { duplicate, time } = receive(host, event, record)
  if (duplicate) return
  if (time !== undefined) advance(host, time)
  dispatch(host, event, record)
}

const bury = (host: Host, record: LogRecord, failure: Failure): void => {
  host.outputs.push(deadLetter(host.options.codecs, record, failure))
  host.letters.push({ failure, record })
  host.counts.deadLetters++
}

const decode = (host: Host, record: LogRecord): Event | Failure => {
  try {
    if (record.value === null) throw new DecodeError('not-framed', 'the record has no value')
    return host.options.codecs.decode('exchanges', record.value)
  } catch (error) {
    const code = error instanceof DecodeError ? `${error.code}: ` : ''
    return { stage: 'decode', by: HOST, reason: code + reasonOf(error) }
  }
}

/** A record and what it was found to hold. */
interface Read {
  readonly record: LogRecord
  readonly event: Event | Failure
}

const use = (host: Host, { record, event }: Read): void => {
  if ('reason' in event) bury(host, record, event)
  else apply(host, event, record)
}

/** Since the last checkpoint: what to use again after a rollback, and what to go back to. */
interface Section {
  readonly used: Read[]
  outputs: number
  letters: number
  counts: TaskCounts
}

const checkpoint = (host: Host, section: Section, changes: Map<string, Uint8Array | null>): void => {
  host.state.checkpoint(changes)
  section.used.length = 0
  section.outputs = host.outputs.length
  section.letters = host.letters.length
  section.counts = { ...host.counts }
}

const rollback = (host: Host, section: Section): void => {
  host.state.rollback()
  host.outputs.length = section.outputs
  host.letters.length = section.letters
  host.counts = { ...section.counts }
  Object.assign(host, openSteps(host.options.topology, host.state))
  announceRestored(host)
  for (const read of section.used) use(host, read)
}

/** Uses a record; one that makes a processor throw goes to dead-letters, and is not applied in any part. */
const useOrBury = (host: Host, read: Read, section: Section): Failure | undefined => {
  try {
    use(host, read)
    section.used.push(read)
    return undefined
  } catch (error) {
    const failure: Failure = { stage: host.place.stage, by: host.place.by, reason: reasonOf(error) }
    rollback(host, section)
    receive(host, read.event as Event, read.record)
    bury(host, read.record, failure)
    return failure
  }
}

const stepAll = (host: Host, records: readonly LogRecord[]): StepResult => {
  const changes = new Map<string, Uint8Array | null>()
  host.outputs = []
  host.letters = []
  host.counts = noCounts()
  const section: Section = { used: [], outputs: 0, letters: 0, counts: noCounts() }
  for (const record of records) {
    const failed = useOrBury(host, { record, event: decode(host, record) }, section)
    if (failed !== undefined) checkpoint(host, section, changes)
  }
  host.state.checkpoint(changes)
  const { onCounts, onDeadLetter } = host.options
  onCounts?.(host.counts)
  for (const { failure, record } of host.letters) onDeadLetter?.(failure, record)
  return { outputs: host.outputs, changes: Array.from(changes, ([key, value]) => ({ key, value })) }
}

/** The task of one partition. Deterministic: the records cut into steps anywhere give the same state and outputs. */
export const createTask = (options: TaskOptions): ProcessorTask => {
  const host = openHost(options)
  let ready = false
  return {
    restore: (changes) => host.state.restore(changes),
    prepare: (records) => options.codecs.prepare(records.map(({ value }) => value)),
    step: (records) => {
      if (!ready) announceRestored(host)
      ready = true
      return stepAll(host, records)
    },
    dump: () => host.state.dump(),
  }
}
