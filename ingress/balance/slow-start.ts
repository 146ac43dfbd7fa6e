/** Slow start: one that comes back gets its share little by little, so that empty caches and cold code are not run over. */

/** What it gets at least, so that it warms at all. */
const LEAST = 0.1

/** 0..1 of its share, `since` the time it came back. */
export const rampOf = (since: number, now: number, span: number): number =>
  span <= 0 ? 1 : Math.min(1, Math.max(LEAST, (now - since) / span))
