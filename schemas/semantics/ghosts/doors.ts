/**
 * Who may do what an endpoint does: roles show in that one asker is always let in, another always forbidden. It counts only
 * where that holds for everybody; otherwise it is the object that decides.
 */
import type { Door } from './counted.ts'
import type { Guess, StatusFeatures } from './status.ts'

const FORBIDDEN = 403
const MAX_DOORS = 8

/** Things that others have to themselves are refused for what they are. */
const OTHERS = new Set(['theirs', 'other', 'over:other'])

/** Counts how an asker fared. */
export const learnDoor = (doors: Door[], asker: string, { id }: StatusFeatures, status: number): void => {
  const isIn = status >= 200 && status < 300
  if (asker === '' || OTHERS.has(id) || (!isIn && status !== FORBIDDEN)) return
  let door = doors.find(([who]) => who === asker)
  if (door === undefined) {
    if (doors.length >= MAX_DOORS) doors.shift()
    doors.push((door = [asker, 0, 0, 0]))
  }
  door[isIn ? 1 : 2]++
  if (isIn) door[3] = status
}

const isOpen = ([, taken, refused]: Door): boolean => taken > 0 && refused === 0
const isShut = ([, taken, refused]: Door): boolean => taken === 0 && refused > 0

/** Nobody knows what somebody new may do where some may and some may not. */
const EVEN = 0.5
const SURE = 0.9

/** How an asker fares at doors that are open to some and shut to others; undefined where that says nothing. */
const atDoors = (doors: readonly Door[], asker: string): Guess | undefined => {
  const [open, shut] = [doors.filter(isOpen), doors.filter(isShut)]
  if (open.length + shut.length < doors.length) return undefined
  const own = doors.find(([who]) => who === asker)
  if (own === undefined)
    return open.length > 0 && shut.length >= open.length
      ? { status: FORBIDDEN, share: EVEN, weight: doors.length }
      : undefined
  const [, taken, refused, status] = own
  return isShut(own)
    ? { status: FORBIDDEN, share: SURE, weight: refused }
    : shut.length > 0
      ? { status, share: SURE, weight: taken }
      : undefined
}

/** The guess, where it does not hang on who asks. Whether one thing is shown (`isShown`) hangs on the thing. */
export const guessAtDoor = (
  doors: readonly Door[],
  asker: string,
  { features, isShown }: { readonly features: StatusFeatures; readonly isShown: boolean },
  guess: Guess | undefined,
): Guess | undefined => {
  const isAbout = guess === undefined || guess.status < 300 || guess.status === FORBIDDEN
  if (asker === '' || isShown || !isAbout || OTHERS.has(features.id) || features.body !== 'ok') return guess
  return atDoors(doors, asker) ?? guess
}
