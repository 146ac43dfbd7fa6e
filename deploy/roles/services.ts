/** The configuration as the ingress wants it. */
import type { CaptureOptions, ServiceOptions } from '../../ingress/options.ts'
import type { Config, ServiceConfig } from '../../schemas/config.ts'

/** `auto` trusts who sits at the machine on which everything runs. */
const ghostOf = (
  { control, ...ghost }: ServiceConfig['ghost'],
  isDev: boolean,
): NonNullable<ServiceOptions['ghost']> => ({
  ...ghost,
  control: control === 'auto' ? (isDev ? 'loopback' : 'off') : control,
})

const service = (s: ServiceConfig, isDev: boolean): ServiceOptions => {
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
    ghost: ghostOf(s.ghost, isDev),
    shield: { rateLimit: s.rateLimit, concurrency: s.concurrency, tls: s.tls },
    partitionBy: s.partitionBy,
    protocol: s.protocol,
  }
}

/** `isDev`: everything runs together, for whoever started it. */
export const servicesOf = (config: Config, isDev = false): readonly ServiceOptions[] =>
  config.services.map((one) => service(one, isDev))
export const captureOf = (config: Config): CaptureOptions => config.capture
