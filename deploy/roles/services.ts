/** The configuration as the ingress wants it. */
import type { CaptureOptions, ServiceOptions } from '../../ingress/options.ts'
import type { Config, ServiceConfig } from '../../schemas/config.ts'

const service = (s: ServiceConfig): ServiceOptions => {
  const { enabled, ...active } = s.health.active
  const { enabled: watched, ...passive } = s.health.passive
  return {
    name: s.name,
    match: s.match,
    upstreams: s.upstreams,
    ...(s.host === 'auto' ? {} : { host: s.host }),
    balance: s.balance,
    health: enabled ? active : 'off',
    passive: watched ? passive : 'off',
    retry: s.retry,
    breaker: s.breaker,
    timeouts: s.timeouts,
    ghost: s.ghost,
    shield: { rateLimit: s.rateLimit, concurrency: s.concurrency, tls: s.tls },
    partitionBy: s.partitionBy,
    protocol: s.protocol,
  }
}

export const servicesOf = (config: Config): readonly ServiceOptions[] => config.services.map(service)
export const captureOf = (config: Config): CaptureOptions => config.capture
