/**
 * Traffic by event time: minutes per endpoint, service, upstream, answerer and class of status, rolled up to hours and days
 * by merging. How many, how fast, with which statuses, answered by whom, to how many clients. All live exchanges count,
 * ghosts' and faulted ones too; replayed ones do not, since no client sent them.
 *
 * A minute closes when event time is a grace past its end, and is then merged into its hour and, with the hour, into the
 * day; what comes later still is counted as `late` in the minute then current. Open windows are published now and then,
 * in event time, those of endpoints and services. Exchanges of no known endpoint are counted under `<service> *`, so that endpoints add up to services.
 */
import type { Emit, Merge, Observation, Processor, Store } from '../kit/processor.ts'
import { windowCodec } from './codec.ts'
import { countedOf, placesOf } from './counted.ts'
import { addExchange, isWatched, mergeWindow, openWindow, published, type OpenWindow, type Place } from './window.ts'

const SECOND = 1_000_000
/** How long after its end a minute waits for late events. */
export const GRACE = 60 * SECOND
/** How often, in event time, open minutes are looked at: to publish what changed and to close what is over. */
export const LIVE_EVERY = 5 * SECOND
/** More open minutes than these, and further endpoints are counted as unknown ones: names may come from clients. */
const MAX_OPEN = 20_000

/** From the shortest on; each is merged into the next. `every`: how often those that are open are published. */
const LEVELS = [
  { store: 'windows', span: 60, every: LIVE_EVERY },
  { store: 'hours', span: 3600, every: 300 * SECOND },
  { store: 'days', span: 86_400, every: 3600 * SECOND },
] as const

/** `time`: where event time is; `looked`: when open windows of each level were last looked at. */
interface Clock {
  time: number
  looked: number[]
}

const CLOCK = 'clock'

interface Level {
  readonly span: number
  readonly every: number
  readonly windows: Store<OpenWindow>
}

interface Kept {
  readonly levels: readonly Level[]
  readonly clock: Store<Clock>
}

const startOf = (at: number, span: number): number => Math.floor(at / (span * SECOND)) * span * SECOND

const isOver = (start: number, span: number, time: number): boolean => start + span * SECOND + GRACE <= time

/** Key on the log: spans above a minute and partitions above the first are named. */
export const windowKey = ({ id, partition }: Place, start: number, span: number): string =>
  `${id}@${start}${span === 60 ? '' : `/${span}`}${partition === 0 ? '' : `#${partition}`}`

const windowAt = ({ windows, span }: Level, place: Place, start: number, key: string): OpenWindow => {
  const window = windows.get(key) ?? openWindow(place, start, span)
  windows.set(key, window)
  return window
}

const windowOf = (level: Level, place: Place, start: number): OpenWindow =>
  windowAt(level, place, start, windowKey(place, start, level.span))

/** The key of the last minute of a place: it is asked for by every exchange. */
const recent = new WeakMap<Place, { readonly start: number; readonly key: string }>()

const minuteOf = (minutes: Level, place: Place, start: number): OpenWindow => {
  const last = recent.get(place)
  const key = last?.start === start ? last.key : windowKey(place, start, minutes.span)
  if (last?.start !== start) recent.set(place, { start, key })
  return windowAt(minutes, place, start, key)
}

const placeOf = ({ id, service, scope, name, partition }: OpenWindow): Place => ({
  id,
  service,
  scope,
  name,
  partition,
})

const unknown = (place: Place): Place => ({ ...place, id: `${place.service} *` })

const observe = (kept: Kept, observation: Observation): void => {
  if (observation.exchange.replayed) return
  const minutes = kept.levels[0] as Level
  const { at } = observation
  const time = kept.clock.get(CLOCK)?.time ?? at
  const start = startOf(at, minutes.span)
  const isLate = isOver(start, minutes.span, time)
  const counted = isLate ? undefined : countedOf(observation)
  for (const named of placesOf(observation)) {
    const place = named.scope === 'endpoint' && minutes.windows.size > MAX_OPEN ? unknown(named) : named
    const window = minuteOf(minutes, place, isLate ? startOf(time, minutes.span) : start)
    if (counted !== undefined) addExchange(window, counted)
    else window.late++
    window.fresh = true
  }
}

const close = (window: OpenWindow, key: string, level: Level, longer: Level | undefined): void => {
  level.windows.delete(key)
  if (longer !== undefined) mergeWindow(windowOf(longer, placeOf(window), startOf(window.start, longer.span)), window)
}

/** Publishes what changed and closes what is over, then does so for the next level: an hour ends after its minutes. */
const look = (kept: Kept, clock: Clock, at: number, emit: Emit): void => {
  const level = kept.levels[at]
  const { time, looked } = clock
  if (level === undefined || time - (looked[at] ?? 0) < level.every) return
  looked[at] = time
  for (const key of level.windows.keys()) {
    const window = level.windows.get(key) as OpenWindow
    const over = isOver(window.start, window.span, time)
    if (over || (window.fresh && isWatched(window))) emit('windows', key, published(window, over))
    if (over) close(window, key, level, kept.levels[at + 1])
    else if (window.fresh && isWatched(window)) {
      window.fresh = false
      level.windows.set(key, window)
    }
  }
  look(kept, clock, at + 1, emit)
}

const advance = (kept: Kept, time: number, emit: Emit): void => {
  const known = kept.clock.get(CLOCK)
  const clock: Clock = { time, looked: Array.isArray(known?.looked) ? known.looked : [] }
  look(kept, clock, 0, emit)
  kept.clock.set(CLOCK, clock)
}

/** Open windows of the endpoint that is gone go over to the other; closed ones stay history under the old name. */
const merged = (kept: Kept, { from, into }: Merge, emit: Emit): void => {
  for (const level of kept.levels)
    for (const key of level.windows.keys()) {
      if (!key.startsWith(`${from}@`)) continue
      const window = level.windows.get(key) as OpenWindow
      level.windows.delete(key)
      emit('windows', key, null)
      mergeWindow(windowOf(level, { ...placeOf(window), id: into }, window.start), window)
    }
}

export const traffic: Processor = {
  name: 'traffic',
  emits: ['windows'],
  open: (stores) => {
    const levels = LEVELS.map(({ store, span, every }) => ({ span, every, windows: stores.open(store, windowCodec) }))
    const kept: Kept = { levels, clock: stores.open<Clock>('clock') }
    return {
      observe: (observation) => observe(kept, observation),
      advance: (time, emit) => advance(kept, time, emit),
      merged: (merge, emit) => merged(kept, merge, emit),
    }
  },
}
