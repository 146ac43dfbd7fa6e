/** limit: may this client ask now? A limiter refuses with a reply of its own; without one everybody may. */
import type { Phase } from './compose.ts'
import type { Context, Reply } from './context.ts'

export type Limiter = (context: Context) => Reply | undefined

export const createLimit =
  (limiters: readonly Limiter[]): Phase =>
  (context, next) => {
    for (const limiter of limiters) {
      const refusal = limiter(context)
      if (refusal !== undefined) return next(refusal)
    }
    next()
  }
