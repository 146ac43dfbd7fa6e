/**
 * One task from takeover to its end. It ends in one of three ways: closed (what was in hand is committed), lost (void: the
 * partition has moved, or something failed for now), or failed (another try would fail as well).
 */
import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import { type Change, LogError, type LogRecord, type Output, type Task } from '../../../../../schemas/log.ts'
import { gather } from '../../kit/gather.ts'
import { newestOutputs } from '../../kit/newest.ts'
import { partitionCounts } from '../append/open.ts'
import { toLogError } from '../errors.ts'
import { type Committing, commit } from './commit.ts'
import { type Context, own, ownStep, TaskError } from './context.ts'
import { type Inflow, openInflow } from './inflow.ts'
import type { Lane } from './lanes.ts'
import { fence, producerOf, restore, startOf } from './takeover.ts'

export type Ending =
  | { readonly kind: 'closed' }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: Error }

export interface RunningTask {
  /** Committed position; undefined until restored. */
  position(): number | undefined
  /** Commits what is in hand and ends. */
  close(): void
  /** Ends at once; nothing more is committed but what is on its way. */
  drop(reason: string): void
  readonly ended: Promise<Ending>
}

/**
 * Steps are cut into portions of about so long, between which heartbeats and other partitions have their turn. Not shorter:
 * each one encodes the state that it changed.
 */
const PORTION_MS = 250
const FIRST_PORTION = 250
const LEAST_PORTION = 25
const INFLOW_BYTES = 16 * 1024 * 1024
const PREPARE_RETRY_MS = 500

interface Run {
  readonly context: Context
  readonly partition: number
  readonly abort: AbortController
  position: number | undefined
  inflow: Inflow | undefined
  closing: boolean
  /** Records that are stepped at once. */
  portion: number
}

/** Fetching a writer's schema may fail for a while; the task is sound and waits, since nothing is open meanwhile. */
const prepare = async (
  { context, partition, abort }: Run,
  task: Task,
  records: readonly LogRecord[],
): Promise<void> => {
  for (let tries = 1; !abort.signal.aborted; tries++) {
    try {
      return await task.prepare?.(records)
    } catch (error) {
      const reason = (error as Error).message
      context.logger.warn({ partition, reason, tries }, 'what these records need cannot be fetched: trying again')
      const wait = Math.min(PREPARE_RETRY_MS * 2 ** tries, 10_000)
      await delay(wait, undefined, { signal: abort.signal }).catch(() => undefined)
    }
  }
}

/** As many as would have taken the time that a portion may take, at most twice as many as now. */
export const nextPortion = (now: number, records: number, ms: number): number =>
  Math.max(LEAST_PORTION, Math.min(2 * now, Math.floor((records * PORTION_MS) / Math.max(ms, 0.001))))

const stepAll = async (run: Run, task: Task, records: readonly LogRecord[]) => {
  const outputs: Output[] = []
  const changes: Change[] = []
  for (let at = 0; at < records.length && !run.abort.signal.aborted;) {
    if (at > 0) await breathe()
    const portion = records.slice(at, at + run.portion)
    at += portion.length
    await prepare(run, task, portion)
    const start = performance.now()
    const result = await ownStep(run.partition, () => task.step(portion))
    run.portion = nextPortion(run.portion, portion.length, performance.now() - start)
    for (const output of result.outputs) outputs.push(output)
    for (const change of result.changes) changes.push(change)
  }
  return { outputs, changes }
}

const dropped = (run: Run): void => {
  if (run.abort.signal.aborted) throw new LogError('closed', String(run.abort.signal.reason))
}

const stepAndCommit = async (run: Run, { task, committing }: Working, records: readonly LogRecord[]): Promise<void> => {
  const { context, partition } = run
  const stepped = await stepAll(run, task, records)
  const { changes } = stepped
  const outputs = newestOutputs(stepped.outputs, context.options.compacted)
  dropped(run)
  const last = records.at(-1) as LogRecord
  const position = last.offset + 1
  await commit(context, committing, { partition, outputs, changes, position, timestamp: last.timestamp })
  run.position = position
  context.options.onEvent?.({ kind: 'committed', partition, position, records: records.length })
}

interface Working {
  readonly task: Task
  readonly committing: Committing
}

const work = async (run: Run, working: Working, start: number): Promise<void> => {
  const { context, partition, abort } = run
  const { input, commitIntervalMs = 200, commitRecords = 4000 } = context.options
  const { lanes } = context
  const inflow: Inflow = openInflow({
    records: 2 * commitRecords,
    bytes: INFLOW_BYTES,
    pause: () => lanes.pause(lane),
    resume: () => lanes.resume(lane),
  })
  const astray = (): void => abort.abort('the consumer does not get to the position wanted')
  const lane: Lane = {
    topic: input,
    partition,
    next: start,
    flowing: true,
    strays: 0,
    receive: (records) => inflow.push(records),
    astray,
  }
  run.inflow = inflow
  if (run.closing) return
  abort.signal.addEventListener('abort', () => inflow.end())
  lanes.open(lane)
  try {
    for await (const records of gather(inflow, { intervalMs: commitIntervalMs, limit: commitRecords })) {
      dropped(run)
      await stepAndCommit(run, working, records)
    }
    dropped(run)
  } finally {
    lanes.close(lane)
  }
}

const takeOverAndWork = async (run: Run, task: Task, producer: Producer): Promise<void> => {
  const { context, partition, abort } = run
  const { signal } = abort
  const { marker } = await fence(context, partition, producer)
  dropped(run)
  const { position, restored } = await restore(context, partition, { task, marker, signal })
  const start = await startOf(context, partition, { position, signal })
  dropped(run)
  run.position = start
  context.options.onEvent?.({ kind: 'assigned', partition, position: start, restored })
  await work(run, { task, committing: { producer, count: partitionCounts(context.cluster) } }, start)
}

/** What no later try can cure. */
const FATAL = new Set(['corrupt', 'too-large', 'unknown-topic'])

const endingOf = (run: Run, error: unknown): Ending => {
  if (error instanceof TaskError) return { kind: 'failed', error: (error.cause as Error | undefined) ?? error }
  if (run.closing && run.inflow === undefined) return { kind: 'closed' }
  if (run.abort.signal.aborted) return { kind: 'lost', reason: String(run.abort.signal.reason) }
  const { app } = run.context.options
  const failed = toLogError(error, `processing partition ${run.partition} of ${app}`)
  return FATAL.has(failed.code) ? { kind: 'failed', error: failed } : { kind: 'lost', reason: failed.message }
}

const live = async (run: Run): Promise<Ending> => {
  const { context, partition } = run
  const producer = producerOf(context, partition)
  let task: Task | undefined
  try {
    task = own(partition, () => context.options.createTask(partition))
    await takeOverAndWork(run, task, producer)
    return { kind: 'closed' }
  } catch (error) {
    return endingOf(run, error)
  } finally {
    task?.close?.()
    // Never aborted, never used again: the next owner's fencing completes whatever it has left open.
    producer.disconnect().catch(() => undefined)
  }
}

/** Takes the partition over and processes it until it is closed, dropped, or fails. */
export const startTask = (context: Context, partition: number): RunningTask => {
  const abort = new AbortController()
  const run: Run = {
    context,
    partition,
    abort,
    position: undefined,
    inflow: undefined,
    closing: false,
    portion: FIRST_PORTION,
  }
  const ended = live(run)
  return {
    position: () => run.position,
    close: () => {
      run.closing = true
      if (run.inflow === undefined) abort.abort('closed before it was restored')
      else run.inflow.end()
    },
    drop: (reason) => abort.abort(reason),
    ended,
  }
}
