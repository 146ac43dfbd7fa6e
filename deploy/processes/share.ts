/**
 * The share of one process in the connections of a port from which several accept. The kernel gives a connection to
 * whoever wakes first, so that two thirds of them may fall on one of two. Who has more than the others hands over what it
 * accepts, before it has read anything; the process above them gives it to whoever has the fewest (`spread.ts`).
 */
import type { Socket } from 'node:net'
import type { Accepting } from '../../ingress/ingress.ts'

export interface Share extends Accepting {
  /** Takes what another process accepted. Returns how many are open here now. */
  readonly take: (socket: Socket | undefined) => number
  /** How many the process with the fewest has. */
  readonly hearLeast: (least: number) => void
}

export interface Above {
  readonly tellOpen: (open: number) => void
  readonly give: (socket: Socket) => void
}

/** ms between two words on how many are open. */
const EVERY = 20

/**
 * To hand one over costs about as much as to serve a request. It pays off where a connection lives on; clients that open
 * one for each request even out by themselves. So many at once, and so many a second, bound what it can cost.
 */
const AT_ONCE = 1000
const PER_SECOND = 50

const openAllowance = (now: () => number): (() => boolean) => {
  let left = AT_ONCE
  let at = now()
  return () => {
    const then = at
    at = now()
    left = Math.min(AT_ONCE, left + ((at - then) * PER_SECOND) / 1000)
    if (left < 1) return false
    left -= 1
    return true
  }
}

/** Too many: a sixteenth more than the process with the fewest. */
const isUneven = (open: number, least: number): boolean => open - least > open / 16

export const openShare = ({ tellOpen, give }: Above, now: () => number = () => performance.now()): Share => {
  const mayGive = openAllowance(now)
  let open = 0
  let least = 0
  let enter: ((socket: Socket) => void) | undefined
  let telling: NodeJS.Timeout | undefined
  const tell = (): void => {
    telling = undefined
    tellOpen(open)
  }
  const count = (by: 1 | -1): void => {
    open += by
    telling ??= setTimeout(tell, EVERY).unref()
  }
  const come = (socket: Socket): void => {
    count(1)
    socket.once('close', () => count(-1))
  }
  return {
    open: (way) => {
      enter = way
      tell()
    },
    keep: (socket) => {
      const keeps = !isUneven(open, least) || !mayGive()
      if (keeps) come(socket)
      else give(socket)
      return keeps
    },
    take: (socket) => {
      if (socket === undefined || enter === undefined) return open
      // A socket that comes through a pipe does not know it: a client may end its side and still wait for the answer.
      socket.allowHalfOpen = true
      come(socket)
      enter(socket)
      return open
    },
    hearLeast: (told) => void (least = told),
  }
}
