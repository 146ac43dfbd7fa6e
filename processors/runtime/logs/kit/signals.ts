/** Joins abort signals without leaving anything behind: AbortSignal.any keeps a trace of each join on a long-lived signal. */
import { setMaxListeners } from 'node:events'

export interface Joined {
  readonly signal: AbortSignal
  /** Lets the joined signals go; `signal` fires no more. */
  release(): void
}

/** A signal that fires when any of the others does. */
export const joinSignals = (...signals: readonly (AbortSignal | undefined)[]): Joined => {
  const joined = new AbortController()
  const abort = (): void => joined.abort()
  const sources = signals.filter((signal) => signal !== undefined)
  for (const source of sources) {
    setMaxListeners(0, source)
    if (source.aborted) abort()
    source.addEventListener('abort', abort)
  }
  setMaxListeners(0, joined.signal)
  return {
    signal: joined.signal,
    release: () => {
      for (const source of sources) source.removeEventListener('abort', abort)
    },
  }
}
