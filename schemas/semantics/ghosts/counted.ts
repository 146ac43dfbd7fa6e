/** Hypotheses that are counted, as they stand on the log. */

import type { Json } from './json.ts'

/** A field of an object and how it looked before writes: how many were taken, how many refused, and with which status. */
export type Guard = [string, string, number, number, number]

/** What a write does to a number of the object above it: pointer, by how much, hits, misses. */
export type Effect = [string, number, number, number]

/** A number that rises with everything that is made: the value that had it last, hits, misses, whose answers showed the text before it. */
export type Rising = [Json, number, number, string[]]

/** How an asker fared at an endpoint: let in, forbidden, the status they were let in with. */
export type Door = [string, number, number, number]

/** How a write was answered: the `return` that the request preferred, its Accept, status, shape, how often. */
export type WriteForm = [string, string, number, string, number]

/** What a link may be: pointer, target, what stands before the path, parameter, what that counts, `bare` where the first page has none (with `%` where brackets are encoded), hits, misses. */
export type LinkRole = [string, string, string, string, 'page' | 'offset', string, number, number]

/** A list's second form: where its items stand in it, its most items without a limit and how often, and by how much each set of parameters had it more often than the first. */
export interface OtherForm {
  readonly at: string
  longest: number
  full: number
  sets: [string, number][]
}

/** Where in a request a value of the answer may come from; `hits` and `misses` say whether it does. */
export interface Source {
  readonly from: string
  hits: number
  misses: number
  /** Hash of the first value that agreed; `varied` once another one did: an echo of one value only proves nothing. */
  readonly first: number
  varied: boolean
  /** Constant text before and after the value, as in a link. */
  readonly pre?: string
  readonly suf?: string
  /** How often the answer had a value here while the request had none. */
  absent?: number
  /** Whose answers showed the text around it, at most three; not kept where everybody may see it. */
  who?: string[]
}

/** What ghosts made in a collection, for whomever: the largest number they gave, and how many; what one is told no other is. */
export interface Given {
  readonly largest: number
  readonly made: number
}
