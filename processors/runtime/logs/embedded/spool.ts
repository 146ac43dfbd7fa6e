/**
 * The ingress's spool, on the segment files of the embedded log: pushes share fdatasyncs, a torn last group loses only
 * itself, and opening reads one segment and the head of each other one, however much is waiting.
 */
import fs from 'node:fs'
import path from 'node:path'
import { LogError, type Spool, type SpooledRecord } from '../../../../schemas/log.ts'
import { type Appender, openAppender } from './appender.ts'
import type { Part } from './builder.ts'
import { replaceFile, toLogError } from './files.ts'
import { recordBytes, sectionHeadBytes } from './frame.ts'
import { type Lock, takeLock } from './lock.ts'
import { listSegments, segmentPath } from './segment.ts'
import { openSpoolReader, recordsBefore, type SpoolPosition, spoolPartition, type SpoolReader } from './spool-reader.ts'

export interface SpoolOptions {
  readonly dir: string
  /** Files never take more than this. */
  readonly maxBytes: number
  /** 5 ms: see the appender. */
  readonly commitIntervalMs?: number
  /** Told of a segment that was put aside because it is damaged. */
  readonly onDamage?: (error: LogError) => void
}

const MAX_SEGMENT = 16 << 20
const MIN_SEGMENT = 16 << 10
/** What a frame and a new segment's first frame take besides records. */
const OVERHEAD = 512
/** `drop` is written down this much later: a crash in between repeats what was dropped since. */
const REMEMBER_MS = 200

interface State {
  readonly options: SpoolOptions
  readonly lock: Lock
  readonly appender: Appender
  readonly reader: SpoolReader
  /** Bytes of the closed segments there are. */
  readonly closed: Map<number, number>
  /** Upper bound of what is on its way to the disk. */
  reserved: number
  records: number
  /** How many were ever dropped. */
  sequence: number
  timer: NodeJS.Timeout | undefined
  remembering: Promise<void>
  isClosed: boolean
}

interface Remembered extends SpoolPosition {
  /** How many records were ever dropped. */
  readonly sequence: number
}

const positionPath = (dir: string): string => path.join(dir, 'position')

const readPosition = (dir: string): Remembered | undefined => {
  try {
    const found = JSON.parse(fs.readFileSync(positionPath(dir), 'utf8')) as Remembered
    return typeof found.segment === 'number' ? found : undefined
  } catch {
    // Missing or damaged: everything there comes again, which the port allows.
    return undefined
  }
}

const bytesOnDisk = (state: State): number => {
  let bytes = state.appender.tip.length + state.reserved
  for (const size of state.closed.values()) bytes += size
  return bytes
}

const partsOf = (appender: Appender, records: readonly SpooledRecord[]): { parts: Part[]; bytes: number } => {
  const parts: { head: Part['head']; records: SpooledRecord[] }[] = []
  let bytes = OVERHEAD
  for (const record of records) {
    const head = appender.head(record.topic, spoolPartition(record.partition))
    bytes += recordBytes(record.key, record.value)
    const last = parts.at(-1)
    if (last?.head === head) last.records.push(record)
    else {
      parts.push({ head, records: [record] })
      bytes += sectionHeadBytes(head.topicBytes)
    }
  }
  return { parts, bytes }
}

const ensureOpen = (state: State): void => {
  if (state.isClosed)
    throw new LogError('closed', `The spool in ${state.options.dir} is closed: open it again before using it.`)
}

const push = async (state: State, records: readonly SpooledRecord[]): Promise<void> => {
  ensureOpen(state)
  if (records.length === 0) return
  const { parts, bytes } = partsOf(state.appender, records)
  const { dir, maxBytes } = state.options
  if (bytesOnDisk(state) + bytes > maxBytes)
    throw new LogError(
      'spool-full',
      `The spool in ${dir} holds its ${maxBytes} bytes: it empties when the log is back.`,
    )
  state.reserved += bytes
  try {
    await state.appender.append(parts, false)
    state.records += records.length
  } finally {
    state.reserved -= bytes
  }
}

/** Writes down where the oldest record is, then removes the segments before it. */
const remember = async (state: State): Promise<void> => {
  const { dir } = state.options
  if (state.records === 0 && state.appender.tip.length > MIN_SEGMENT) await state.appender.roll()
  if (state.records === 0) await state.reader.peek(1)
  const position = state.reader.position()
  const remembered: Remembered = { ...position, sequence: state.sequence }
  await replaceFile(positionPath(dir), JSON.stringify(remembered))
  for (const number of state.closed.keys()) {
    if (number >= position.segment) continue
    await fs.promises.rm(segmentPath(dir, number), { force: true })
    state.closed.delete(number)
  }
}

/** A failure here costs nothing but repetition after a crash, and is tried again with the next drop. */
const rememberSoon = (state: State): void => {
  state.timer ??= setTimeout(() => {
    state.timer = undefined
    state.remembering = state.remembering.then(() => remember(state)).catch(() => undefined)
  }, REMEMBER_MS)
}

/** Nothing is left, and nothing came meanwhile: what is still counted was in a damaged file, and comes no more. */
const forgetDamaged = (state: State, written: number): void => {
  if (state.records <= 0 || state.reserved > 0 || state.appender.records() !== written) return
  state.sequence += state.records
  state.records = 0
  rememberSoon(state)
}

const peek = async (state: State, limit: number): Promise<readonly SpooledRecord[]> => {
  ensureOpen(state)
  const written = state.appender.records()
  try {
    const found = await state.reader.peek(limit)
    if (found.length === 0 && limit > 0) forgetDamaged(state, written)
    return found
  } catch (error) {
    throw toLogError(error, state.options.dir)
  }
}

const drop = (state: State, count: number): void => {
  ensureOpen(state)
  const dropped = state.reader.drop(count)
  state.sequence += dropped
  state.records -= dropped
  rememberSoon(state)
}

const close = async (state: State): Promise<void> => {
  if (state.isClosed) return
  state.isClosed = true
  clearTimeout(state.timer)
  await state.remembering
  await remember(state).catch(() => undefined)
  await state.reader.close()
  await state.appender.close()
  state.lock.release()
}

const closedSizes = async (dir: string, active: number): Promise<Map<number, number>> => {
  const numbers = (await listSegments(dir)).filter((number) => number < active)
  return new Map(numbers.map((number) => [number, fs.statSync(segmentPath(dir, number)).size]))
}

const start = async ({ dir }: SpoolOptions): Promise<Remembered> => {
  const first = (await listSegments(dir))[0] ?? 1
  const found = readPosition(dir)
  if (found !== undefined && found.segment >= first) return found
  return { segment: first, position: 0, skip: 0, sequence: await recordsBefore(dir, first) }
}

const openState = async (options: SpoolOptions, lock: Lock): Promise<State> => {
  const { dir, maxBytes } = options
  const closed = new Map<number, number>()
  const segmentBytes = Math.max(MIN_SEGMENT, Math.min(MAX_SEGMENT, Math.floor(maxBytes / 8)))
  const onClosed = (number: number): void => void closed.set(number, fs.statSync(segmentPath(dir, number)).size)
  const mayWrite = (): void => lock.check()
  const { commitIntervalMs = 5, onDamage = () => undefined } = options
  const appender = await openAppender({ dir, segmentBytes, commitIntervalMs, onClosed, mayWrite })
  for (const [number, size] of await closedSizes(dir, appender.tip.segment)) closed.set(number, size)
  const from = await start(options)
  const reader = await openSpoolReader(dir, from, { tip: () => appender.tip, onDamage, roll: appender.roll })
  const records = Math.max(0, appender.records() - from.sequence)
  const rest = { reserved: 0, records, sequence: from.sequence, timer: undefined, remembering: Promise.resolve() }
  return { options, lock, appender, reader, closed, ...rest, isClosed: false }
}

/** Opens the spool in `dir`, which becomes this process's; throws `locked` with the holder's name when it is another's. */
export const openSpool = async (options: SpoolOptions): Promise<Spool> => {
  fs.mkdirSync(options.dir, { recursive: true })
  const lock = takeLock(options.dir, 'spool')
  const state = await openState(options, lock).catch((error: unknown) => {
    lock.release()
    throw toLogError(error, options.dir)
  })
  return {
    push: (records) => push(state, records),
    peek: (limit) => peek(state, limit),
    drop: async (count) => drop(state, count),
    get size() {
      return { records: Math.max(0, state.records), bytes: bytesOnDisk(state) }
    },
    close: () => close(state),
  }
}
