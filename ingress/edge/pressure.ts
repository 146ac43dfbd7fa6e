/** How near the process is to the end of its memory: of V8's heap, and of what the container or the machine has. */
import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

export interface Pressure {
  /** 0..1, as of the last look. */
  readonly memory: () => number
  readonly close: () => void
}

const EVERY = 250
const ofHeap = (): number => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used / limit
}

/** Without a limit Node tells none, or a number that no machine has. */
const limitOf = (): number => Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem())

/** Bodies under way lie outside of the heap. */
const ofProcess = (): number => process.memoryUsage.rss() / limitOf()

export const openPressure = (): Pressure => {
  let share = 0
  const look = (): void => {
    share = Math.max(ofHeap(), ofProcess())
  }
  look()
  const timer = setInterval(look, EVERY).unref()
  return { memory: () => share, close: () => clearInterval(timer) }
}
