/** What forwarding needs, for requests and for upgrades. */
import type { Outcome } from '../balance/breaker.ts'
import type { Context } from '../phases/context.ts'
import type { Conduct } from '../phases/conduct.ts'
import type { Decide, Staying } from '../phases/decide.ts'
import type { Pools } from './pools.ts'
import type { Gate } from './upstream/call.ts'

export interface ForwardSettings {
  readonly pools: Pools
  /** ms without a byte after which a tunnel ends; 0: never. */
  readonly tunnelIdle: number
  /** Bytes of a request's body; 0: any number. */
  readonly maxBody: number
  readonly decide: Pick<Decide, 'recover' | 'replace'> & Partial<Staying>
  readonly conduct?: Conduct
  /** µs, monotonic. */
  readonly clock: () => number
  /** What a try says about its upstream; called once for each permission. */
  readonly settle: (context: Context, outcome: Outcome, reason: string) => void
  readonly draining: () => boolean
  /** What is asked, once a connection stands, before the request goes out on it. */
  readonly gate?: ((context: Context) => Gate | undefined) | undefined
}
