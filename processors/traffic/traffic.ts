/**
 * Traffic by minute of event time and endpoint: how many, how fast, with which statuses, answered by whom. All live
 * exchanges count, ghosts' and faulted ones too; replayed ones do not, since no client sent them.
 *
 * A window closes when event time is a grace past its end; what comes later still is counted as `late` in the window then
 * current. Open windows are published every few seconds of event time. Exchanges of no known endpoint are counted
 * under `<service> *`, so that a service's windows add up to its traffic.
 */
import type { Emit, Merge, Observation, Processor, Store } from '../kit/processor.ts'
import { addExchange, GRACE, mergeWindow, openWindow, published, SPAN, startOf, type OpenWindow } from './window.ts'

/** How often, in event time (µs), open windows are looked at: to publish what changed and to close what is over. */
export const LIVE_EVERY = 5_000_000

/** `time`: where event time is; `looked`: when open windows were last looked at. */
interface Clock {
  time: number
  looked: number
}

const CLOCK = 'clock'
export const windowKey = (endpoint: string, start: number): string => `${endpoint}@${start}`

const isOver = (start: number, time: number): boolean => start + SPAN + GRACE <= time

interface Kept {
  readonly windows: Store<OpenWindow>
  readonly clock: Store<Clock>
}

const windowOf = ({ windows }: Kept, endpoint: string, service: string, start: number): OpenWindow => {
  const key = windowKey(endpoint, start)
  const window = windows.get(key) ?? openWindow(endpoint, service, start)
  windows.set(key, window)
  return window
}

const observe = (kept: Kept, { exchange, event, at, endpoint }: Observation): void => {
  if (exchange.replayed) return
  const { service } = event
  const id = endpoint?.id ?? `${service} *`
  const time = kept.clock.get(CLOCK)?.time ?? at
  const start = startOf(at)
  if (!isOver(start, time)) return addExchange(windowOf(kept, id, service, start), exchange)
  const current = windowOf(kept, id, service, startOf(time))
  current.late++
  current.fresh = true
}

const publish = ({ windows }: Kept, key: string, time: number, emit: Emit): void => {
  const window = windows.get(key) as OpenWindow
  const over = isOver(window.start, time)
  if (window.fresh) emit('windows', key, published(window))
  if (over) windows.delete(key)
  else if (window.fresh) {
    window.fresh = false
    windows.set(key, window)
  }
}

const advance = (kept: Kept, time: number, emit: Emit): void => {
  const clock = kept.clock.get(CLOCK) ?? { time, looked: 0 }
  clock.time = time
  if (time - clock.looked >= LIVE_EVERY) {
    clock.looked = time
    for (const key of kept.windows.keys()) publish(kept, key, time, emit)
  }
  kept.clock.set(CLOCK, clock)
}

/** Open windows of the endpoint that is gone go over to the other; closed ones stay history under the old name. */
const merged = (kept: Kept, { from, into }: Merge, emit: Emit): void => {
  for (const key of kept.windows.keys()) {
    if (!key.startsWith(`${from}@`)) continue
    const window = kept.windows.get(key) as OpenWindow
    kept.windows.delete(key)
    emit('windows', key, null)
    mergeWindow(windowOf(kept, into, window.service, window.start), window)
  }
}

export const traffic: Processor = {
  name: 'traffic',
  emits: ['windows'],
  open: (stores) => {
    const kept: Kept = { windows: stores.open<OpenWindow>('windows'), clock: stores.open<Clock>('clock') }
    return {
      observe: (observation) => observe(kept, observation),
      advance: (time, emit) => advance(kept, time, emit),
      merged: (merge, emit) => merged(kept, merge, emit),
    }
  },
}
