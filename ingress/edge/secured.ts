/** What connections to https upstreams want, as each service has it now: asked for by health checks and by pools. */
import type { ConnectionOptions } from 'node:tls'
import type { Logger } from '../options.ts'
import type { Service } from '../phases/context.ts'
import { openUpstreamTls } from './tls.ts'

/** Throws when a file cannot be used. */
export type Secured = (service: Service, host: string) => ConnectionOptions

export const openSecured = (logger: Logger): Secured => {
  // By the settings' record: a reload makes a new one.
  const known = new WeakMap<object, (host: string) => ConnectionOptions>()
  return ({ shield }, host) => {
    const of = known.get(shield) ?? openUpstreamTls(shield.tls ?? {}, logger)
    known.set(shield, of)
    return of(host)
  }
}
