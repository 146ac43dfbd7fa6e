/** fault: what is done to the request on purpose. Each fault is a phase of its own in `faults/`; `noop` is always in the chain, so "none" is no special case. */
import { noop } from '../faults/noop.ts'
import type { Next, Phase } from './compose.ts'
import type { Context } from './context.ts'

export const createFault = (faults: readonly Phase[]): Phase => {
  const chain = [noop, ...faults]
  const walk = (index: number, context: Context, next: Next): void => {
    const fault = chain[index]
    if (fault === undefined) return next()
    fault(context, (reply) => (reply === undefined ? walk(index + 1, context, next) : next(reply)))
  }
  return (context, next) => walk(0, context, next)
}
