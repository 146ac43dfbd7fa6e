/** One journal as a reader sees it, in its writer's process or another: its tip, its segments, where a reader begins. */
import type { From } from '../../../../schemas/log.ts'
import {
  beginIndex,
  extendIndex,
  loadIndex,
  partitionIndex,
  positionOfOffset,
  positionOfTime,
  type SegmentIndex,
} from './index.ts'
import { recover } from './recovery.ts'
import { closeSegment, listSegments, openSegment, type SegmentFile, sizeOf } from './segment.ts'
import { isAfter, readTip, type Tip, watchTip } from './tip.ts'

export interface Journal {
  readonly dir: string
  /** What is durable; undefined while nobody has written. */
  tip(): Promise<Tip | undefined>
  /** Resolves when the tip is after `seen`, or when the signal fires. */
  grown(seen: Tip | undefined, signal: AbortSignal): Promise<void>
  /** Its writer is in this process: tells readers here without the file. `written`: the next offset of a partition then. */
  announce(tip: Tip, written?: (name: PartitionName) => number): void
  /** The offset after the last durable record of a partition, where its writer is in this process. */
  written(name: PartitionName): number | undefined
  index(segment: SegmentFile): Promise<SegmentIndex>
  close(): void
}

interface State {
  readonly dir: string
  current: Tip | undefined
  local: boolean
  written: ((name: PartitionName) => number) | undefined
  scanned: boolean
  readonly waiting: Set<() => void>
  stopWatching: (() => void) | undefined
  idle: NodeJS.Timeout | undefined
  readonly indexes: Map<number, Promise<SegmentIndex | undefined>>
}

const WATCH_LINGER_MS = 1000
const KEPT_INDEXES = 64

const advance = (state: State, tip: Tip | undefined): void => {
  if (tip === undefined || !isAfter(tip, state.current)) return
  state.current = tip
  for (const wake of state.waiting) wake()
}

/** Without a usable tip (power was lost, files were copied): the good prefix of the last segment. */
const scanTip = async (dir: string): Promise<Tip | undefined> => {
  const number = (await listSegments(dir)).at(-1)
  const segment = number === undefined ? undefined : await openSegment(dir, number)
  if (segment === undefined) return undefined
  const { length } = await recover(segment).finally(() => closeSegment(segment))
  return length === 0 ? undefined : { segment: segment.number, length }
}

const currentTip = async (state: State): Promise<Tip | undefined> => {
  if (state.local) return state.current
  advance(state, readTip(state.dir))
  if (state.current === undefined && !state.scanned) {
    state.scanned = true
    advance(state, await scanTip(state.dir))
  }
  return state.current
}

/** One watch serves all who wait, and outlives them a little: most wait again at once. */
const keepWatching = (state: State): void => {
  if (state.local) return
  clearTimeout(state.idle)
  state.stopWatching ??= watchTip(state.dir, () => advance(state, readTip(state.dir)))
}

const letGo = (state: State, atOnce: boolean): void => {
  const stop = (): void => {
    state.stopWatching?.()
    state.stopWatching = undefined
  }
  clearTimeout(state.idle)
  if (atOnce) stop()
  else if (state.waiting.size === 0) state.idle = setTimeout(stop, WATCH_LINGER_MS).unref()
}

const waitGrown = (state: State, seen: Tip | undefined, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const wake = (): void => {
      state.waiting.delete(wake)
      signal.removeEventListener('abort', wake)
      letGo(state, false)
      resolve()
    }
    state.waiting.add(wake)
    signal.addEventListener('abort', wake)
    keepWatching(state)
    if (signal.aborted || (state.current !== undefined && isAfter(state.current, seen))) wake()
  })

/** How far a segment may be read: to the tip, or to its end once a later one is written. */
export const limitOf = (segment: SegmentFile, tip: Tip): number => {
  if (segment.number > tip.segment) return 0
  return segment.number === tip.segment ? tip.length : sizeOf(segment)
}

const refreshed = async (
  state: State,
  segment: SegmentFile,
  known: SegmentIndex | undefined,
): Promise<SegmentIndex> => {
  const begun = await beginIndex(segment)
  const tip = await currentTip(state)
  const limit = tip === undefined ? 0 : limitOf(segment, tip)
  const same = known?.stamp === begun.stamp ? known : undefined
  // One that was begun while the segment grew is shorter than the one its writer saved at its end.
  const kept = same?.bytes === limit ? same : ((await loadIndex(state.dir, segment.number, begun)) ?? same)
  const index = kept !== undefined && kept.bytes <= limit ? kept : begun
  await extendIndex(segment, index, limit)
  return index
}

/** The index of an open segment, up to the tip; callers take turns, since it grows in place. */
const indexOf = (state: State, segment: SegmentFile): Promise<SegmentIndex> => {
  const { number } = segment
  const before = state.indexes.get(number) ?? Promise.resolve(undefined)
  const work = before.then((known) => refreshed(state, segment, known))
  state.indexes.delete(number)
  state.indexes.set(
    number,
    work.catch(() => undefined),
  )
  if (state.indexes.size > KEPT_INDEXES) state.indexes.delete(state.indexes.keys().next().value as number)
  return work
}

export const openJournal = (dir: string): Journal => {
  const state: State = {
    dir,
    current: undefined,
    local: false,
    written: undefined,
    scanned: false,
    waiting: new Set(),
    stopWatching: undefined,
    idle: undefined,
    indexes: new Map(),
  }
  return {
    dir,
    tip: () => currentTip(state),
    grown: (seen, signal) => waitGrown(state, seen, signal),
    announce: (tip, written) => {
      state.local = true
      state.written = written ?? state.written
      advance(state, tip)
    },
    written: (name) => state.written?.(name),
    index: (segment) => indexOf(state, segment),
    close: () => letGo(state, true),
  }
}

export interface Place {
  readonly segment: number
  readonly position: number
  /** Records before this offset are not wanted. */
  readonly offset: number
  /** Records before the first one at or after this time are not wanted. */
  readonly time: number
}

export interface PartitionName {
  readonly topic: string
  readonly partition: number
}

/** Opens, uses, closes; undefined when the segment is gone meanwhile. */
export const withSegment = async <T>(
  dir: string,
  number: number,
  use: (segment: SegmentFile) => Promise<T>,
): Promise<T | undefined> => {
  const segment = await openSegment(dir, number)
  if (segment === undefined) return undefined
  return use(segment).finally(() => closeSegment(segment))
}

/** Next offset of the partition when the segment began. */
const baseOf = (journal: Journal, number: number, { topic, partition }: PartitionName): Promise<number | undefined> =>
  withSegment(journal.dir, number, async (segment) => {
    const begun = await beginIndex(segment)
    return partitionIndex(begun, topic, partition)?.base ?? 0
  })

/** The last segment that begins at or before `offset`: binary search over first frames. */
const segmentOf = async (
  journal: Journal,
  numbers: readonly number[],
  name: PartitionName,
  offset: number,
): Promise<number> => {
  let low = 0
  let high = numbers.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    const base = await baseOf(journal, numbers[middle] as number, name)
    if (base === undefined || base <= offset) low = middle
    else high = middle - 1
  }
  return numbers[low] ?? 1
}

const placeOfOffset = async (journal: Journal, name: PartitionName, offset: number): Promise<Place> => {
  const number = await segmentOf(journal, await visibleSegments(journal), name, offset)
  const position = await withSegment(journal.dir, number, async (segment) => {
    const index = await journal.index(segment)
    const entry = partitionIndex(index, name.topic, name.partition)
    return entry === undefined ? index.bytes : positionOfOffset(index, entry, offset)
  })
  return { segment: number, position: position ?? 0, offset, time: -Infinity }
}

const placeOfTime = async (journal: Journal, name: PartitionName, time: number): Promise<Place> => {
  const numbers = await visibleSegments(journal)
  for (const number of numbers) {
    const position = await withSegment(journal.dir, number, async (segment) => {
      const index = await journal.index(segment)
      const entry = partitionIndex(index, name.topic, name.partition)
      return entry !== undefined && entry.maxTimestamp >= time ? positionOfTime(index, entry, time) : undefined
    })
    if (position !== undefined) return { segment: number, position, offset: 0, time }
  }
  return { ...(await endPlace(journal, name)), time }
}

export const visibleSegments = async (journal: Journal): Promise<number[]> => {
  const tip = await journal.tip()
  return (await listSegments(journal.dir)).filter((number) => tip !== undefined && number <= tip.segment)
}

const endPlace = async (journal: Journal, name: PartitionName): Promise<Place> =>
  placeOfOffset(journal, name, (await rangeOf(journal, name)).end)

/** Where a reader that wants `from` begins. */
export const locate = async (journal: Journal, name: PartitionName, from: From): Promise<Place> => {
  if ((await journal.tip()) === undefined)
    return { segment: 0, position: 0, offset: from.kind === 'offset' ? from.offset : 0, time: -Infinity }
  if (from.kind === 'offset') return placeOfOffset(journal, name, from.offset)
  if (from.kind === 'time') return placeOfTime(journal, name, from.time)
  if (from.kind === 'end') return endPlace(journal, name)
  return { segment: (await visibleSegments(journal))[0] ?? 1, position: 0, offset: 0, time: -Infinity }
}

/** First offset held and next offset of a partition. */
export const rangeOf = async (journal: Journal, name: PartitionName): Promise<{ start: number; end: number }> => {
  const { topic, partition } = name
  const numbers = await visibleSegments(journal)
  const entryIn = (number: number) =>
    withSegment(journal.dir, number, async (segment) => partitionIndex(await journal.index(segment), topic, partition))
  const last = numbers.at(-1)
  const end = last === undefined ? 0 : ((await entryIn(last))?.next ?? 0)
  for (const [n, number] of end === 0 ? [] : numbers.entries()) {
    if (await isWithout(journal, name, number, numbers[n + 1])) continue
    const entry = await entryIn(number)
    if (entry !== undefined && entry.first >= 0) return { start: entry.first, end }
  }
  return { start: end, end }
}

/** Whether first frames alone tell that a segment holds nothing of the partition: the next begins at the same offset. */
const isWithout = async (
  journal: Journal,
  name: PartitionName,
  number: number,
  next: number | undefined,
): Promise<boolean> =>
  next !== undefined && (await baseOf(journal, next, name)) === (await baseOf(journal, number, name))
