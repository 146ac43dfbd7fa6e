/** Smooth weighted round robin, as nginx does it: over a cycle each gets its weight, spread out evenly. */
export interface Weighted {
  readonly weight: number
  credit: number
}

export const roundRobin = <T extends Weighted>(candidates: readonly T[]): T | undefined => {
  let best: T | undefined
  let total = 0
  for (const candidate of candidates) {
    candidate.credit += candidate.weight
    total += candidate.weight
    if (best === undefined || candidate.credit > best.credit) best = candidate
  }
  if (best !== undefined) best.credit -= total
  return best
}
