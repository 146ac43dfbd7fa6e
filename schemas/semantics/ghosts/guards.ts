/**
 * Writes that depend on the state of what they are about: closing twice, paying what was cancelled, taking from an empty
 * stock. Counted by how each field of the object looked before; a field tells where each of its looks was always taken, or
 * always refused.
 */
import type { Guard } from './counted.ts'
import type { Json } from './model.ts'
import type { Fields } from './pointers.ts'
import type { Guess } from './status.ts'

const MAX_GUARDS = 64
const MAX_FIELDS = 24

/** Refusals that may be for the object's state, rather than for the sender or the address. */
const FOR_STATE = new Set([400, 402, 405, 409, 412, 422, 423])
export const isForState = (status: number): boolean => FOR_STATE.has(status)

const WORD = /^[A-Za-z][A-Za-z _-]{0,23}$/

/** How a value looks: a word or a flag by itself, a number by its sign, everything else by being there. */
const lookOf = (value: Json): string => {
  if (typeof value === 'number') return value === 0 ? '0' : value < 0 ? '-' : '+'
  if (typeof value === 'string') return WORD.test(value) ? `=${value}` : value === '' ? '""' : '*'
  if (Array.isArray(value)) return value.length === 0 ? '[]' : '[*]'
  return typeof value === 'object' && value !== null ? '{}' : String(value)
}

const looksOf = (before: Fields): [string, string][] =>
  Object.entries(before)
    .slice(0, MAX_FIELDS)
    .map(([name, value]) => [name, lookOf(value)])

/** Counts one write by how the object looked before it. */
export const learnGuards = (guards: Guard[], before: Fields, status: number): void => {
  const isRefused = isForState(status)
  if (!isRefused && (status < 200 || status >= 300)) return
  for (const [name, look] of looksOf(before)) {
    let known = guards.find(([field, value]) => field === name && value === look)
    if (known === undefined) {
      if (guards.length >= MAX_GUARDS) continue
      guards.push((known = [name, look, 0, 0, 0]))
    }
    if (!isRefused) known[2]++
    else {
      known[3]++
      known[4] = status
    }
  }
}

/** One in so many may be otherwise: what is known of an object may be older than its state. */
const SLACK = 10
const isTaken = ([, , taken, refused]: Guard): boolean => taken > SLACK * refused
const isRefusing = ([, , taken, refused]: Guard): boolean => refused > SLACK * taken

/** How often a field's looks were confirmed; 0 for a field that does not tell. */
const weightOf = (looks: readonly Guard[]): number => {
  const tells = looks.every((guard) => isTaken(guard) || isRefusing(guard))
  if (!tells || !looks.some(isTaken) || !looks.some(isRefusing)) return 0
  return looks.reduce((sum, [, , taken, refused]) => sum + taken + refused - 1, 0)
}

const LEAST = 2

/** What becomes of a write by the state that its object is in: the field that was confirmed most says it; of two such the one that refuses. */
export const guessByState = (guards: readonly Guard[], before: Fields, good: number): Guess | undefined => {
  let best: Guard | undefined
  let most = LEAST - 1
  for (const [name, look] of looksOf(before)) {
    const looks = guards.filter(([field]) => field === name)
    const own = looks.find(([, value]) => value === look)
    const weight = own === undefined ? 0 : weightOf(looks)
    const isStronger = weight > most || (weight === most && own !== undefined && best !== undefined && isRefusing(own))
    if (!isStronger) continue
    best = own
    most = weight
  }
  if (best === undefined) return undefined
  const [, , taken, refused, status] = best
  const isOpen = taken > refused
  return {
    status: isOpen ? good : status,
    share: Math.max(taken, refused) / (taken + refused),
    weight: taken + refused,
  }
}
