/**
 * Whether errors of an endpoint are far from its normal: Page's CUSUM of the likelihood ratio "half of its answers fail"
 * against "as many as normal", kept at 1 from below. Under the normal rate it takes at least `FAR` answers in the mean until
 * it says so wrongly (Lorden, 1971; as an e-detector: Shin, Ramdas and Rinaldo, 2022). An endpoint that never failed needs
 * two errors in a row, one that fails in every fifth answer eight; one that fails in every second is never surprising.
 */
export interface Surprise {
  ratio: number
  /** Requests that failed since the last answer that was none: the same one failing twice is one bug, not an outage. */
  readonly failed: Set<string>
}

const FAILING = 0.5
const FAR = 1000
/** So that a few good answers are enough to end it. */
const MOST = 100 * FAR
const MOST_FAILED = 100

export const openSurprise = (): Surprise => ({ ratio: 1, failed: new Set() })

export const isFar = ({ ratio }: Surprise): boolean => ratio >= FAR

/** One error. `request` names it; `worked`: this very request is known to have been answered well before. */
export const noteError = (surprise: Surprise, normal: number, request: string, worked: boolean): void => {
  if (surprise.failed.has(request) && !worked) return
  if (surprise.failed.size < MOST_FAILED) surprise.failed.add(request)
  surprise.ratio = Math.min(MOST, Math.max(1, (surprise.ratio * FAILING) / Math.min(FAILING, normal)))
}

/** One answer that is no error. */
export const noteGood = (surprise: Surprise, normal: number): void => {
  surprise.failed.clear()
  surprise.ratio = Math.max(1, (surprise.ratio * (1 - FAILING)) / (1 - Math.min(FAILING, normal)))
}
