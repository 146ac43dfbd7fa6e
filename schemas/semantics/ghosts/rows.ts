/**
 * What follows from the number of a row. Rows that were made together often say so: ten albums to each user, a category
 * for every third, `Item 7`. A relation is believed when nearly all known rows keep it, and says what a row has that
 * nobody saw. Everything comes from what the asker sees.
 */
import type { Json } from './model.ts'
import type { Entry } from './seen.ts'
import { parseJson } from './json.ts'
import { isFields, isScalar, ownField } from './pointers.ts'

/** What a field is for a number; undefined where the relation does not say. */
export type Follows = (id: number) => Json | undefined

/** Known rows that a relation needs, and the share of them that must keep it. */
const LEAST = 10
const KEPT = 0.95
/** Rows that are looked at: enough to tell, evenly spread. */
const SAMPLE = 160
/** Longest block of equal values, and longest cycle of values. */
const BLOCK = 256
const CYCLE = 16
const MAX_FIELDS = 24

interface Point {
  readonly id: number
  readonly value: Json
}

/** How many rows do not keep a relation, counted no further than `most`. */
const missesOf = (points: readonly Point[], follows: Follows, most: number): number => {
  let misses = 0
  for (const { id, value } of points) if (follows(id) !== value && ++misses > most) break
  return misses
}

const keeps = (points: readonly Point[], follows: Follows): boolean => {
  const most = Math.floor((1 - KEPT) * points.length)
  return missesOf(points, follows, most) <= most
}

const isWhole = (value: Json): value is number => typeof value === 'number' && Number.isSafeInteger(value)

/** Blocks of one length, counted up: the numbers begin at `from`. */
const blocks = (anchor: Point, from: number, length: number): Follows => {
  const first = (anchor.value as number) - Math.floor((anchor.id - from) / length)
  return (id) => first + Math.floor((id - from) / length)
}

/**
 * The block lengths that fit best: where they do not say the same, nothing is said. Numbers begin at 1 unless they fit
 * better from 0.
 */
const stepped = (points: readonly Point[], anchors: readonly Point[]): Follows | undefined => {
  let most = Math.floor((1 - KEPT) * points.length)
  let fitting: Follows[] = []
  const attempt = (follows: Follows, isEqualWorth: boolean): void => {
    const misses = missesOf(points, follows, most)
    if (misses > most || (misses === most && !isEqualWorth && fitting.length > 0)) return
    fitting = misses < most ? [follows] : [...fitting, follows]
    most = misses
  }
  for (const from of [1, 0])
    for (let length = 2; length <= BLOCK; length++)
      for (const anchor of anchors) attempt(blocks(anchor, from, length), from === 1)
  return fitting.length === 0 ? undefined : (id) => agreed(fitting.map((follows) => follows(id)))
}

const agreed = ([value, ...others]: readonly (Json | undefined)[]): Json | undefined =>
  others.every((other) => other === value) ? value : undefined

/** So much more with every row. */
const linear = (points: readonly Point[], [a, b]: readonly Point[]): Follows | undefined => {
  if (a === undefined || b === undefined) return undefined
  const slope = ((b.value as number) - (a.value as number)) / (b.id - a.id)
  const start = (a.value as number) - slope * a.id
  const follows: Follows = (id) => Number((start + slope * id).toFixed(6))
  return slope !== 0 && keeps(points, follows) ? follows : undefined
}

/** The same values over and over. */
const cyclic = (points: readonly Point[]): Follows | undefined => {
  for (let length = 2; length <= CYCLE && 2 * length <= points.length; length++) {
    const values = new Map<number, Json>()
    for (const { id, value } of points) if (!values.has(id % length)) values.set(id % length, value)
    const follows: Follows = (id) => values.get(id % length)
    if (values.size === length && keeps(points, follows)) return follows
  }
  return undefined
}

const MARK = '\u0000'
const NUMBER = /\d+/g

/** A text with the number in it. */
const lettered = (points: readonly Point[], [anchor]: readonly Point[]): Follows | undefined => {
  if (anchor === undefined || typeof anchor.value !== 'string') return undefined
  const form = anchor.value.replace(NUMBER, (digits) => (digits === String(anchor.id) ? MARK : digits))
  if (!form.includes(MARK)) return undefined
  const follows: Follows = (id) => form.replaceAll(MARK, String(id))
  return keeps(points, follows) ? follows : undefined
}

const followsOf = (points: readonly Point[]): Follows | undefined => {
  if (points.length < LEAST) return undefined
  const anchors = [0.25, 0.6, 0.85].flatMap((share) => points[Math.floor(share * points.length)] ?? [])
  const kinds = new Set(points.map(({ value }) => value)).size
  if (kinds < 2) return undefined
  if (typeof anchors[0]?.value === 'string') {
    const text = lettered(points, anchors)
    if (text !== undefined) return text
  }
  if (points.every(({ value }) => typeof value === 'number')) {
    const line = linear(points, anchors)
    if (line !== undefined) return line
    if (kinds > 2 && points.every(({ value }) => isWhole(value))) {
      const steps = stepped(points, anchors)
      if (steps !== undefined) return steps
    }
  }
  return kinds <= CYCLE ? cyclic(points) : undefined
}

const sampled = (entries: readonly Entry[]): readonly Entry[] => {
  if (entries.length <= SAMPLE) return entries
  return Array.from({ length: SAMPLE }, (_, i) => entries[Math.floor((i * entries.length) / SAMPLE)] as Entry)
}

const LONGEST = 1024

/** An object as one text: links to the row itself have its number in them. */
const asText = (value: Json | undefined): string | undefined => {
  const text = isFields(value) ? JSON.stringify(value) : ''
  return text === '' || text.length > LONGEST ? undefined : text
}

const fromText =
  (follows: Follows): Follows =>
  (id) => {
    const text = follows(id)
    return typeof text === 'string' ? parseJson(text) : undefined
  }

/** The fields that follow from the number, of entries whose ids are numbers, in order. */
export const rowsFollow = (numbered: readonly Entry[], idField: string): ReadonlyMap<string, Follows> => {
  const found = new Map<string, Follows>()
  const entries = sampled(numbered.filter(({ written }) => written !== true))
  const example = entries[Math.floor(entries.length / 2)]
  if (entries.length < LEAST || example === undefined) return found
  for (const name of Object.keys(example.item).slice(0, MAX_FIELDS)) {
    if (name === idField) continue
    const isObject = isFields(ownField(example.item, name))
    const points = entries.flatMap(({ id, item }) => {
      const value = isObject ? asText(ownField(item, name)) : ownField(item, name)
      return value === undefined || value === null || !isScalar(value) ? [] : [{ id: Number(id), value }]
    })
    const follows = points.length < 0.9 * entries.length ? undefined : followsOf(points)
    if (follows !== undefined) found.set(name, isObject ? fromText(follows) : follows)
  }
  return found
}
