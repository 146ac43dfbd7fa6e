/** outage: to this request all upstreams are down. What then happens is what would happen: a ghost, or an honest error. */
import type { Fault } from './fault.ts'

export const outage: Fault = () => ({ effect: { kind: 'outage' }, mark: 'outage' })
