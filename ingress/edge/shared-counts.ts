/** Processes that share a port count together: each tells the others, some times a second, what it let through. */
import { openTally, type Tally } from '../limits/tally.ts'
import type { LimitCount } from '../options.ts'

export interface Sharing {
  /** undefined: nobody wants to hear of it. */
  readonly note: Tally['note'] | undefined
  readonly close: () => void
}

/** ms: so much longer than it would be alone may a burst last at the others. */
const EVERY = 25

export const shareCounts = (tell: ((counts: readonly LimitCount[]) => void) | undefined): Sharing => {
  if (tell === undefined) return { note: undefined, close: () => undefined }
  const tally = openTally()
  const timer = setInterval(() => {
    const counts = tally.take()
    if (counts.length > 0) tell(counts)
  }, EVERY).unref()
  return { note: tally.note, close: () => clearInterval(timer) }
}
