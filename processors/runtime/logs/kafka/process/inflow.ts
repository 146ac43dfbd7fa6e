/** What was fetched and is not yet stepped, bounded: a lane is paused above the bound and resumed below half of it. */
import type { LogRecord } from '../../../../../schemas/log.ts'

export interface Inflow extends AsyncIterable<readonly LogRecord[]> {
  push(records: readonly LogRecord[]): void
  /** What is here still comes out. */
  end(): void
}

export interface Bounds {
  readonly records: number
  readonly bytes: number
  readonly pause: () => void
  readonly resume: () => void
}

const bytesOf = (records: readonly LogRecord[]): number =>
  records.reduce((total, { value }) => total + (value?.length ?? 0), 0)

export const openInflow = (bounds: Bounds): Inflow => {
  const batches: (readonly LogRecord[])[] = []
  let held = { records: 0, bytes: 0 }
  let ended = false
  let wake: (() => void) | undefined
  const weigh = (records: readonly LogRecord[], sign: 1 | -1): void => {
    held = { records: held.records + sign * records.length, bytes: held.bytes + sign * bytesOf(records) }
    if (held.records > bounds.records || held.bytes > bounds.bytes) bounds.pause()
    else if (held.records <= bounds.records / 2 && held.bytes <= bounds.bytes / 2) bounds.resume()
  }
  const changed = (): void => {
    wake?.()
    wake = undefined
  }
  return {
    push: (records) => {
      batches.push(records)
      weigh(records, 1)
      changed()
    },
    end: () => {
      ended = true
      changed()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const batch = batches.shift()
        if (batch !== undefined) {
          weigh(batch, -1)
          yield batch
        } else if (ended) return
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  }
}
