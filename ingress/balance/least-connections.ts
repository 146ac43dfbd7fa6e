/** The one with the fewest requests for its weight; those that are equal, and so all of them when it is quiet, take turns by weight. */
import { shareOf, type Balancer } from './candidate.ts'

export const leastConnections: Balancer = <T extends Parameters<Balancer>[0][number]>(candidates: readonly T[]) => {
  let least = Infinity
  for (const candidate of candidates) least = Math.min(least, candidate.inFlight / shareOf(candidate))
  let best: T | undefined
  let total = 0
  for (const candidate of candidates) {
    const share = shareOf(candidate)
    if (candidate.inFlight / share > least) continue
    candidate.credit += share
    total += share
    if (best === undefined || candidate.credit > best.credit) best = candidate
  }
  if (best !== undefined) best.credit -= total
  return best
}
