/**
 * A retry budget (Finagle's): every request pays in a share of a retry, time pays in a few, a retry takes out one. When
 * everything fails, retries stay a share of the traffic in place of multiplying it.
 */
import type { RetryOptions } from '../options.ts'

export interface Budget {
  retries: number
  /** ms of any monotonic clock. */
  at: number
}

/** ms in which two thirds of what was not spent are gone. */
const KEPT = 10_000

export const openBudget = ({ perSecond }: RetryOptions): Budget => ({ retries: (perSecond * KEPT) / 1000, at: 0 })

/** A request came. */
export const payIn = (budget: Budget, options: RetryOptions, now: number): void => {
  const part = Math.exp(Math.min(0, budget.at - now) / KEPT)
  budget.retries = budget.retries * part + ((options.perSecond * KEPT) / 1000) * (1 - part) + options.budget
  budget.at = now
}

/** Whether one more try may be made; if so it is paid. */
export const takeOut = (budget: Budget): boolean => {
  if (budget.retries < 1) return false
  budget.retries -= 1
  return true
}
