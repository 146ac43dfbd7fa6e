/** The two clocks that requests wait by: of a ghost that could answer sooner, and of `timeouts.total`. */
import { isSafe } from '../phases/consent.ts'
import type { Context } from '../phases/context.ts'
import type { ForwardSettings } from './forwarding.ts'
import { openPatience, type Patience } from './patience.ts'

interface Waiting {
  readonly context: Context
}

/** Both may be left at any time, also by who is not in them. */
export interface Clocks<T extends Waiting> {
  readonly patience: Patience<T>
  readonly deadline: Patience<T>
}

/** `late`: it takes longer than is usual. `overdue`: all of it takes longer than it may. */
export const openClocks = <T extends Waiting>(
  { clock, conduct }: Pick<ForwardSettings, 'clock' | 'conduct'>,
  told: { readonly late: (waiting: T) => void; readonly overdue: (waiting: T) => void },
): Clocks<T> => {
  const now = (): number => clock() / 1000
  const patience = openPatience<T>({
    now,
    since: ({ context }) => context.chosenAt / 1000,
    least: ({ context }) => context.service?.ghost.patience ?? 0,
    most: ({ context }) => conduct?.patience(context),
    late: told.late,
  })
  const deadline = openPatience<T>({
    now,
    since: ({ context }) => context.arrival.started / 1000,
    least: ({ context }) => context.service?.timeouts.total ?? 0,
    most: () => 0,
    late: told.overdue,
  })
  return { patience, deadline }
}

const isImpatient = ({ arrival, service }: Context): boolean =>
  service?.mode === 'failover' && service.ghost.patience > 0 && isSafe(arrival.method)

/** A request begins to wait, by the clocks that concern it. */
export const beginWaiting = <T extends Waiting>(
  { patience, deadline }: Clocks<T>,
  waiting: T,
  conduct: ForwardSettings['conduct'],
): void => {
  const { context } = waiting
  if (conduct !== undefined && isImpatient(context)) patience.wait(waiting)
  if (context.service !== undefined && context.service.timeouts.total > 0) deadline.wait(waiting)
}
