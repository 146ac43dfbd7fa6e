/** Connections to the upstreams: one undici pool each. */
import { buildConnector, Pool } from 'undici'
import type { Service, Upstream } from '../phases/context.ts'

/** More would only move the queue from here into the upstream. */
const CONNECTIONS = 512

/** An error of a socket, with whether the connection had carried an answer before: only such a one may be stale. */
export const carriedBefore = (error: unknown): boolean => {
  const seen = error as { readonly carried?: boolean; readonly socket?: { readonly bytesRead?: number } }
  return seen.carried ?? (seen.socket?.bytesRead ?? 0) > 0
}

/** Marks errors on the socket before undici sees them: a plain ECONNRESET does not say what the connection did before. */
const connector = (timeout: number): buildConnector.connector => {
  const connect = buildConnector({ timeout })
  return (options, callback) =>
    connect(options, (...[error, socket]: buildConnector.CallbackArgs) => {
      if (!socket) return callback(error as Error, null)
      socket.setNoDelay(true)
      socket.on('error', (cause) => Object.assign(cause, { carried: socket.bytesRead > 0 }))
      callback(null, socket)
    })
}

export interface Pools {
  readonly of: (upstream: Upstream) => Pool
  /** Lets running requests end. */
  readonly close: () => Promise<void>
}

export const openPools = (services: readonly Service[]): Pools => {
  const pools = new Map<Upstream, Pool>()
  for (const service of services)
    for (const upstream of service.upstreams)
      pools.set(
        upstream,
        new Pool(upstream.url, {
          connections: CONNECTIONS,
          pipelining: 1,
          keepAliveTimeout: 30_000,
          headersTimeout: service.timeouts.response,
          bodyTimeout: service.timeouts.response,
          connect: connector(service.timeouts.connect),
        }),
      )
  return {
    of: (upstream) => pools.get(upstream) as Pool,
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}
