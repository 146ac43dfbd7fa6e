/**
 * Peak EWMA (Finagle's): an average that forgets with time and jumps at once to a latency above it, so that trouble is seen
 * at its first sign and forgiven slowly.
 */
export interface Latency {
  /** µs; 0: nothing was seen yet. */
  micros: number
  /** When that was, ms of any monotonic clock. */
  at: number
}

/** ms in which what was seen counts for a third. */
const TAU = 10_000

export const openLatency = (): Latency => ({ micros: 0, at: 0 })

const kept = (latency: Latency, now: number): number => Math.exp(Math.min(0, latency.at - now) / TAU)

/** What it is now: without news it sinks, so that a slow one is tried again. */
export const latencyAt = (latency: Latency, now: number): number =>
  latency.micros === 0 ? 0 : latency.micros * kept(latency, now)

export const observe = (latency: Latency, micros: number, now: number): void => {
  const part = kept(latency, now)
  latency.micros = micros >= latency.micros ? micros : latency.micros * part + micros * (1 - part)
  latency.at = now
}
