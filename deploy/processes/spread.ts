/**
 * Gives connections to whichever of several processes has the fewest. When a process dies that was sent one, the connection
 * is closed: it may have read from it, and nobody else could go on. So no client ever waits for an answer from the dead.
 */
import type { Socket } from 'node:net'
import { UNSENT } from './channel.ts'

export interface Seat {
  /** Resolves with how many are open there then; rejects when the process is gone, with `UNSENT` when it was before. */
  readonly take: (socket: Socket) => Promise<number>
}

export interface Spread {
  /** The process has so many open; from its first word on it gets others. */
  readonly told: (seat: Seat, open: number) => void
  /** It drains: it gets none while another one can. */
  readonly leave: (seat: Seat) => void
  /** It is dead. */
  readonly drop: (seat: Seat) => void
  readonly give: (socket: Socket) => Promise<void>
}

interface Place {
  open: number
  /** Given, and nothing heard of it. */
  owed: number
  leaving: boolean
}

/** A process that owes so many answers gets no more while others owe fewer: it may stand still, and they wait until it is killed. */
const MOST_OWED = 256
/** ms until a connection is given up: longer than it takes to find that a process hangs, and to kill it. */
const PATIENCE = 30_000
/** ms between two words on who has the fewest. */
const EVERY = 20

/**
 * Node begins to read from a socket that comes through a pipe. What stands on it is for the process that gets it, and
 * there is no public way to say so. Nothing can have been read before the end of this turn of the event loop.
 */
const leaveUnread = (socket: Socket): void => {
  socket.on('error', () => socket.destroy())
  ;(socket as Socket & { readonly _handle?: { readStop(): void } })._handle?.readStop()
}

/** undefined: it is late. */
const within = async <T>(promise: Promise<T>, ms: number): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms).unref()
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Lower is better: first who will stay and answers, then who has the fewest. */
const cost = ({ open, owed, leaving }: Place): number =>
  (leaving ? 2e9 : 0) + (owed >= MOST_OWED ? 1e9 : 0) + open + owed

const choose = (places: ReadonlyMap<Seat, Place>): readonly [Seat, Place] | undefined => {
  const all = [...places]
  return all.length === 0 ? undefined : all.reduce((best, one) => (cost(one[1]) < cost(best[1]) ? one : best))
}

const leastOf = (places: ReadonlyMap<Seat, Place>): number =>
  Math.min(...[...places.values()].filter(({ leaving }) => !leaving).map(({ open }) => open))

/** `onLeast` hears what the process with the fewest has, when that changes. */
export const openSpread = (onLeast: (least: number) => void): Spread => {
  const places = new Map<Seat, Place>()
  let last = 0
  let telling: NodeJS.Timeout | undefined
  const tellLeast = (): void => {
    telling = undefined
    const least = leastOf(places)
    if (least === last || least === Infinity) return
    last = least
    onLeast(least)
  }
  const changed = (): void => void (telling ??= setTimeout(tellLeast, EVERY).unref())

  const offer = async (seat: Seat, place: Place, socket: Socket): Promise<void> => {
    place.owed += 1
    try {
      place.open = (await within(seat.take(socket), PATIENCE)) ?? place.open
    } finally {
      place.owed -= 1
      changed()
    }
  }
  const give = async (socket: Socket): Promise<void> => {
    for (let chosen = choose(places); chosen !== undefined; chosen = choose(places)) {
      const [seat, place] = chosen
      try {
        await offer(seat, place, socket)
        break
      } catch (error) {
        places.delete(seat)
        if ((error as { code?: string }).code !== UNSENT) break
      }
    }
    socket.destroy()
  }
  return {
    told: (seat, open) => {
      const place = places.get(seat)
      if (place === undefined) places.set(seat, { open, owed: 0, leaving: false })
      else place.open = open
      changed()
    },
    leave: (seat) => {
      const place = places.get(seat)
      if (place !== undefined) place.leaving = true
    },
    drop: (seat) => {
      places.delete(seat)
      changed()
    },
    give: async (socket) => {
      leaveUnread(socket)
      await give(socket)
    },
  }
}
