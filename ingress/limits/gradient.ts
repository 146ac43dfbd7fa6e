/**
 * How many requests an upstream can have under way, found by its latency, as Netflix's concurrency-limits and Envoy's
 * gradient controller do: while answers take no longer than without a queue, the limit grows by a little room for one;
 * when they take longer, it shrinks by the ratio of the two. Samples are taken together over spans, so that one slow
 * answer moves nothing. What latency is without a queue is measured again and again with half of the limit: an average
 * of what was seen would follow a queue that stays.
 */
export interface GradientOptions {
  readonly min: number
  readonly max: number
  readonly initial: number
}

export interface Gradient {
  readonly limit: () => number
  /** An answer took `latency` ms while `inFlight` requests were under way; `now` in ms of a monotonic clock. */
  readonly sample: (latency: number, inFlight: number, now: number) => void
}

/** Answers may take so many times as long as without a queue before the limit shrinks. */
const TOLERANCE = 1.5
const SMOOTHING = 0.2
const SPAN = 250
const SPAN_SAMPLES = 10
/** Spans between two measurements, and their own: one in which the queue goes, one that counts. */
const BETWEEN = 40
const MEASURING = 2

interface State {
  limit: number
  /** Latency without a queue, ms; 0: not known yet. */
  base: number
  spans: number
  sum: number
  count: number
  /** Most requests under way in this span. */
  peak: number
  since: number
}

const isMeasuring = ({ spans }: State): boolean => spans % (BETWEEN + MEASURING) >= BETWEEN

/** Room to grow into: requests that may wait at the upstream. */
const roomOf = (limit: number): number => Math.max(4, Math.sqrt(limit))

const adjust = (state: State, latency: number, { min, max }: GradientOptions): void => {
  // Nobody came near the limit: latency says nothing about it.
  if (state.peak < state.limit / 2) return
  const gradient = Math.max(0.5, Math.min(1, (TOLERANCE * state.base) / latency))
  const wanted = state.limit * gradient + roomOf(state.limit)
  state.limit = Math.max(min, Math.min(max, state.limit + (wanted - state.limit) * SMOOTHING))
}

const close = (state: State, options: GradientOptions): void => {
  const latency = Math.max(state.sum / state.count, 0.001)
  const measuring = isMeasuring(state)
  state.spans++
  if (state.base === 0 || latency < state.base) state.base = latency
  else if (measuring && !isMeasuring(state)) state.base = latency
  if (!measuring) adjust(state, latency, options)
  state.sum = 0
  state.count = 0
  state.peak = 0
}

export const openGradient = (options: GradientOptions): Gradient => {
  const initial = Math.max(options.min, Math.min(options.max, options.initial))
  const state: State = { limit: initial, base: 0, spans: 0, sum: 0, count: 0, peak: 0, since: 0 }
  return {
    limit: () => Math.floor(isMeasuring(state) ? Math.max(options.min, state.limit / 2) : state.limit),
    sample: (latency, inFlight, now) => {
      if (state.count === 0) state.since = now
      state.sum += latency
      state.count++
      if (inFlight > state.peak) state.peak = inFlight
      if (state.count >= SPAN_SAMPLES && now - state.since >= SPAN) close(state, options)
    },
  }
}
