/** A journal as its writer has it: locked, appended to, its topics recorded, its closed segments indexed and cleaned. */
import fs from 'node:fs'
import path from 'node:path'
import type { TopicSpec } from '../../../../schemas/log.ts'
import { type Appender, type AppenderOptions, openAppender } from './appender.ts'
import type { Part } from './builder.ts'
import { cleanJournal, type CleanOptions } from './cleaner.ts'
import { toLogError } from './files.ts'
import { saveIndex, type SegmentIndex } from './index.ts'
import { type Journal, withSegment } from './journal.ts'
import { type Lock, takeLock } from './lock.ts'
import { readTopics, type Writer, writeTopics } from './topics.ts'

export interface WriterOptions extends Pick<AppenderOptions, 'segmentBytes' | 'commitIntervalMs'> {
  /** Above it, the oldest records of `delete` topics go, whatever their age. None by default. */
  readonly retentionBytes?: number
  /** How long a tombstone stays for readers that lag (1 h). */
  readonly tombstoneMs?: number
  /** How often closed segments are looked at (10 min); a segment this process began is closed after a day at the latest. */
  readonly cleanIntervalMs?: number
  /** Told what failed in the background: cleaning, indexing. */
  readonly onError?: (error: Error) => void
}

export interface JournalWriter extends Pick<Appender, 'head'>, Partial<Pick<Appender, 'adopt'>> {
  readonly writer: Writer
  /** As the appender's; resolves with the first offset of each part. */
  append(parts: readonly Part[], whole: boolean): Promise<readonly number[]>
  readonly syncs: number
  createTopics(specs: readonly TopicSpec[]): Promise<void>
  /** Resolves when everything appended so far is written or has failed. */
  settled(): Promise<void>
  clean(): Promise<void>
  close(): Promise<void>
}

const SEGMENT_MS = 24 * 3600 * 1000

interface State {
  readonly journal: Journal
  readonly options: WriterOptions
  readonly lock: Lock
  readonly appender: Appender
  topics: readonly TopicSpec[]
  /** Background work, one at a time. */
  work: Promise<void>
  began: number
}

const inBackground = (state: State, task: () => Promise<void>): Promise<void> => {
  const result = state.work.then(task)
  state.work = result.catch((error: unknown) => state.options.onError?.(error as Error))
  return result
}

const cleanOptions = ({ options, topics, appender }: State, force: boolean): CleanOptions => ({
  topics,
  before: appender.tip.segment,
  segmentBytes: options.segmentBytes ?? 64 << 20,
  retentionBytes: options.retentionBytes ?? Infinity,
  tombstoneMs: options.tombstoneMs ?? 3_600_000,
  now: Date.now(),
  force,
})

const closedSegment = (state: State, number: number, known: SegmentIndex | undefined): void => {
  state.began = Date.now()
  const work = async (): Promise<void> => {
    await withSegment(state.journal.dir, number, async (segment) =>
      saveIndex(state.journal.dir, number, known ?? (await state.journal.index(segment))),
    )
    await cleanJournal(state.journal, cleanOptions(state, false))
  }
  inBackground(state, work).catch(() => undefined)
}

const tick = async (state: State): Promise<void> => {
  if (Date.now() - state.began > SEGMENT_MS) await state.appender.roll()
  await cleanJournal(state.journal, cleanOptions(state, false))
}

const createTopics = async (state: State, specs: readonly TopicSpec[]): Promise<void> => {
  const known = new Set(state.topics.map((topic) => topic.name))
  const missing = specs.filter((spec) => !known.has(spec.name))
  if (missing.length === 0) return
  const topics = [...state.topics, ...missing]
  await writeTopics(state.journal.dir, topics)
  state.topics = topics
}

const open = async (journal: Journal, lock: Lock, options: WriterOptions): Promise<State> => {
  const later: { state?: State } = {}
  await removeLeftovers(journal.dir)
  const appender = await openAppender({
    ...options,
    dir: journal.dir,
    onTip: (tip) => journal.announce(tip, ({ topic, partition }) => appender.written(topic, partition)),
    onClosed: (number, index) => later.state !== undefined && closedSegment(later.state, number, index),
    mayWrite: () => lock.check(),
  })
  const topics = await readTopics(journal.dir)
  const state: State = { journal, options, lock, appender, topics, work: Promise.resolve(), began: Date.now() }
  later.state = state
  return state
}

/** What a crash in the middle of cleaning or replacing a file left: never read, so only in the way. */
const removeLeftovers = async (dir: string): Promise<void> => {
  for (const name of await fs.promises.readdir(dir))
    if (/\.(cleaning|next)$/.test(name)) await fs.promises.rm(path.join(dir, name), { force: true })
}

/** Takes the journal's directory for this process; throws `locked` with the holder's name when another has it. */
export const openWriter = async (writer: Writer, journal: Journal, options: WriterOptions): Promise<JournalWriter> => {
  fs.mkdirSync(journal.dir, { recursive: true })
  const lock = takeLock(journal.dir, writer)
  const state = await open(journal, lock, options).catch((error: unknown) => {
    lock.release()
    throw toLogError(error, journal.dir)
  })
  const { appender } = state
  const timer = setInterval(
    () => void inBackground(state, () => tick(state)).catch(() => undefined),
    options.cleanIntervalMs ?? 600_000,
  ).unref()
  return {
    writer,
    head: appender.head,
    append: async (parts, whole) => {
      const firsts = parts.map(({ head }) => head.next)
      await appender.append(parts, whole)
      return firsts
    },
    adopt: appender.adopt,
    get syncs() {
      return appender.syncs
    },
    createTopics: (specs) =>
      createTopics(state, specs).catch((error: unknown) => {
        throw toLogError(error, journal.dir)
      }),
    settled: () => appender.append([], false).catch(() => undefined),
    clean: async () => {
      await appender.roll()
      await inBackground(state, () => cleanJournal(journal, cleanOptions(state, true)))
    },
    close: async () => {
      clearInterval(timer)
      await appender.close()
      await state.work
      lock.release()
    },
  }
}
