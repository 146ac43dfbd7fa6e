/**
 * Retention and compaction of closed segments. As Kafka's log cleaner: the last offset of each key is gathered from the
 * segments not cleaned yet, then older records of these keys are dropped from all, and what is left of neighbours is
 * merged. A segment is replaced by renaming, so a crash leaves the old or the new; readers go by offsets, so neither
 * repeats nor loses a record for them.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { TopicSpec } from '../../../../schemas/log.ts'
import { readIfThere, replaceFile, syncDirectory } from './files.ts'
import { readRecords, type Section, sectionsOf } from './frame.ts'
import type { PartitionIndex, SegmentIndex } from './index.ts'
import { type Journal, visibleSegments, withSegment } from './journal.ts'
import { type Keep, rewrite } from './rewrite.ts'
import { corrupt, readFrames, segmentPath, type SegmentFile, sizeOf } from './segment.ts'

export interface CleanOptions {
  readonly topics: readonly TopicSpec[]
  /** Only segments below this number are closed. */
  readonly before: number
  readonly segmentBytes: number
  readonly retentionBytes: number
  readonly tombstoneMs: number
  readonly now: number
  /** Clean even if little is to be gained. */
  readonly force: boolean
}

/** Bounds the memory of one pass; what is left over is the next pass's. */
const KEYS_PER_PASS = 200_000
/** Kafka's min.cleanable.dirty.ratio. */
const DIRTY_RATIO = 0.5
/** Share of a segment's records that are compacted from which on it counts: the schemas among exchanges do not. */
const WORTH = 0.01

interface Closed {
  readonly number: number
  readonly bytes: number
  readonly index: SegmentIndex
}

interface Policy {
  readonly compact: boolean
  readonly deletes: boolean
  readonly retentionMs: number
}

interface Pass {
  readonly options: CleanOptions
  readonly policies: ReadonlyMap<string, Policy>
  readonly latest: Map<string, number>
  /** Segments up to this number were cleaned before: nothing older than a tombstone in them has its key any more. */
  readonly done: number
  /** Segments up to this number go whatever their age, as far as they may. */
  readonly pressed: number
}

const policyOf = ({ cleanup, retentionMs }: TopicSpec): Policy => ({
  compact: cleanup !== 'delete',
  deletes: cleanup !== 'compact',
  retentionMs: retentionMs ?? Infinity,
})

const keyOf = ({ topic, partition }: Section, key: string): string => `${topic}\0${partition}\0${key}`

const closedSegments = async (journal: Journal, before: number): Promise<Closed[]> => {
  const closed: Closed[] = []
  for (const number of await visibleSegments(journal)) {
    if (number >= before) break
    const found = await withSegment(journal.dir, number, async (segment) => ({
      number,
      bytes: sizeOf(segment),
      index: await journal.index(segment),
    }))
    if (found !== undefined) closed.push(found)
  }
  return closed
}

const eachSection = async (segment: SegmentFile, each: (section: Section, bytes: Buffer) => void): Promise<void> => {
  const limit = sizeOf(segment)
  for (let from = 0; from < limit;) {
    const chunk = await readFrames(segment, { from, limit, verify: true })
    if (chunk.bad) throw corrupt(segment, chunk.end)
    for (const { at, header } of chunk.frames)
      for (const section of sectionsOf(chunk.bytes, at, header)) each(section, chunk.bytes)
    from = chunk.end
  }
}

/** The last offsets of the keys in dirty segments; says up to which segment they were gathered. */
const gatherLatest = async (journal: Journal, dirty: readonly Closed[], pass: Pass): Promise<number> => {
  let upTo = 0
  for (const { number } of dirty) {
    if (pass.latest.size >= KEYS_PER_PASS) break
    await withSegment(journal.dir, number, (segment) =>
      eachSection(segment, (section, bytes) => {
        if (pass.policies.get(section.topic)?.compact !== true) return
        readRecords(bytes, section, (offset, { key }) => pass.latest.set(keyOf(section, key), offset))
      }),
    )
    upTo = number
  }
  return upTo
}

const isExpired = ({ number, index }: Closed, policy: Policy, { options, pressed }: Pass): boolean =>
  policy.deletes && (number <= pressed || options.now - index.writtenAt > policy.retentionMs)

/** Whether all records of a topic stay, or none; undefined where each has to be looked at. */
const shared = (closed: Closed, topic: string, pass: Pass): boolean | undefined => {
  const policy = pass.policies.get(topic)
  if (policy === undefined) return true
  if (isExpired(closed, policy, pass)) return false
  return policy.compact ? undefined : true
}

const keeper = (closed: Closed, pass: Pass): Keep => {
  const noTombstones =
    closed.number <= pass.done && pass.options.now - closed.index.writtenAt > pass.options.tombstoneMs
  return (section, offset, { key, value }) => {
    const all = shared(closed, section.topic, pass)
    if (all !== undefined) return all
    if (value === null && noTombstones) return false
    return (pass.latest.get(keyOf(section, key)) ?? -1) <= offset
  }
}

interface Member {
  readonly closed: Closed
  readonly keep: Keep
  /** Rough bytes that stay. */
  readonly kept: number
  readonly drops: boolean
}

/** Reads records only where their fates differ: in most journals hardly any do, and there are a lot of them. */
const weigh = async (journal: Journal, closed: Closed, pass: Pass): Promise<Member> => {
  const keep = keeper(closed, pass)
  let all = 0
  let kept = 0
  const add = (bytes: number, stays: boolean): void => {
    all += bytes
    if (stays) kept += bytes
  }
  await withSegment(journal.dir, closed.number, (segment) =>
    eachSection(segment, (section, bytes) => {
      const stay = shared(closed, section.topic, pass)
      if (stay !== undefined) return add(section.end - section.start, stay)
      readRecords(bytes, section, (offset, record) =>
        add(24 + record.key.length + (record.value?.length ?? 0), keep(section, offset, record)),
      )
    }),
  )
  return { closed, keep, kept: all === 0 ? 0 : (kept / all) * closed.bytes, drops: kept < all }
}

/** Neighbours whose remains fit one segment. */
const groupsOf = (members: readonly Member[], segmentBytes: number): Member[][] => {
  const groups: Member[][] = []
  let room = 0
  for (const member of members) {
    const group = groups.at(-1)
    if (group !== undefined && member.kept <= room) group.push(member)
    else groups.push([member])
    room = (groups.at(-1)?.length === 1 ? segmentBytes : room) - member.kept
  }
  return groups
}

const remove = async (dir: string, numbers: readonly number[]): Promise<void> => {
  for (const number of numbers) {
    await fs.promises.rm(segmentPath(dir, number), { force: true })
    await fs.promises.rm(segmentPath(dir, number, 'index'), { force: true })
  }
  await syncDirectory(dir)
}

const cleanGroup = async (journal: Journal, group: readonly Member[]): Promise<void> => {
  const numbers = group.map((member) => member.closed.number)
  if (group.every((member) => member.kept === 0)) return remove(journal.dir, numbers)
  if (group.length === 1 && group[0]?.drops === false) return
  const sources = group.map(({ closed, keep }) => ({ number: closed.number, keep }))
  await rewrite(journal.dir, sources)
  await remove(journal.dir, numbers.slice(1))
}

/** The number up to which segments must go so that the rest fits `retentionBytes`. */
const pressedUpTo = (closed: readonly Closed[], retentionBytes: number): number => {
  let total = closed.reduce((sum, { bytes }) => sum + bytes, 0)
  let upTo = 0
  for (const { number, bytes } of closed) {
    if (total <= retentionBytes) break
    total -= bytes
    upTo = number
  }
  return upTo
}

const hasExpired = (closed: Closed, pass: Pass): boolean =>
  closed.index.partitions.some((p) => {
    const policy = pass.policies.get(p.topic)
    return p.records > 0 && policy !== undefined && isExpired(closed, policy, pass)
  })

const cleanedPath = (dir: string): string => path.join(dir, 'cleaned')

const cleanedUpTo = async (dir: string): Promise<number> =>
  Number((await readIfThere(cleanedPath(dir)))?.toString() ?? 0)

/** Whether compaction could take more of a segment than reading all of it is worth. */
const compacts = ({ index: { partitions } }: Closed, { policies }: Pass): boolean => {
  const count = (some: readonly PartitionIndex[]): number => some.reduce((sum, { records }) => sum + records, 0)
  const compacted = count(partitions.filter(({ topic }) => policies.get(topic)?.compact === true))
  return compacted > 0 && compacted >= WORTH * count(partitions)
}

const isDue = (closed: readonly Closed[], dirty: readonly Closed[], pass: Pass): boolean => {
  if (pass.options.force) return true
  const bytes = (all: readonly Closed[]): number =>
    all.filter((one) => compacts(one, pass)).reduce((sum, one) => sum + one.bytes, 0)
  const dirtyBytes = bytes(dirty)
  return dirtyBytes > 0 && dirtyBytes >= DIRTY_RATIO * bytes(closed)
}

/** Cleans segments; with `merge` they must be all there are up to some number, so that order is kept. */
const sweep = async (journal: Journal, closed: readonly Closed[], pass: Pass, merge: boolean): Promise<void> => {
  const members: Member[] = []
  for (const one of closed) members.push(await weigh(journal, one, pass))
  const groups = merge ? groupsOf(members, pass.options.segmentBytes) : members.map((member) => [member])
  for (const group of groups) await cleanGroup(journal, group)
}

/** Cleans a journal's closed segments, if there is enough to gain. */
export const cleanJournal = async (journal: Journal, options: CleanOptions): Promise<void> => {
  const closed = await closedSegments(journal, options.before)
  const policies = new Map(options.topics.map((spec) => [spec.name, policyOf(spec)]))
  const done = await cleanedUpTo(journal.dir)
  const pressed = pressedUpTo(closed, options.retentionBytes)
  const pass: Pass = { options, policies, latest: new Map(), done, pressed }
  const dirty = closed.filter(({ number }) => number > done)
  if (!isDue(closed, dirty, pass))
    return sweep(
      journal,
      closed.filter((one) => hasExpired(one, pass)),
      pass,
      false,
    )
  const upTo = Math.max(done, await gatherLatest(journal, dirty, pass))
  await sweep(
    journal,
    closed.filter(({ number }) => number <= upTo),
    pass,
    true,
  )
  if (upTo > done) await replaceFile(cleanedPath(journal.dir), String(upTo))
}
