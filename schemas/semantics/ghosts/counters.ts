/**
 * What a write below an object does to the object's numbers: a comment that is made or removed moves its post's count. What
 * each write moved is counted on the log, by what the object showed before and after; the fold moves what moved every time.
 */
import type { Effect } from './counted.ts'
import type { Json } from './json.ts'
import { at, isFields, pointersOf } from './pointers.ts'
import type { Fields } from './pointers.ts'

const DEPTH = 2
const MAX_EFFECTS = 8
/** Times that a number must have moved, and the share of all times. */
const LEAST = 2
const KEPT = 0.95

/** Learns what one write did, by the object before and after. */
export const learnEffects = (effects: Effect[], before: Fields, after: Fields): void => {
  for (const [pointer, value] of pointersOf(after, DEPTH)) {
    const was = at(before, pointer)
    if (typeof value !== 'number' || typeof was !== 'number') continue
    const known = effects.find(([place]) => place === pointer)
    if (known !== undefined) known[value - was === known[1] ? 2 : 3]++
    else if (Math.abs(value - was) === 1 && effects.length < MAX_EFFECTS) effects.push([pointer, value - was, 1, 0])
  }
}

const isProven = ([, , hits, misses]: Effect): boolean => hits >= LEAST && hits >= KEPT * (hits + misses)

const moved = (json: Json, pointer: string, effects: readonly Effect[]): Json => {
  const by = effects.find(([place]) => place === pointer)?.[1]
  if (by !== undefined && typeof json === 'number') return Math.max(0, json + by)
  if (!isFields(json) || !effects.some(([place]) => place.startsWith(pointer))) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, kid]) => [name, moved(kid, `${pointer}/${name}`, effects)]),
  )
}

/** The object after such a write; undefined where nothing of it is known to move. */
export const afterEffects = (effects: readonly Effect[] | undefined, before: Fields): Fields | undefined => {
  const proven = (effects ?? []).filter(isProven)
  if (proven.length === 0) return undefined
  const after = moved(before, '', proven)
  return isFields(after) ? after : undefined
}
