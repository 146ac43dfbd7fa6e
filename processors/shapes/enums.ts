/** When the values of strings are told as an enumeration. */
import type { Shape } from './shape.ts'

/** Only after so many strings, each value often, and hardly a new one (Good–Turing: singletons). */
const ENUM_AFTER = 20
const ENUM_PER_VALUE = 3
const ENUM_UNSEEN = 0.06

/** No value that only one principal was told leaves the learner. */
export const isPublic = (n: number, askers: readonly number[]): boolean =>
  n >= ENUM_PER_VALUE && (askers.includes(0) || askers.length > 1)

/** The values, when they are all that is to be expected; each is public. */
export const enumOf = ({ n, nulls, strings, texts }: Shape): readonly string[] | undefined => {
  const values = texts?.format === '' ? texts.values : undefined
  if (values === undefined || values.size === 0 || n !== strings + nulls) return undefined
  if (strings < Math.max(ENUM_AFTER, ENUM_PER_VALUE * values.size)) return undefined
  let singletons = 0
  for (const { n: count, askers } of values.values()) {
    if (count === 1) singletons++
    if (!isPublic(count, askers)) return undefined
  }
  return (singletons + 0.5) / strings <= ENUM_UNSEEN ? [...values.keys()].sort() : undefined
}
