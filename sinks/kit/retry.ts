/** Trying again: what may work later is tried until it does, with back-off; what cannot is thrown. */
import { LogError } from '../../schemas/log.ts'
import { backoff, pause } from './backoff.ts'
import { DatabaseError } from './database.ts'
import type { Logger } from './logger.ts'

export interface RetryOptions {
  readonly logger: Logger
  readonly signal?: AbortSignal
  readonly onRetry?: (() => void) | undefined
}

const mayRetry = (error: unknown): boolean =>
  (error instanceof LogError || error instanceof DatabaseError) && error.retry

/** Resolves with the first success. Says once that it fails, and once that it works again. */
export const untilItWorks = async <T>(what: string, options: RetryOptions, work: () => Promise<T>): Promise<T> => {
  const { logger, signal } = options
  const waits = backoff()
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await work()
      if (attempt > 1) logger.info({ attempt }, `${what}: works again`)
      return result
    } catch (error) {
      if (!mayRetry(error) || signal?.aborted) throw error
      if (attempt === 1)
        logger.warn({ err: error }, `${what}: ${(error as Error).message}; trying again until it works`)
      options.onRetry?.()
      await pause(waits.next(), signal)
    }
  }
}
