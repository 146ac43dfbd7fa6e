/**
 * Requests that read and wait for an upstream, looked at by one clock for all: one that has waited longer than is usual for
 * its endpoint is given to a ghost, where one can answer. Costs a request an entry in a map.
 */
export interface PatienceSettings<T> {
  /** ms, monotonic. */
  readonly now: () => number
  /** When it began to wait, and how long it does at least; ms. */
  readonly since: (waiting: T) => number
  readonly least: (waiting: T) => number
  /** ms that it may wait; asked once, when the least is over. Undefined: as long as it takes. */
  readonly most: (waiting: T) => number | undefined
  readonly late: (waiting: T) => void
}

export interface Patience<T> {
  readonly wait: (waiting: T) => void
  readonly done: (waiting: T) => void
}

/** ms between two looks. */
const EVERY = 50
const UNASKED = -1

export const openPatience = <T>({ now, since, least, most, late }: PatienceSettings<T>): Patience<T> => {
  const all = new Map<T, number>()
  let timer: NodeJS.Timeout | undefined
  const look = (): void => {
    const at = now()
    for (const [waiting, known] of all) {
      const waited = at - since(waiting)
      if (waited < least(waiting)) continue
      const until = known === UNASKED ? (most(waiting) ?? Infinity) : known
      if (waited < until) all.set(waiting, until)
      else {
        all.delete(waiting)
        late(waiting)
      }
    }
    if (all.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    wait: (waiting) => {
      all.set(waiting, UNASKED)
      timer ??= setInterval(look, EVERY).unref()
    },
    done: (waiting) => void all.delete(waiting),
  }
}
