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
 *
 * Where an endpoint turned out to be several, what it had learned is of all of them: their exchanges so far are asked for
 * (`steps` yields), and they learn them again, before the next event. Who cannot ask goes on without.
 */
import { DecodeError } from '../../schemas/codec.ts'
import type { Event, Exchange } from '../../schemas/events.ts'
import type { Change, LogRecord, StepResult, Task } from '../../schemas/log.ts'
import type { Moves } from '../kit/processor.ts'
import { tick } from './clock.ts'
import { deadLetter, reasonOf, type Failure } from './dead-letters.ts'
import {
  announceRestored,
  HOST,
  locatorOf,
  NO_SPLITS,
  noCounts,
  openHost,
  openSteps,
  tellAll,
  type Host,
  type TaskCounts,
  type TaskOptions,
} from './hosted.ts'
import { markEvent } from './marks.ts'
import { observationOf, type OpenObservation } from './observe.ts'
import { relearn, relearningOf, wantedOf, type Past, type PastWanted, type Relearned } from './relearn.ts'

export type { TaskCounts, TaskOptions } from './hosted.ts'

export interface ProcessorTask extends Task {
  step(records: readonly LogRecord[]): StepResult
  /** The same, asking for what stood on the log before. */
  steps(records: readonly LogRecord[]): Generator<PastWanted, StepResult, Past>
  /** Every state key with its bytes as of the last step, in ascending order. */
  dump(): readonly Change[]
}

const advance = (host: Host, time: number): void => {
  locatorOf(host).advance?.(time, host.emit)
  tellAll(host, (steps) => steps.advance?.(time, host.emit))
}

const move = (host: Host, { merges, splits }: Moves): void => {
  for (const one of merges) tellAll(host, (steps) => steps.merged?.(one, host.emit))
  if (splits.length > 0) host.splits = [...host.splits, ...splits]
}

const observe = (host: Host, event: Event, exchange: Exchange, record: LogRecord): void => {
  const observation: OpenObservation = observationOf(event, exchange, record)
  const located = locatorOf(host).locate(observation, host.emit)
  move(host, located)
  observation.endpoint = located.endpoint
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
    const moves = locatorOf(host).command?.(command, event, host.emit)
    if (moves !== undefined) move(host, moves)
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
  host.splits = NO_SPLITS
  if ('reason' in event) bury(host, record, event)
  else apply(host, event, record)
}

/** Since the last checkpoint: what to use again after a rollback, and what to go back to. */
interface Section {
  readonly used: (Read | Relearned)[]
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
  for (const one of section.used) {
    if ('again' in one) relearn(host, one)
    else use(host, one)
  }
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

/** What cannot be learned again stays as it was; the event that split it stands. */
const relearnOrBury = (host: Host, relearned: Relearned, section: Section): Failure | undefined => {
  try {
    relearn(host, relearned)
    section.used.push(relearned)
    return undefined
  } catch (error) {
    const failure: Failure = {
      stage: host.place.stage,
      by: host.place.by,
      reason: `learning again: ${reasonOf(error)}`,
    }
    rollback(host, section)
    bury(host, relearned.record, failure)
    return failure
  }
}

function* stepAll(host: Host, records: readonly LogRecord[]): Generator<PastWanted, StepResult, Past> {
  const changes = new Map<string, Uint8Array | null>()
  host.outputs = []
  host.letters = []
  host.counts = noCounts()
  const section: Section = { used: [], outputs: 0, letters: 0, counts: noCounts() }
  for (const record of records) {
    const failed = useOrBury(host, { record, event: decode(host, record) }, section)
    if (failed !== undefined) checkpoint(host, section, changes)
    else if (host.splits.length > 0) {
      const { splits } = host
      const past = yield wantedOf(host, splits, record)
      if (past === undefined) continue
      const again = relearningOf(splits, past)
      if (relearnOrBury(host, { record, again }, section) !== undefined) checkpoint(host, section, changes)
    }
  }
  host.state.checkpoint(changes)
  const { onCounts, onDeadLetter } = host.options
  onCounts?.(host.counts)
  for (const { failure, record } of host.letters) onDeadLetter?.(failure, record)
  return { outputs: host.outputs, changes: Array.from(changes, ([key, value]) => ({ key, value })) }
}

const withoutPast = (steps: Generator<PastWanted, StepResult, Past>): StepResult => {
  for (;;) {
    const next = steps.next()
    if (next.done === true) return next.value
  }
}

/** The task of one partition. Deterministic: the records cut into steps anywhere give the same state and outputs. */
export const createTask = (options: TaskOptions): ProcessorTask => {
  const host = openHost(options)
  let ready = false
  const steps = (records: readonly LogRecord[]): Generator<PastWanted, StepResult, Past> => {
    if (!ready) announceRestored(host)
    ready = true
    return stepAll(host, records)
  }
  return {
    restore: (changes) => host.state.restore(changes),
    prepare: (records) => options.codecs.prepare(records.map(({ value }) => value)),
    steps,
    step: (records) => withoutPast(steps(records)),
    dump: () => host.state.dump(),
  }
}
