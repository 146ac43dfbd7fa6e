/** One part of an endpoint's shape: its query, its header fields, its request bodies, or its answers of one status class. */
import type { ShapePart } from '../../schemas/events.ts'
import { hash32 } from '../kit/hash.ts'
import type { JsonValue } from '../kit/processor.ts'
import { costOf } from './cost.ts'
import { schemaOf } from './json-schema.ts'
import { emptyTree, learnValue, type Looker, type Tree } from './learn.ts'
import { mergeShape } from './merge.ts'
import { fit } from './squeeze.ts'
import { putCount, putNumber, putText, takeCount, takeNumber, takeText, type Reader, type Writer } from './bytes.ts'
import { putShape, takeShape } from './state.ts'

type Tally = [name: string, count: number][]
const MAX_TALLY = 12

/** What every exchange changes: small, since it is written with every commit. */
export interface Counts {
  /** Exchanges, with a body that was learned or without. */
  n: number
  readonly statuses: Tally
}

/** What only learned bodies change. */
export interface Part {
  /** Bodies in a row that were no news. */
  quiet: number
  readonly mediaTypes: Tally
  readonly tree: Tree
}

export const emptyCounts = (): Counts => ({ n: 0, statuses: [] })
export const emptyPart = (budget: number): Part => ({ quiet: 0, mediaTypes: [], tree: emptyTree(budget) })

const count = (tally: Tally, name: string, by: number): boolean => {
  for (const entry of tally)
    if (entry[0] === name) {
      entry[1] += by
      return false
    }
  if (tally.length >= MAX_TALLY) return false
  tally.push([name, by])
  return true
}

const isPowerOfTwo = (n: number): boolean => (n & (n - 1)) === 0

/** Counts one exchange. True when it is worth telling: a new status, or the count has doubled. */
export const countExchange = (counts: Counts, status: string): boolean => {
  counts.n++
  const isNew = status !== '' && count(counts.statuses, status, 1)
  return isNew || isPowerOfTwo(counts.n)
}

/**
 * The sampling rule. Every body is learned until 1,000 in a row were no news; then each 8th, and after 1,000 more of these
 * each 64th, chosen by the hash of the event's id. News (a field, a type, a format, a lost certainty) starts it anew.
 */
const CONVERGED = 1000
const SPARSE = 2000

/** Whether the body of an event is one to learn. */
export const isSampled = ({ quiet }: Part, eventId: string): boolean => {
  if (quiet < CONVERGED) return true
  return (hash32(eventId) & (quiet < SPARSE ? 7 : 63)) === 0
}

const baseType = (mediaType: string): string => {
  const end = mediaType.indexOf(';')
  return (end < 0 ? mediaType : mediaType.slice(0, end)).trim().toLowerCase().slice(0, 64)
}

export interface Sight extends Looker {
  readonly json: JsonValue | undefined
  readonly mediaType: string
}

/** Learns one sight. True when it is news. */
export const learnSight = (part: Part, sight: Sight): boolean => {
  const { json, mediaType } = sight
  const isNewType = mediaType !== '' && count(part.mediaTypes, baseType(mediaType), 1)
  const changed = json !== undefined && learnValue(part.tree, json, sight)
  const isNews = isNewType || changed
  part.quiet = isNews ? 0 : part.quiet + 1
  return isNews
}

export const mergeCounts = (into: Counts, from: Counts): void => {
  into.n += from.n
  for (const [name, n] of from.statuses) count(into.statuses, name, n)
}

/** Adds all that `from` has seen to `into`; what is too much for one budget is given up. */
export const mergePart = (into: Part, from: Part): void => {
  into.quiet = 0
  for (const [name, n] of from.mediaTypes) count(into.mediaTypes, name, n)
  const { tree } = into
  mergeShape(tree.shape, from.tree.shape)
  fit(tree.shape, tree.budget)
  tree.room = tree.budget - costOf(tree.shape)
}

const tallied = (tally: Tally): Record<string, number> => Object.fromEntries([...tally].sort())

export interface Place {
  readonly direction: ShapePart['direction']
  readonly status: string
}

/** The part as it is published. */
export const publishedPart = ({ direction, status }: Place, counts: Counts, part: Part): ShapePart => ({
  direction,
  status,
  count: counts.n,
  schema: JSON.stringify({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...schemaOf(part.tree.shape),
    ...(counts.statuses.length > 0 && { 'x-statuses': tallied(counts.statuses) }),
    ...(part.mediaTypes.length > 0 && { 'x-media-types': tallied(part.mediaTypes) }),
  }),
})

export const putPart = (w: Writer, { quiet, mediaTypes, tree }: Part): void => {
  putCount(w, quiet)
  putCount(w, mediaTypes.length)
  for (const [name, n] of mediaTypes) {
    putText(w, name)
    putCount(w, n)
  }
  putCount(w, tree.budget)
  putNumber(w, tree.room)
  putShape(w, tree.shape)
}

export const takePart = (r: Reader): Part => ({
  quiet: takeCount(r),
  mediaTypes: Array.from({ length: takeCount(r) }, () => [takeText(r), takeCount(r)]),
  tree: { budget: takeCount(r), room: takeNumber(r), shape: takeShape(r) },
})
