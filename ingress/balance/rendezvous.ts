/**
 * The same client to the same upstream: highest random weight (Thaler and Ravishankar), with weights as Schindelhauer and
 * Schomaker have them. When an upstream leaves, only its clients move; when one comes, clients only move to it.
 */
import { shareOf, type Balancer } from './candidate.ts'

/** FNV-1a. */
export const seedOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** MurmurHash3's end: every bit of what goes in moves half of those that come out. */
const mixed = (bits: number): number => {
  let hash = bits
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export const rendezvous: Balancer = (candidates, { client }) => {
  const key = mixed(seedOf(client))
  let best = candidates[0]
  let least = Infinity
  for (const candidate of candidates) {
    // Evenly in 0..1, neither of them reached, so an exponential variable with its share as rate.
    const even = (mixed(key ^ candidate.seed) + 0.5) / 2 ** 32
    const score = -Math.log(even) / shareOf(candidate)
    if (score >= least) continue
    least = score
    best = candidate
  }
  return best
}
