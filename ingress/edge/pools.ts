/** Connections to the upstreams: one pool each, opened when it is first needed, closed when nothing is under way any more. */
import type { Service, Upstream } from '../phases/context.ts'
import type { Secured } from './secured.ts'
import { sleep } from './settled.ts'
import { openHttp2Pool } from './upstream/http2.ts'
import { openPool, type Pool } from './upstream/pool.ts'

export interface Pools {
  readonly of: (upstream: Upstream) => Pool
  /** Upstreams of this service get connections with its limits. */
  readonly add: (service: Service, upstreams: readonly Upstream[]) => void
  /** The upstream gets no new requests: its connections are closed once the last one is over. */
  readonly retire: (upstream: Upstream) => void
  /** Closes every connection. */
  readonly close: () => void
}

/** ms between two looks at whether a retired upstream is idle. */
const LOOK = 100

export const openPools = (services: readonly Service[], secured: Secured): Pools => {
  const pools = new Map<Upstream, Pool>()
  let closed = false
  const add: Pools['add'] = (service, upstreams) => {
    const { timeouts: limits, protocol } = service
    const open = protocol === 'h2' ? openHttp2Pool : openPool
    for (const upstream of upstreams)
      pools.set(upstream, open({ url: upstream.url, limits, secured: (host) => secured(service, host) }))
  }
  const retire = async (upstream: Upstream): Promise<void> => {
    while (upstream.inFlight > 0 && !closed) await sleep(LOOK)
    pools.get(upstream)?.close()
    pools.delete(upstream)
  }
  for (const service of services) add(service, service.upstreams)
  return {
    of: (upstream) => pools.get(upstream) as Pool,
    add,
    retire: (upstream) => void retire(upstream),
    close: () => {
      closed = true
      for (const pool of pools.values()) pool.close()
    },
  }
}
