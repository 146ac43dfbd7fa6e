/**
 * Writes one directory of segments. Group commit: what waits goes out as one write and one fdatasync on the libuv pool,
 * and what comes meanwhile is the next group. After a failure the file is cut back to what is durable before anything else
 * is written, so neither a full disk nor an I/O error leaves damage behind.
 */
import fs from 'node:fs'
import { LogError } from '../../../../schemas/log.ts'
import { createBuilder, type Frame, type Head, type Part, sealFrames } from './builder.ts'
import { closeFile, openFile, syncDirectory, syncFile, toLogError, truncateFile, writeAll } from './files.ts'
import { newIndex, type SegmentIndex, takeWritten } from './index.ts'
import { closeSegment, listSegments, openSegment, segmentPath } from './segment.ts'
import { adoptEnds, framesOf, headIn, type Heads } from './heads.ts'
import { openOutput, type Output } from './output.ts'
import { recover } from './recovery.ts'
import { encodeTip, type Tip, tipPath } from './tip.ts'

export interface AppenderOptions {
  readonly dir: string
  /** A segment is closed when it is this long (64 MiB). */
  readonly segmentBytes?: number
  /** Groups begin at least this far apart (5 ms), unless much is waiting. */
  readonly commitIntervalMs?: number
  /** Called after each group that is durable, before its appends resolve. */
  readonly onTip?: (tip: Tip) => void
  /** Called with the number of a segment that will not be written again, and its index if all of it was written here. */
  readonly onClosed?: (segment: number, index: SegmentIndex | undefined) => void
  /** Called before a new segment begins; throws when this process may not write any more. */
  readonly mayWrite?: () => void
}

export interface Appender {
  /** The partition's head, known since the directory was opened or new. */
  head(topic: string, partition: number): Head
  /** Resolves when durable. Offsets are given at the call, in its order. `whole`: all or nothing. */
  append(parts: readonly Part[], whole: boolean): Promise<void>
  /** The same with frames whose offsets were given from the heads just now. */
  adopt(frames: readonly Frame[]): Promise<void>
  readonly tip: Tip
  /** The offset after the last record of a partition that is durable. */
  written(topic: string, partition: number): number
  /** How many records were ever written; offsets that a failed group took count too. */
  records(): number
  /** Begins a new segment. */
  roll(): Promise<void>
  /** How many fdatasyncs there were. */
  readonly syncs: number
  close(): Promise<void>
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: LogError) => void
}

interface State {
  readonly options: AppenderOptions
  readonly heads: Heads
  readonly builder: ReturnType<typeof createBuilder>
  readonly tipFd: number
  fd: number
  output: Output
  segment: number
  /** Of the segment, when it was begun here. */
  index: SegmentIndex | undefined
  durable: number
  waiting: Waiter[]
  running: Promise<void> | undefined
  timer: NodeJS.Timeout | NodeJS.Immediate | undefined
  lastStart: number
  /** The file may hold bytes after `durable`. */
  soiled: boolean
  /** A sync failed: the kernel may have dropped pages (fsync errors are told once), so the file is not gone on with. */
  rolling: boolean
  closed: boolean
  syncs: number
}

const LARGE_GROUP = 256 << 10

const publish = async (state: State): Promise<void> => {
  const tip = { segment: state.segment, length: state.durable }
  // A tip that could not be written delays readers, it loses nothing: the next one is written after the next group.
  await writeAll(state.tipFd, [encodeTip(tip)], 0).catch(() => undefined)
  state.options.onTip?.(tip)
}

const beginSegment = async (state: State, number: number): Promise<void> => {
  const file = segmentPath(state.options.dir, number)
  const fd = await openFile(file, 'w+')
  const output = await openOutput(file, fd)
  const frames = sealFrames(framesOf(state.heads), { segment: number, durable: 0, writtenAt: Date.now() })
  try {
    await output.write(frames, 0)
    await syncFile(fd)
    await syncDirectory(state.options.dir)
  } catch (error) {
    await output.close()
    await closeFile(fd)
    await fs.promises.unlink(file).catch(() => undefined)
    throw error
  }
  state.fd = fd
  state.output = output
  state.segment = number
  state.index = newIndex()
  state.durable = 0
  confirm(state, frames)
  state.rolling = false
  state.soiled = false
}

/** What was written is durable. */
const confirm = (state: State, buffers: readonly Buffer[]): void => {
  for (const bytes of buffers) {
    state.durable += bytes.length
    if (state.index !== undefined) takeWritten(state.index, bytes)
  }
}

/** Ends the file where what is durable ends: an output may have padded it. */
const trim = async ({ fd, durable }: State): Promise<void> => {
  await truncateFile(fd, durable)
  await syncFile(fd)
}

const nextSegment = async (state: State): Promise<void> => {
  const { fd, output, segment, index } = state
  state.options.mayWrite?.()
  await trim(state)
  await beginSegment(state, segment + 1)
  await output.close()
  await closeFile(fd)
  await publish(state)
  state.options.onClosed?.(segment, index)
}

const prepare = async (state: State): Promise<void> => {
  if (state.soiled) {
    await trim(state)
    state.soiled = false
  }
  if (state.rolling || state.durable >= (state.options.segmentBytes ?? 64 << 20)) await nextSegment(state)
}

const write = async (state: State, frames: readonly Frame[]): Promise<void> => {
  await prepare(state)
  if (frames.length === 0) return
  const { segment, durable } = state
  const buffers = sealFrames(frames, { segment, durable, writtenAt: Date.now() })
  state.soiled = true
  await state.output.write(buffers, state.durable)
  try {
    await syncFile(state.fd)
    state.syncs++
  } catch (error) {
    state.rolling = true
    throw error
  }
  state.soiled = false
  confirm(state, buffers)
  for (const frame of frames) for (const [head, end] of frame.ends) head.written = end
  await publish(state)
}

const runGroup = async (state: State): Promise<void> => {
  const frames = state.builder.take()
  const waiters = state.waiting
  state.waiting = []
  try {
    await write(state, frames)
    for (const { resolve } of waiters) resolve()
  } catch (error) {
    const failure = toLogError(error, segmentPath(state.options.dir, state.segment))
    for (const { reject } of waiters) reject(failure)
  }
  state.builder.recycle(frames)
}

const start = (state: State): void => {
  state.timer = undefined
  state.lastStart = performance.now()
  state.running = runGroup(state).then(() => {
    state.running = undefined
    if (state.waiting.length > 0) schedule(state)
  })
}

const schedule = (state: State): void => {
  if (state.running !== undefined) return
  const wait = state.lastStart + (state.options.commitIntervalMs ?? 5) - performance.now()
  const now = wait <= 0 || state.builder.bytes >= LARGE_GROUP
  if (state.timer !== undefined) {
    if (!now) return
    clearTimeout(state.timer as NodeJS.Timeout)
    clearImmediate(state.timer as NodeJS.Immediate)
  }
  // Not at once: what is appended in this turn of the event loop shares the group.
  state.timer = now ? setImmediate(start, state) : setTimeout(start, wait, state)
}

const drain = async (state: State): Promise<void> => {
  while (state.waiting.length > 0 || state.running !== undefined) {
    if (state.running === undefined) {
      if (state.timer !== undefined) {
        clearTimeout(state.timer as NodeJS.Timeout)
        clearImmediate(state.timer as NodeJS.Immediate)
      }
      start(state)
    }
    await state.running
  }
}

/** Cuts the torn tail off the last good segment; a last segment without even a head is removed. */
const recoverLast = async (state: State): Promise<boolean> => {
  const { dir } = state.options
  for (const number of (await listSegments(dir)).toReversed()) {
    const segment = await openSegment(dir, number)
    if (segment === undefined) continue
    const { length, ends } = await recover(segment).finally(() => closeSegment(segment))
    if (length === 0) {
      await fs.promises.unlink(segment.path)
      continue
    }
    adoptEnds(state.heads, ends)
    state.segment = number
    state.durable = length
    state.fd = await openFile(segment.path, 'r+')
    state.output = await openOutput(segment.path, state.fd)
    await trim(state)
    return true
  }
  return false
}

const closeAppender = async (state: State): Promise<void> => {
  if (state.closed) return
  state.closed = true
  await drain(state)
  await state.output.close()
  await closeFile(state.fd)
  await closeFile(state.tipFd)
}

/** Opens a directory of segments to write; the caller holds its lock. */
export const openAppender = async (options: AppenderOptions): Promise<Appender> => {
  const state: State = {
    options,
    heads: new Map(),
    builder: createBuilder(),
    tipFd: fs.openSync(tipPath(options.dir), fs.constants.O_RDWR | fs.constants.O_CREAT),
    fd: -1,
    output: { write: async () => undefined, close: async () => undefined },
    segment: 0,
    index: undefined,
    durable: 0,
    waiting: [],
    running: undefined,
    timer: undefined,
    lastStart: -Infinity,
    soiled: false,
    rolling: false,
    closed: false,
    syncs: 0,
  }
  if (!(await recoverLast(state))) await beginSegment(state, 1)
  await publish(state)
  const added = (add: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      if (state.closed) throw new LogError('closed', `${options.dir} is closed: open it again before writing.`)
      add()
      state.waiting.push({ resolve, reject })
      schedule(state)
    })
  const append: Appender['append'] = (parts, whole) => added(() => state.builder.add(parts, whole))
  return {
    head: (topic, partition) => headIn(state.heads, topic, partition),
    append,
    adopt: (frames) => added(() => frames.forEach(state.builder.adopt)),
    get tip() {
      return { segment: state.segment, length: state.durable }
    },
    written: (topic, partition) => state.heads.get(topic)?.[partition]?.written ?? 0,
    records: () => [...state.heads.values()].flat().reduce((sum, head) => sum + (head?.written ?? 0), 0),
    roll: () => {
      state.rolling = true
      return append([], false)
    },
    get syncs() {
      return state.syncs
    },
    close: () => closeAppender(state),
  }
}
