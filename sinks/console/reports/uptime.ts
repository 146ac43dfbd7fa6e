/**
 * How long an upstream got requests, from what the ingresses said of its health and its breaker: the latest word of any of
 * them stands until the next. Pure.
 */
export interface Said {
  /** ms */
  readonly time: number
  readonly kind: 'health' | 'breaker'
  readonly to: string
}

export interface Uptime {
  /** 0 to 1. */
  readonly share: number
  readonly downSeconds: number
  readonly outages: number
}

interface State {
  readonly health: string
  readonly breaker: string
}

/** As the ingress decides whom to ask. */
const isDown = ({ health, breaker }: State): boolean =>
  health === 'down' || health === 'ejected' || (breaker !== '' && breaker !== 'closed')

/** `said` in the order of time, with the last words before `start` where there are some. */
export const uptimeOf = (said: readonly Said[], start: number, end: number): Uptime => {
  let state: State = { health: '', breaker: '' }
  let since: number | undefined
  let [down, outages] = [0, 0]
  const goTo = (at: number, next: State): void => {
    const [was, is] = [since !== undefined, isDown(next)]
    state = next
    if (is && !was) {
      since = Math.max(at, start)
      outages++
    }
    if (was && !is && since !== undefined) {
      down += Math.max(0, at - since)
      if (at <= start) outages--
      since = undefined
    }
  }
  for (const { time, kind, to } of said) if (time < end) goTo(time, { ...state, [kind]: to })
  if (since !== undefined) down += Math.max(0, end - since)
  return { share: end > start ? 1 - down / (end - start) : 1, downSeconds: Math.round(down / 1000), outages }
}
