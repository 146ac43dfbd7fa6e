/** How near the process is to the end of its memory: of V8's heap, and of what the container or the machine has. */
import { totalmem } from 'node:os'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'

export interface Pressure {
  /** 0..1, as of the last look. */
  readonly memory: () => number
  readonly close: () => void
}

/** ms between two looks; when memory is half gone, also at so many requests: a flood fills the rest between two. */
const EVERY = 250
const ASKED = 64
const NEAR = 0.5

/** What is young is most likely garbage already. */
const isYoung = (space: string): boolean => space.startsWith('new_')

const ofHeap = (): number => {
  const old = getHeapSpaceStatistics().filter(({ space_name: name }) => !isYoung(name))
  return old.reduce((sum, { space_used_size: used }) => sum + used, 0) / getHeapStatistics().heap_size_limit
}

/** Without a limit Node tells none, or a number that no machine has. */
const limitOf = (): number => Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem())

/** Bodies under way lie outside of the heap. */
const ofProcess = (): number => process.memoryUsage.rss() / limitOf()

export const openPressure = (): Pressure => {
  let share = 0
  let asked = 0
  const look = (): void => {
    share = Math.max(ofHeap(), ofProcess())
  }
  look()
  const timer = setInterval(look, EVERY).unref()
  return {
    memory: () => {
      if (share > NEAR && ++asked % ASKED === 0) look()
      return share
    },
    close: () => clearInterval(timer),
  }
}

/** What a request may take of the heap while it is under way: 27 KiB with a head of 14 KiB and its connection, and room for more. */
const REQUEST = 64 * 1024

/** How many requests half of the heap has room for. */
export const roomForRequests = (): number => Math.max(64, Math.floor(getHeapStatistics().heap_size_limit / 2 / REQUEST))
