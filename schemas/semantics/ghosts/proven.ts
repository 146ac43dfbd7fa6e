/** Which source in the request a place is proven to repeat, and to whom that may be told. */
import { isComputed } from './computed.ts'
import type { Node, Source } from './model.ts'
import { isProvenAsker } from './status.ts'

export const MIN_HITS = 2
export const MIN_SHARE = 0.95
/** Askers, proven to differ (or any, of errors), that must have seen a value before others may. */
export const SHARED_BY = { proven: 2, error: 3 } as const

/** Of what is worked out. */
const MIN_COMPUTED = 4

/** Whether a place repeats a source. */
export const isProven = (source: Source): boolean =>
  source.hits >= (isComputed(source.from) ? MIN_COMPUTED : MIN_HITS) &&
  source.varied &&
  source.hits >= MIN_SHARE * (source.hits + source.misses)

/** Text around a value that private answers showed is told to who saw it; to others once two proven persons did. */
export const mayTell = (who: readonly string[] | undefined, asker: string): boolean =>
  who === undefined || who.includes(asker) || who.filter(isProvenAsker).length >= SHARED_BY.proven

/** The best proven source of a place; what repeats a value plainly beats what changes it. */
export const provenSource = (node: Node, asker: string): Source | undefined => {
  let best: Source | undefined
  for (const source of node.sources)
    if (isProven(source) && mayTell(source.who, asker) && (best === undefined || source.hits > best.hits)) best = source
  return best
}
