/** From counts to suspicions: what a sight or a miss just now says for a change at its place. */
import type { Format } from '../kit/formats.ts'
import { firstSight, firstValue, lastSight, steadiness } from './evidence.ts'
import {
  ADDED,
  FORMATTED,
  NULLABLE,
  OBJECT,
  OPTIONAL,
  REMOVED,
  STRING,
  TYPED,
  TYPES,
  type FieldKind,
  type Form,
  type Late,
  type Place,
  type Sighting,
  type Values,
} from './place.ts'

export interface Suspicion {
  readonly kind: FieldKind
  readonly place: Place
  /** Nats for a change. */
  readonly evidence: number
  readonly first: Sighting
  /** The type or the values that are new. */
  readonly value: string
}

/** What a service is known to do from the beginning: names that are null, optional or have a value elsewhere. */
export interface Known {
  has(what: string): boolean
  add(what: string): void
}

export interface Look {
  readonly now: Sighting
  readonly known: Known
  /** Hash of who asked, 0 for an anonymous one. */
  readonly asker: number
  /** Counts visits to objects. */
  visit: number
  /** Places that may still be made in this endpoint, and values that may still be kept. */
  room: number
  valueRoom: number
  suspect(suspicion: Suspicion): void
  /** The places below are no fields any more. */
  forget(place: Place): void
}

/** Fewer trials than this say nothing of what a place never does. */
export const MIN_BEFORE = 10
/** What the same name does elsewhere it is likely to do here too: 20 : 1. */
export const KNOWN = 3
const MIN_MISSES = 8
const MIN_SIGHTS_SINCE_GAP = 8
const MIN_STEADINESS = 0.5
const MAX_TRAIL = 64
/** Strings from a late value on before it is judged: it may be the first of many. */
const MIN_AFTER = 3
const MIN_REPEATS = 2

/** Below this the old rate explains what was seen better: the matter is closed. */
const SETTLED = -2

export const lateNow = (look: Look, before: number, base: number): Late => ({ first: look.now, before, base })

const lessKnown = (look: Look, what: string): number => (look.known.has(what) ? KNOWN : 0)

export const weighNull = (look: Look, place: Place): void => {
  const { nullable } = place
  if (nullable === undefined || (place.told & NULLABLE) !== 0) return
  const evidence =
    firstSight(nullable.before, place.nulls, place.n - nullable.base) - lessKnown(look, `null ${place.name}`)
  if (evidence < SETTLED) place.nullable = undefined
  look.suspect({ kind: 'became_nullable', place, evidence, first: nullable.first, value: 'null' })
}

export const weighType = (look: Look, place: Place, type: number): void => {
  const { typed } = place
  if (typed === undefined || typed.type !== type || (place.told & TYPED) !== 0) return
  const evidence = firstSight(typed.before, place.types[type] ?? 0, place.n - place.nulls - typed.base)
  if (evidence < SETTLED) place.typed = undefined
  look.suspect({ kind: 'type_changed', place, evidence, first: typed.first, value: TYPES[type] ?? '' })
}

/** A string without the format that all had; `w` is not counted yet. */
export const weighForm = (look: Look, place: Place, [form, now, w]: readonly [Form, Format, number]): void => {
  const { late, misses } = form
  if (late === undefined || (place.told & FORMATTED) !== 0) return
  const evidence = firstSight(late.before, misses, place.types[STRING] + w - late.base)
  if (evidence < SETTLED) place.form = null
  const value = now === '' ? 'text' : now
  look.suspect({ kind: 'format_changed', place, evidence, first: late.first, value })
}

/** Exchanges other than the one given that brought a field which was not seen again. */
const othersThatBrought = (parent: Place, index: number): number => {
  const bringers = new Set<number>()
  for (const { added, n } of parent.fields?.values() ?? [])
    if (added !== undefined && n <= 1 && added.first.index !== index) bringers.add(added.first.index)
  return bringers.size
}

/** A new field, less what it is worth where new names come all the time. */
export const weighAdded = (look: Look, parent: Place, child: Place): void => {
  const { added } = child
  if (added === undefined || (child.told & ADDED) !== 0) return
  const others = othersThatBrought(parent, added.first.index)
  const penalty = others >= 2 ? 2 * Math.log(1 + others) : 0
  const evidence = firstSight(added.before, child.n, parent.types[OBJECT] - added.base) - penalty
  if (evidence < SETTLED) child.added = undefined
  look.suspect({ kind: 'field_added', place: child, evidence, first: added.first, value: '' })
}

/** A field that was always there, seen again after misses. When the trail is full it has been decided, or it never will. */
export const weighGap = (look: Look, parent: Place, child: Place): void => {
  const { gap } = child
  if (gap === undefined || (child.told & OPTIONAL) !== 0 || gap.trail.length >= MAX_TRAIL) return
  gap.trail.push(look.now.index - gap.first.index)
  const m = parent.types[OBJECT] - gap.base
  const seen = child.n - gap.seen
  if (seen < MIN_SIGHTS_SINCE_GAP || steadiness(gap.trail) < MIN_STEADINESS) return
  const evidence = firstSight(gap.before, m - seen, m) - lessKnown(look, `optional ${child.name}`)
  if (evidence < SETTLED) child.told |= OPTIONAL
  look.suspect({ kind: 'became_optional', place: child, evidence, first: gap.first, value: '' })
}

/** A miss of a field that had always been there starts a gap; if it had not, it is optional and need not be told so. */
const openGap = (look: Look, child: Place, before: number): void => {
  const trials = before - child.first
  if (trials < MIN_BEFORE || child.n < trials) {
    child.told |= OPTIONAL
    look.known.add(`optional ${child.name}`)
  } else child.gap = { ...lateNow(look, trials, before), seen: child.n, trail: [-1] }
}

/** Whether `s` misses are a time to weigh: each at first, then at every tenth more. The grid needs no state. */
const isDue = (s: number, w: number): boolean => {
  const unit = s < 40 ? 1 : 2 ** Math.floor(Math.log2(s / 20))
  return Math.floor(s / unit) !== Math.floor((s - w) / unit)
}

/** What the misses since the last sight say; of a field told to be optional, by what it did since then. */
const evidenceOfEnd = (child: Place, s: number): number => {
  const { gap } = child
  const all = lastSight(child.n, child.last - child.first, s)
  if (gap === undefined || (child.told & OPTIONAL) === 0 || child.n <= gap.seen) return all
  return Math.min(all, lastSight(child.n - gap.seen, child.last - gap.base, s))
}

/** One object of weight `w` lacks a field. */
export const weighMiss = (look: Look, parent: Place, child: Place, w: number): void => {
  const objects = parent.types[OBJECT]
  child.missed ??= look.now
  const { gap } = child
  if (gap === undefined) {
    if ((child.told & OPTIONAL) === 0) openGap(look, child, objects - w)
  } else if (gap.trail.length < MAX_TRAIL && (child.told & OPTIONAL) === 0)
    gap.trail.push(-1 - (look.now.index - gap.first.index))
  const s = objects - child.last
  if ((child.told & REMOVED) !== 0 || s < MIN_MISSES || child.n < 2 || !isDue(s, w)) return
  const evidence = evidenceOfEnd(child, s)
  look.suspect({ kind: 'field_removed', place: child, evidence, first: child.missed, value: '' })
}

/** Weighted sights of the late values: all together, and of the one seen most. */
const lateSights = ({ late, counts }: Values): readonly [all: number, most: number] => {
  let all = 0
  let most = 0
  for (const { value } of late) {
    const n = counts.get(value)?.n ?? 0
    all += n
    most = Math.max(most, n)
  }
  return [all, most]
}

const singlesOf = ({ late, counts }: Values): number => {
  const fresh = new Set(late.map(({ value }) => value))
  let singles = 0
  for (const [value, { n }] of counts) if (n <= 1 && !fresh.has(value)) singles++
  return singles
}

/** Values that came to a closed enumeration. Three or more that hardly repeat mean it is none; one that repeats, that it is. */
export const weighValues = (look: Look, place: Place, values: Values): void => {
  const [oldest] = values.late
  if (oldest === undefined) return
  const m = place.types[STRING] - oldest.base
  const [k, most] = lateSights(values)
  if (values.late.length >= 3 && k < 2 * values.late.length) {
    place.values = null
    return
  }
  if (m < MIN_AFTER || most < MIN_REPEATS) return
  const before = Math.max(1, oldest.before)
  const elsewhere = lessKnown(look, `value ${place.name}=${oldest.value}`)
  const evidence = firstValue(before, singlesOf(values), [k, m]) - elsewhere
  const value = values.late.map((one) => one.value).join(', ')
  look.suspect({ kind: 'enum_widened', place, evidence, first: oldest.first, value })
  if (m > 10 * before) settleValues(place)
}

/** The late values are values like any other from now on. */
export const settleValues = (place: Place): void => {
  if (!place.values) return
  place.values.late = []
  place.values.newest = place.types[STRING]
}
