/** Bottom-k sketches of values: whether two places hold the same ones, for a few bytes each. */
import { hash32 } from '../kit/hash.ts'
import type { Place } from './place.ts'

const MAX_MARKS = 4
/** Shorter texts and smaller numbers are everywhere: they tell no two places apart. */
const MIN_LENGTH = 4
const MIN_NUMBER = 1000
const MAX_LENGTH = 64

/** The mark of a value, −1 for one that tells nothing. */
export const markOf = (value: string | number): number => {
  if (typeof value === 'number') return Math.abs(value) >= MIN_NUMBER ? hash32(String(value)) : -1
  return value.length >= MIN_LENGTH ? hash32(value.length > MAX_LENGTH ? value.slice(0, MAX_LENGTH) : value) : -1
}

export const addMark = (place: Place, mark: number): void => {
  if (mark < 0) return
  const marks = (place.marks ??= [])
  const largest = marks.at(-1)
  if (marks.length === MAX_MARKS && largest !== undefined && mark >= largest) return
  if (marks.includes(mark)) return
  marks.push(mark)
  marks.sort((a, b) => a - b)
  if (marks.length > MAX_MARKS) marks.pop()
}

/** How many marks two places share. */
export const sharedMarks = (a: Place, b: Place): number =>
  (a.marks ?? []).filter((mark) => b.marks?.includes(mark)).length
