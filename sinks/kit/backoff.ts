/** Doubling waits with jitter, from 100 ms to `limit`. */
export const backoff = (limit = 5_000): { next(): number; reset(): void } => {
  let wait = 100
  return {
    next: () => {
      const current = wait * (0.75 + Math.random() / 2)
      wait = Math.min(limit, wait * 2)
      return current
    },
    reset: () => {
      wait = 100
    },
  }
}

/** Resolves after `ms`, or at once when `signal` aborts; never rejects, never keeps the process alive by itself. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
