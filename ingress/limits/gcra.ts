/**
 * The generic cell rate algorithm (ITU-T I.371; the virtual scheduling form): for each key one number, the time at which
 * everything that was let through would have been due at the steady rate. A request is let through while that time is
 * less than a burst ahead. No window that ends, so no two bursts at a window's edge; nothing to sweep.
 */
import { openTable } from './table.ts'

export interface Rate {
  /** So many requests … */
  readonly limit: number
  /** … in so many ms, */
  readonly per: number
  /** and so many at once. */
  readonly burst: number
}

export interface Verdict {
  readonly allowed: boolean
  /** How many more would be let through now. */
  readonly remaining: number
  /** ms until all of the burst is there again. */
  readonly reset: number
  /** ms until one more is let through; 0 when it is. */
  readonly retryAfter: number
}

export interface Gcra {
  /** Counts a request of this key at this time (ms of a monotonic clock, not before the last call). */
  readonly take: (key: string, now: number) => Verdict
  /** Takes the last request of this key back: another rule refused it. */
  readonly giveBack: (key: string) => void
  /** Counts requests of this key that were let through elsewhere; owed is no more than a whole burst. */
  readonly charge: (key: string, count: number, now: number) => void
  readonly bytes: number
}

/** Of an interval. */
const SLACK = 1e-6

export const openGcra = ({ limit, per, burst }: Rate, keys: number, seed: number): Gcra => {
  const table = openTable(keys, seed)
  const { numbers } = table
  const interval = per / limit
  const most = interval * burst
  return {
    bytes: table.bytes,
    take: (key, now) => {
      const at = table.find(key)
      const due = Math.max(numbers[at] as number, now)
      const next = due + interval
      // Sums of intervals are not exact.
      if (next - now > most + interval * SLACK)
        return { allowed: false, remaining: 0, reset: due - now, retryAfter: next - now - most }
      numbers[at] = next
      const remaining = Math.floor((most - (next - now)) / interval + SLACK)
      return { allowed: true, remaining, reset: next - now, retryAfter: 0 }
    },
    charge: (key, count, now) => {
      const at = table.find(key)
      const due = Math.max(numbers[at] as number, now)
      numbers[at] = Math.max(due, Math.min(due + interval * count, now + most))
    },
    giveBack: (key) => {
      const at = table.find(key)
      numbers[at] = (numbers[at] as number) - interval
    },
  }
}
