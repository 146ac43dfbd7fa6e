/**
 * One stream that is watched minute by minute: a service, or one of its endpoints. What is asked of each minute, against
 * what is usual:
 *
 * - latency: times against their endpoint's own distribution, shifted by 1.4 to 5 times, in a third of them, or to anything
 *   above the middle (shifts.ts).
 * - errors (5xx and no answer) and refusals (4xx): binomial, against rates that are worth an alarm.
 * - traffic: Poisson with a learned excess of variance, against a share of what is expected.
 */
import { newWatch, step, type Turn, type Watch, isSuspicious } from './cusum.ts'
import { addMinute, newMinute, type Minute } from './minute.ts'
import { learnScatter, newScatter, scatterOf, type Scale } from './scatter.ts'
import type { Knows } from './season.ts'
import { againstOwn, ALTERNATIVES, newShifted } from './shifts.ts'

export const KINDS = ['errors', 'latency', 'traffic_drop', 'traffic_spike', 'refusals'] as const
export type Kind = (typeof KINDS)[number]

/** What came since an excursion began. */
export interface Since {
  minutes: number
  expected: number
  seen: Minute
}

export interface Stream {
  /** Decayed counts: what is usual. */
  judged: number
  failed: number
  refused: number
  /** Of the times, on the log scale; absent in what was kept before there was such a thing. */
  drift?: Scale[]
  /** Of the counts. */
  swing: Scale[]
  watches: Record<Kind, Watch>
  since: Partial<Record<Kind, Since>>
}

const DROPS = [0.1, 0.25, 0.4] as const
const SPIKES = [6, 3, 2.2] as const

export const newStream = (): Stream => ({
  judged: 0,
  failed: 0,
  refused: 0,
  drift: newScatter(),
  swing: newScatter(),
  watches: {
    errors: newWatch(3),
    latency: newWatch(ALTERNATIVES),
    traffic_drop: newWatch(DROPS.length),
    traffic_spike: newWatch(SPIKES.length),
    refusals: newWatch(3),
  },
  since: {},
})

export interface Asked {
  readonly at: number
  readonly bar: number
  readonly minute: Minute
  /** Requests expected in this minute, and how sure; undefined: traffic is not asked. */
  readonly forecast: { readonly rate: number; readonly knows: Knows } | undefined
  /** How many times stand behind what is usual. */
  readonly base: number
}

type Ratios = readonly (number | undefined)[]

/** Alternatives that are nearer to the stream's own wander are not asked. */
const LEAST_DROP = 0.7
const LEAST_SPIKE = 1.4

const MIN_JUDGED = 40

/** Binomial against each rate; what is usual is taken at the upper end of what it may be, as it is only estimated. */
const rateRatios = (
  usual: { bad: number; all: number },
  now: { bad: number; all: number },
  worth: readonly number[],
): Ratios => {
  if (usual.all < MIN_JUDGED || now.all === 0) return [0, 0, 0]
  const p = (usual.bad + 1) / (usual.all + 100)
  const high = Math.min(0.9, p + 1.6 * Math.sqrt(p / usual.all))
  return worth.map((least, i) => {
    const rate = Math.max(least, Math.min(0.95, high * (2 + i)))
    if (rate <= high) return undefined
    return now.bad * Math.log(rate / high) + (now.all - now.bad) * Math.log((1 - rate) / (1 - high))
  })
}

const ERRORS_WORTH = [0.06, 0.2, 0.5] as const
const REFUSALS_WORTH = [0.2, 0.4, 0.7] as const

/** So far a stream wanders by itself: in standard deviations of its wander. */
const OWN_WAY = 2

const latencyRatios = ({ drift = newScatter(), since }: Stream, { minute, base }: Asked): Ratios => {
  const { timed, shifted } = minute
  if (shifted === undefined) return newShifted().ratios
  const { wander, bursts } = scatterOf(drift, shifted.information)
  // What is usual is a sample itself: sums over n against N values vary by (1 + n/N).
  const estimate = 1 + (timed + (since.latency?.seen.timed ?? 0)) / Math.max(1, base)
  return againstOwn(shifted, OWN_WAY * wander).map((ratio) => ratio && ratio / (bursts * estimate))
}

/** Poisson against a share of what is expected; the usual rate is taken where it is hardest to tell from it. */
const countRatios = ({ swing }: Stream, { minute, forecast }: Asked, times: readonly number[]): Ratios => {
  if (forecast === undefined || forecast.rate <= 0) return times.map(() => 0)
  const { rate, knows } = forecast
  const { wander, bursts } = scatterOf(swing, rate)
  return times.map((factor, i) => {
    const own = Math.exp(Math.sign(factor - 1) * OWN_WAY * wander)
    const away = factor / own
    if (i > knows || (factor < 1 ? away > LEAST_DROP : away < LEAST_SPIKE)) return undefined
    return (minute.count * Math.log(away) - rate * (factor - own)) / bursts
  })
}

const ratiosOf = (stream: Stream, kind: Kind, asked: Asked): Ratios => {
  const { judged, failed, refused } = stream
  const { minute } = asked
  switch (kind) {
    case 'latency':
      return latencyRatios(stream, asked)
    case 'errors':
      return rateRatios({ bad: failed, all: judged }, { bad: minute.failed, all: minute.judged }, ERRORS_WORTH)
    case 'refusals':
      return rateRatios({ bad: refused, all: judged }, { bad: minute.refused, all: minute.judged }, REFUSALS_WORTH)
    case 'traffic_drop':
      return countRatios(stream, asked, DROPS)
    case 'traffic_spike':
      return countRatios(stream, asked, SPIKES)
  }
}

/** How many times slower than usual, by what came since. */
export const slowerBy = ({ seen }: Since): number => Math.exp(seen.logs / Math.max(1, seen.timed))

/** What is less slow is nothing to tell. */
export const LEAST_SLOWER = 1.25
const LEAST_MINUTES = 2

const matters = (kind: Kind, since: Since): boolean => {
  if (kind === 'latency') return slowerBy(since) >= LEAST_SLOWER && since.seen.timed >= 3
  if (kind === 'errors' || kind === 'refusals') return since.seen.failed + since.seen.refused >= 4
  return since.minutes >= LEAST_MINUTES
}

export interface Change {
  readonly kind: Kind
  readonly turn: Exclude<Turn, undefined>
}

const follow = (stream: Stream, kind: Kind, asked: Asked): Change | undefined => {
  const watch = stream.watches[kind]
  const ratios = ratiosOf(stream, kind, asked)
  const since = stream.since[kind] ?? { minutes: 0, expected: 0, seen: newMinute() }
  since.minutes++
  since.expected += asked.forecast?.rate ?? 0
  addMinute(since.seen, asked.minute)
  const turn = step(watch, { ratios, bar: asked.bar, at: asked.at, matters: () => matters(kind, since) })
  if (watch.since === 0 && turn === undefined) delete stream.since[kind]
  else stream.since[kind] = since
  return turn && { kind, turn }
}

/** Beyond so many answers the older half fades. */
const MEMORY = 20_000

const learnRates = (stream: Stream, { judged, failed, refused }: Minute): void => {
  stream.judged += judged
  stream.failed += failed
  stream.refused += refused
  if (stream.judged <= MEMORY) return
  stream.judged /= 2
  stream.failed /= 2
  stream.refused /= 2
}

/** What was held against a stream is explained otherwise: it begins anew, unless it has raised an alarm itself. */
export const excuse = (stream: Stream, kind: Kind): void => {
  if (stream.watches[kind].raised > 0) return
  stream.watches[kind].sums.fill(0)
  stream.watches[kind].since = 0
  delete stream.since[kind]
}

export const isCalm = ({ watches }: Stream, kinds: readonly Kind[], bar: number): boolean =>
  !kinds.some((kind) => isSuspicious(watches[kind], bar))

export const TRAFFIC: readonly Kind[] = ['traffic_drop', 'traffic_spike']

const learn = (stream: Stream, { minute, forecast, bar }: Asked): void => {
  if (isCalm(stream, ['errors', 'refusals'], bar)) learnRates(stream, minute)
  if (isCalm(stream, ['latency'], bar)) {
    const { slope = 0, information = 0 } = minute.shifted ?? {}
    learnScatter((stream.drift ??= newScatter()), slope, information)
  }
  if (forecast !== undefined && isCalm(stream, TRAFFIC, bar))
    learnScatter(stream.swing, minute.count - forecast.rate, forecast.rate)
}

/** Takes one minute; returns what began and what is over. */
export const observeMinute = (stream: Stream, asked: Asked): readonly Change[] => {
  const changes: Change[] = []
  for (const kind of KINDS) {
    const change = follow(stream, kind, asked)
    if (change !== undefined) changes.push(change)
  }
  learn(stream, asked)
  return changes
}
