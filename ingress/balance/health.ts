/** Active health as a reducer: so many bad checks in a row make an upstream down, so many good ones up again. */
import type { HealthOptions } from '../options.ts'

export interface Health {
  state: 'unknown' | 'up' | 'down'
  good: number
  bad: number
  /** Round trip of the last good check, ms; -1 before. */
  latency: number
}

export interface HealthChange {
  readonly from: Health['state']
  readonly to: Health['state']
}

export const openHealth = (): Health => ({ state: 'unknown', good: 0, bad: 0, latency: -1 })

/** One check came back. The first good one makes an unknown upstream up. */
export const checked = (
  health: Health,
  ok: boolean,
  options: Pick<HealthOptions, 'healthyAfter' | 'unhealthyAfter'>,
): HealthChange | undefined => {
  health.good = ok ? health.good + 1 : 0
  health.bad = ok ? 0 : health.bad + 1
  const from = health.state
  if (ok && from !== 'up' && (from === 'unknown' || health.good >= options.healthyAfter)) health.state = 'up'
  if (!ok && from !== 'down' && health.bad >= options.unhealthyAfter) health.state = 'down'
  return health.state === from ? undefined : { from, to: health.state }
}
