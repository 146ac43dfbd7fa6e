/** Each in its turn, whatever its weight; one that starts slowly sits turns out. */
import type { Balancer } from './candidate.ts'
import { smooth } from './smooth.ts'

export const roundRobin: Balancer = smooth(({ ramp }) => ramp)
