/**
 * Whether an endpoint came, or went. New: it is asked for at a rate at which it would have been seen long before. Gone: a
 * server denies it that used to answer. An endpoint that nobody asks for is not gone, for all that traffic can tell.
 */
import { arrival, lastSight } from './evidence.ts'
import type { Sighting } from './place.ts'

export interface Life {
  /** Answers, and of these so many as count: a burst is one. */
  answers: number
  counted: number
  /** The service's count at the last that counted. */
  last: number
  /** Whether it may still turn out to be new. */
  isNewcomer: boolean
  denials: number
  /** Denials since the last answer, and the first of them. */
  run: number
  refused: Sighting | undefined
  /** Hash of what was denied last: asking again for the same thing proves no more. */
  denied: number
}

/** A service is known when so many of its exchanges are. */
const KNOWN_AFTER = 300
/** What comes within so many exchanges is one errand of one client. */
const ERRAND = 10
const MIN_ANSWERS = 10
const MIN_RUN = 12
/** Below this the endpoint is merely rare: the matter is closed. */
const SETTLED = -1

export const newLife = (born: number): Life => ({
  answers: 0,
  counted: 0,
  last: -ERRAND,
  isNewcomer: born >= KNOWN_AFTER,
  denials: 0,
  run: 0,
  refused: undefined,
  denied: 0,
})

/** Statuses by which a server says that there is no such endpoint, or no such thing. */
export const isDenial = (status: number): boolean =>
  status === 404 || status === 405 || status === 410 || status === 501

/** One answer; gives the nats for "it is new". */
export const answered = (life: Life, born: number, now: Sighting): number | undefined => {
  life.answers++
  life.run = 0
  life.refused = undefined
  if (!life.isNewcomer || now.index - life.last < ERRAND) return undefined
  life.last = now.index
  life.counted++
  const evidence = arrival(born, life.counted, (now.index - born) / ERRAND)
  if (evidence < SETTLED) life.isNewcomer = false
  return evidence
}

/** One denial of what `asked` is the hash of; gives the nats for "it is gone". */
export const denied = (life: Life, asked: number, now: Sighting): number | undefined => {
  if (asked !== 0 && asked === life.denied) return undefined
  life.denied = asked
  life.denials++
  life.run++
  life.refused ??= now
  if (life.answers < MIN_ANSWERS || life.run < MIN_RUN) return undefined
  return lastSight(life.answers, life.answers + life.denials - life.run, life.run)
}

/** Adds up two lives; what was old in either is old. */
export const joinLives = (into: Life, from: Life): void => {
  into.answers += from.answers
  into.counted += from.counted
  into.denials += from.denials
  into.isNewcomer &&= from.isNewcomer
  into.run = 0
  into.refused = undefined
}
