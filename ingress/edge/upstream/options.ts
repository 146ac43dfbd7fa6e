/** What connections to one upstream want to know. */
import type { ConnectionOptions } from 'node:tls'
import type { Limits } from './connection.ts'

export interface PoolOptions {
  readonly url: string
  readonly limits: Limits
  /** What TLS to this host wants; asked for each connection. */
  readonly secured: (host: string) => ConnectionOptions
}
