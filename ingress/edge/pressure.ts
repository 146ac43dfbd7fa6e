/** How near the process is to the end of its memory: of V8's heap, and of what the container allows. */
import { getHeapStatistics } from 'node:v8'

export interface Pressure {
  /** 0..1, as of the last look. */
  readonly memory: () => number
  readonly close: () => void
}

const EVERY = 250
/** Without a limit Node tells a number that no machine has. */
const PLAUSIBLE = 2 ** 50

const ofHeap = (): number => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used / limit
}

const ofProcess = (): number => {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < PLAUSIBLE ? process.memoryUsage.rss() / limit : 0
}

export const openPressure = (): Pressure => {
  let share = 0
  const look = (): void => {
    share = Math.max(ofHeap(), ofProcess())
  }
  look()
  const timer = setInterval(look, EVERY).unref()
  return { memory: () => share, close: () => clearInterval(timer) }
}
