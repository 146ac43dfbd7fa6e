/** Runs a topology over a log: one task per input partition, with metrics and a voice for what goes wrong. */
import type { Registry } from 'prom-client'
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog, LogRecord, ProcessingEvent, StepResult, Task } from '../../schemas/log.ts'
import { topicName, topicSpecs } from '../../schemas/topics.ts'
import type { Topology } from '../kit/processor.ts'
import type { Failure } from './dead-letters.ts'
import { hostMetrics, type HostMetrics } from './metrics.ts'
import { pastOf, withPast } from './past.ts'
import { createTask } from './task.ts'

export type LogLine = (fields: object, message: string) => void

/** The part of pino that is used here. */
export interface Logger {
  readonly debug: LogLine
  readonly info: LogLine
  readonly warn: LogLine
  readonly error: LogLine
}

export type ProcessorsEvent =
  | ProcessingEvent
  | { readonly kind: 'dead-letter'; readonly failure: Failure; readonly partition: number; readonly offset: number }

export interface ProcessorsOptions {
  readonly log: EventLog
  readonly codecs: Codecs
  readonly topology: Topology
  /** Names the group, the transactional ids and the changelog; another name starts from nothing. */
  readonly app?: string
  readonly registry?: Registry
  readonly logger?: Logger
  readonly onEvent?: (event: ProcessorsEvent) => void
  readonly commitIntervalMs?: number
  readonly commitRecords?: number
}

export interface Running {
  /** Committed position per partition owned here. */
  positions(): ReadonlyMap<number, number>
  /** Input records not yet committed, per partition owned here. */
  lag(): Promise<ReadonlyMap<number, number>>
  /** Resolves after `close`; rejects when processing cannot go on: the process should then exit. */
  readonly done: Promise<void>
  /** Commits what is in hand and gives the partitions back. */
  close(): Promise<void>
}

const COMPACTED = new Set(topicSpecs(1).flatMap(({ name, cleanup }) => (cleanup === 'delete' ? [] : [name])))

export const DEFAULT_APP = 'chaosproxy-processors'
/** One line per so long, however many events are bad: poison must not fill the operator's disk. */
const QUIET_MS = 10_000

const deadLetterLines = (logger: Logger | undefined): ((failure: Failure, record: LogRecord) => void) => {
  let next = 0
  let unsaid = 0
  return ({ stage, by, reason }, { topic, partition, offset }) => {
    unsaid++
    if (logger === undefined || performance.now() < next) return
    const where = { stage, by, reason, topic, partition, offset, count: unsaid }
    logger.warn(where, `${unsaid} event(s) put on ${topicName('dead-letters')}: read them there, with reason and bytes`)
    unsaid = 0
    next = performance.now() + QUIET_MS
  }
}

const timed = (task: Task, metrics: HostMetrics | undefined): Task => {
  if (metrics === undefined) return task
  const told = (start: number, result: StepResult): StepResult => {
    metrics.step((performance.now() - start) / 1000, result.changes.length, result.outputs.length)
    return result
  }
  return {
    ...task,
    step: (records) => {
      const start = performance.now()
      const result = task.step(records)
      return 'then' in result ? result.then((late) => told(start, late)) : told(start, result)
    },
  }
}

const say = (logger: Logger | undefined, event: ProcessingEvent): void => {
  if (event.kind === 'assigned') logger?.info(event, `processing partition ${event.partition} from ${event.position}`)
  if (event.kind === 'lost') logger?.warn(event, `partition ${event.partition} lost: ${event.reason}`)
}

const taskFor = (options: ProcessorsOptions, metrics: HostMetrics | undefined): (() => Task) => {
  const line = deadLetterLines(options.logger)
  const onDeadLetter = (failure: Failure, record: LogRecord): void => {
    metrics?.deadLetter(failure.stage, failure.by)
    line(failure, record)
    const { partition, offset } = record
    options.onEvent?.({ kind: 'dead-letter', failure, partition, offset })
  }
  const { topology, codecs } = options
  const onCounts = metrics?.counts
  const readPast = pastOf(options.log, codecs)
  return () => {
    const task = createTask({ topology, codecs, onDeadLetter, ...(onCounts && { onCounts }) })
    return timed({ ...task, step: (records) => withPast(task.steps(records), readPast) }, metrics)
  }
}

/** Starts processing; resolves once the log hosts the tasks. The log stays the caller's to close, after `close` here. */
export const startProcessors = async (options: ProcessorsOptions): Promise<Running> => {
  const { log, app = DEFAULT_APP, logger, registry, commitIntervalMs, commitRecords } = options
  const input = topicName('exchanges')
  let positions = (): ReadonlyMap<number, number> => new Map()
  const lag = async (): Promise<ReadonlyMap<number, number>> => {
    const ends = new Map((await log.ranges(input)).map(({ partition, end }) => [partition, end]))
    return new Map(
      [...positions()].map(([partition, at]) => [partition, Math.max(0, (ends.get(partition) ?? at) - at)]),
    )
  }
  const metrics = registry && hostMetrics(registry, lag, () => performance.now())
  const processing = await log.process({
    app,
    input,
    createTask: taskFor(options, metrics),
    compacted: COMPACTED,
    ...(commitIntervalMs === undefined ? {} : { commitIntervalMs }),
    ...(commitRecords === undefined ? {} : { commitRecords }),
    onEvent: (event) => {
      say(logger, event)
      options.onEvent?.(event)
    },
  })
  positions = () => processing.positions()
  return { positions, lag, done: processing.done, close: () => processing.close() }
}
