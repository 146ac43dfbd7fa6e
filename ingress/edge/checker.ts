/**
 * Active health checks. While an upstream is down or its breaker open it is asked once a second at most slow, so that it is
 * noticed soon when it is back; a good check lets the breaker probe at once.
 */
import { request } from 'node:http'
import { request as secure } from 'node:https'
import { hint } from '../balance/breaker.ts'
import { checked, type HealthChange } from '../balance/health.ts'
import type { HealthOptions } from '../options.ts'
import type { Service, Upstream } from '../phases/context.ts'
import { monotonic } from './clock.ts'

export interface CheckerSettings {
  readonly onChange: (service: Service, upstream: Upstream, change: HealthChange, reason: string) => void
}

/** ms between checks of something that is down. */
const RECOVERY = 1000

interface Verdict {
  readonly ok: boolean
  readonly reason: string
  readonly ms: number
}

const ask = (upstream: Upstream, options: HealthOptions): Promise<Verdict> =>
  new Promise((resolve) => {
    const started = monotonic()
    const settle = (ok: boolean, reason: string): void => resolve({ ok, reason, ms: (monotonic() - started) / 1000 })
    const open = upstream.url.startsWith('https:') ? secure : request
    const headers = { 'user-agent': 'chaos-proxy-health', connection: 'close' }
    const asked = open(new URL(options.path, upstream.url), { agent: false, headers }, (answer) => {
      const status = answer.statusCode ?? 0
      answer.resume()
      settle(status < 500, `${options.path} answered ${status}`)
      answer.once('end', () => clearTimeout(timer))
      answer.on('error', () => undefined)
    })
    const timer = setTimeout(() => {
      settle(false, `${options.path} did not answer within ${options.timeout} ms`)
      asked.destroy()
    }, options.timeout)
    asked.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      settle(false, error.code ?? error.message)
    })
    asked.end()
  })

const ill = (upstream: Upstream): boolean => upstream.health.state === 'down' || upstream.breaker.state !== 'closed'

/** Checks every upstream of every service that wants it; returns how to stop. */
export const startChecker = (services: readonly Service[], settings: CheckerSettings): (() => void) => {
  const timers = new Map<Upstream, NodeJS.Timeout>()
  let stopped = false
  const check = async (service: Service, upstream: Upstream, options: HealthOptions): Promise<void> => {
    const verdict = await ask(upstream, options)
    if (stopped) return
    if (verdict.ok) {
      upstream.health.latency = verdict.ms
      hint(upstream.breaker, monotonic() / 1000)
    }
    const change = checked(upstream.health, verdict.ok, options)
    if (change !== undefined) settings.onChange(service, upstream, change, verdict.reason)
    const pause = ill(upstream) ? Math.min(RECOVERY, options.every) : options.every
    timers.set(upstream, setTimeout(() => void check(service, upstream, options), pause).unref())
  }
  for (const service of services)
    if (service.health !== 'off')
      for (const upstream of service.upstreams) void check(service, upstream, service.health)
  return () => {
    stopped = true
    for (const timer of timers.values()) clearTimeout(timer)
  }
}
