/**
 * Active health as a reducer: so many bad checks in a row make an upstream down, so many good ones up again. What a check
 * says, and when the next one is due, is decided here too.
 */
import type { HealthOptions } from '../options.ts'

export interface Health {
  state: 'unknown' | 'up' | 'down'
  good: number
  bad: number
  /** Round trip of the last good check, ms; -1 before. */
  latency: number
  /** When the last check came back, ms since the epoch; 0 before. */
  checkedAt: number
  /** The last order to check that was carried out: the time on it, µs; 0 before. */
  obeyed: number
  /** What it found. */
  checked: string
}

export interface HealthChange {
  readonly from: Health['state']
  readonly to: Health['state']
}

export const openHealth = (): Health => ({
  state: 'unknown',
  good: 0,
  bad: 0,
  latency: -1,
  checkedAt: 0,
  obeyed: 0,
  checked: '',
})

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

export interface CheckAnswer {
  readonly status: number
  /** As much of the body as was read. */
  readonly body: string
}

const STATUS = [[100, 499]] as const

/** Why an answer is not the one that was expected; undefined: it is. */
export const wrongAnswer = ({ status, body }: CheckAnswer, { path, expect }: HealthOptions): string | undefined => {
  const ranges: readonly (readonly [number, number])[] = expect?.status ?? STATUS
  if (!ranges.some(([from, to]) => status >= from && status <= to)) return `${path} answered ${status}`
  return expect === undefined || body.includes(expect.body) ? undefined : `${path} answered without "${expect.body}"`
}

/** ms between checks of something that is down. */
const RECOVERY = 250

/** ms until the next check: soon while it is ill, so that its return is noticed. `chance`: 0..1. */
export const nextCheck = ({ every, jitter = 0 }: HealthOptions, ill: boolean, chance: number): number =>
  Math.max(1, Math.round((ill ? Math.min(RECOVERY, every) : every) * (1 + jitter * (2 * chance - 1))))
