/** How many requests are under way at once: a fixed limit, or one that is found by latency. Who entered leaves, once. */
import type { ConcurrencyOptions } from '../options-shield.ts'
import { openGradient } from './gradient.ts'

export interface Gate {
  /** False: full. */
  readonly enter: () => boolean
  /** `latency` in ms until the answer's first byte, negative when there is nothing to learn; `now` in ms. */
  readonly leave: (latency: number, now: number) => void
  readonly inFlight: () => number
  readonly limit: () => number
}

const INITIAL = 20
const MOST = 1000

/** undefined: there is no limit. */
export const openGate = ({ max, adaptive = false, min = 1 }: ConcurrencyOptions): Gate | undefined => {
  if (max === 0 && !adaptive) return undefined
  const most = max === 0 ? MOST : max
  const gradient = adaptive ? openGradient({ min, max: most, initial: INITIAL }) : undefined
  const limit = gradient?.limit ?? ((): number => most)
  let inFlight = 0
  return {
    inFlight: () => inFlight,
    limit,
    enter: () => {
      if (inFlight >= limit()) return false
      inFlight++
      return true
    },
    leave: (latency, now) => {
      if (latency >= 0) gradient?.sample(latency, inFlight, now)
      inFlight--
    },
  }
}
