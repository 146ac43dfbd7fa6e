/** Each as often as its weight says. */
import { shareOf, type Balancer } from './candidate.ts'
import { smooth } from './smooth.ts'

export const weighted: Balancer = smooth(shareOf)
