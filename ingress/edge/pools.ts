/** Connections to the upstreams: one pool each. */
import type { Service, Upstream } from '../phases/context.ts'
import { openPool, type Pool } from './upstream/pool.ts'

export interface Pools {
  readonly of: (upstream: Upstream) => Pool
  /** Closes every connection. */
  readonly close: () => void
}

export const openPools = (services: readonly Service[]): Pools => {
  const pools = new Map<Upstream, Pool>()
  for (const { upstreams, timeouts } of services)
    for (const upstream of upstreams) pools.set(upstream, openPool({ url: upstream.url, limits: timeouts }))
  return {
    of: (upstream) => pools.get(upstream) as Pool,
    close: () => {
      for (const pool of pools.values()) pool.close()
    },
  }
}
