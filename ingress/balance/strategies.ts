/** The strategies by name. One more: a file with a `Balancer`, and its line here and in schemas/config-balance.ts. */
import type { Balancer } from './candidate.ts'
import { leastConnections } from './least-connections.ts'
import { peakEwma } from './peak-ewma.ts'
import { rendezvous } from './rendezvous.ts'
import { roundRobin } from './round-robin.ts'
import { weighted } from './weighted.ts'

export const strategies = {
  weighted,
  'round-robin': roundRobin,
  'least-connections': leastConnections,
  'peak-ewma': peakEwma,
  'ip-hash': rendezvous,
} as const satisfies Record<string, Balancer>

export type Strategy = keyof typeof strategies
