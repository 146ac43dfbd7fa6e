/**
 * Event time of a partition: the latest time an event spoke of; it never goes back.
 *
 * One writer's clock that is hours fast must not close everybody's windows. So a jump of more than an hour is believed only
 * when nobody spoke for the old time during ten seconds of the new one; after a silent night that costs ten seconds.
 */
import type { Store } from '../kit/processor.ts'

const SECOND = 1_000_000
const JUMP = 3600 * SECOND
const CONFIRMED_AFTER = 10 * SECOND

/** `time`: where the partition is; `jump`: since when events speak of a far later time, 0 when they do not. */
export interface Clock {
  time: number
  jump: number
}

const KEY = 'clock'

/** Takes notice of an event's time. Returns the time to announce when a new second began, else undefined. */
export const tick = (store: Store<Clock>, at: number): number | undefined => {
  const clock = store.get(KEY)
  if (clock === undefined) {
    store.set(KEY, { time: at, jump: 0 })
    return at
  }
  const before = clock.time
  if (at <= before + JUMP) {
    clock.jump = 0
    clock.time = Math.max(before, at)
  } else if (clock.jump === 0 || at < clock.jump) clock.jump = at
  else if (at >= clock.jump + CONFIRMED_AFTER) {
    clock.time = at
    clock.jump = 0
  }
  store.set(KEY, clock)
  return Math.floor(clock.time / SECOND) > Math.floor(before / SECOND) ? clock.time : undefined
}
