/** Smooth weighted round robin, as nginx does it: over a cycle each gets its share, spread out evenly. */
import type { Balancer, Candidate } from './candidate.ts'

export const smooth =
  (shareOf: (candidate: Candidate) => number): Balancer =>
  (candidates) => {
    let best = candidates[0]
    let total = 0
    for (const candidate of candidates) {
      const share = shareOf(candidate)
      candidate.credit += share
      total += share
      if (candidate.credit > (best as Candidate).credit) best = candidate
    }
    if (best !== undefined) best.credit -= total
    return best
  }
