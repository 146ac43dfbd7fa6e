/** Reads a spool from its oldest record on: what was loaded and not yet dropped waits in memory, one chunk at a time. */
import fs from 'node:fs'
import type { LogError, SpooledRecord } from '../../../../schemas/log.ts'
import { readRecords, sectionsOf } from './frame.ts'
import {
  type Chunk,
  closeSegment,
  corrupt,
  firstFrame,
  listSegments,
  openSegment,
  readFrames,
  type SegmentFile,
  sizeOf,
} from './segment.ts'
import type { Tip } from './tip.ts'

/** The oldest record that was not dropped: so many into the frame at a position. */
export interface SpoolPosition {
  readonly segment: number
  readonly position: number
  readonly skip: number
}

interface LoadedFrame {
  readonly segment: number
  readonly position: number
  readonly records: readonly SpooledRecord[]
}

export interface SpoolReader {
  peek(limit: number): Promise<readonly SpooledRecord[]>
  /** Steps over records that were peeked; says how many it could. */
  drop(count: number): number
  position(): SpoolPosition
  close(): Promise<void>
}

interface State {
  readonly dir: string
  readonly tip: () => Tip
  readonly onDamage: (error: LogError) => void
  readonly roll: () => Promise<void>
  frames: LoadedFrame[]
  /** Records of the first frame that were dropped. */
  skip: number
  /** Where loading goes on. */
  segment: number
  at: number
  file: SegmentFile | undefined
}

/** A spooled record's partition is kept one higher: 0 is "the key chooses". */
export const spoolPartition = (partition: number | undefined): number => (partition ?? -1) + 1

const recordsOf = (chunk: Chunk, at: number): SpooledRecord[] => {
  const records: SpooledRecord[] = []
  const header = chunk.frames.find((frame) => frame.at === at)?.header
  if (header === undefined) return records
  for (const section of sectionsOf(chunk.bytes, at, header)) {
    const { topic, partition } = section
    const place = partition === 0 ? { topic } : { topic, partition: partition - 1 }
    readRecords(chunk.bytes, section, (_, { key, value, timestamp }) =>
      records.push({ ...place, key, value, timestamp }),
    )
  }
  return records
}

const leave = async (state: State): Promise<void> => {
  const { file } = state
  state.file = undefined
  if (file !== undefined) await closeSegment(file)
}

/** On to the next segment there is; false at the last. */
const moveOn = async (state: State): Promise<boolean> => {
  await leave(state)
  const next = (await listSegments(state.dir)).find((number) => number > state.segment)
  if (next === undefined) return false
  state.segment = next
  state.at = 0
  return true
}

/** A damaged segment is put aside, so that one bad sector does not stop what comes after it. */
const putAside = async (state: State, file: SegmentFile): Promise<boolean> => {
  if (file.number === state.tip().segment) await state.roll()
  state.onDamage(corrupt(file, state.at))
  if (!(await moveOn(state))) throw corrupt(file, state.at)
  await fs.promises.rename(file.path, `${file.path}.damaged`)
  return true
}

/** Loads one more chunk; false when there is no more. */
const load = async (state: State): Promise<boolean> => {
  const tip = state.tip()
  state.file ??= await openSegment(state.dir, state.segment)
  const { file } = state
  if (file === undefined) return moveOn(state)
  const limit = state.segment === tip.segment ? tip.length : sizeOf(file)
  if (state.at >= limit) return state.segment < tip.segment && moveOn(state)
  const from = state.at
  const chunk = await readFrames(file, { from, limit, verify: true })
  if (chunk.frames.length === 0) return putAside(state, file)
  for (const { at } of chunk.frames) {
    const records = recordsOf(chunk, at)
    if (records.length > 0) state.frames.push({ segment: file.number, position: from + at, records })
  }
  state.at = chunk.end
  return true
}

const loaded = (state: State): number => state.frames.reduce((sum, frame) => sum + frame.records.length, -state.skip)

const peek = async (state: State, limit: number): Promise<SpooledRecord[]> => {
  while (loaded(state) < limit && (await load(state)));
  const records: SpooledRecord[] = []
  for (const [n, frame] of state.frames.entries()) {
    if (records.length >= limit) break
    const first = n === 0 ? state.skip : 0
    records.push(...frame.records.slice(first, first + limit - records.length))
  }
  return records
}

const drop = (state: State, count: number): number => {
  const dropped = Math.min(count, loaded(state))
  let rest = state.skip + dropped
  while (state.frames[0] !== undefined && rest >= state.frames[0].records.length) {
    rest -= state.frames[0].records.length
    state.frames.shift()
  }
  state.skip = rest
  return dropped
}

const oldest = (state: State): SpoolPosition => {
  const [first] = state.frames
  if (first === undefined) return { segment: state.segment, position: state.at, skip: 0 }
  return { segment: first.segment, position: first.position, skip: state.skip }
}

/** Continues a spool in `dir` at `from`; reads no further than `tip`, and has `roll` end the newest segment if that is damaged. */
export const openSpoolReader = async (
  dir: string,
  from: SpoolPosition,
  { tip, onDamage, roll }: Pick<State, 'tip' | 'onDamage' | 'roll'>,
): Promise<SpoolReader> => {
  const state: State = {
    dir,
    tip,
    onDamage,
    roll,
    frames: [],
    skip: 0,
    segment: from.segment,
    at: from.position,
    file: undefined,
  }
  if (from.skip > 0 && (await load(state))) drop(state, from.skip)
  // One at a time: loading moves the place at which loading goes on.
  let turn: Promise<unknown> = Promise.resolve()
  return {
    peek: (limit) => {
      const result = turn.then(() => peek(state, limit))
      turn = result.catch(() => undefined)
      return result
    },
    drop: (count) => drop(state, count),
    position: () => oldest(state),
    close: async () => {
      await turn
      await leave(state)
    },
  }
}

/** How many records were ever spooled before a segment began. */
export const recordsBefore = async (dir: string, number: number): Promise<number> => {
  const segment = await openSegment(dir, number)
  const chunk = segment === undefined ? undefined : await firstFrame(segment).finally(() => closeSegment(segment))
  const header = chunk?.frames[0]?.header
  if (chunk === undefined || header === undefined) return 0
  return sectionsOf(chunk.bytes, 0, header).reduce((sum, section) => sum + section.first, 0)
}
