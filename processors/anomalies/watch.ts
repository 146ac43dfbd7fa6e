/** The end of a minute: what came is compared with what is usual, alarms rise and fall, and what was calm is learned. */
import { barOf } from './cusum.ts'
import { absorb, emptyHistogram, logQuantile } from './histogram.ts'
import type { Alarm, AlarmKind, Measure } from './incident.ts'
import { addMinute, newMinute, type Minute } from './minute.ts'
import { acceptLevel, forecast, learnSeason } from './season.ts'
import { spreadOf, type Endpoint, type Service } from './state.ts'
import {
  isCalm,
  KINDS,
  LEAST_SLOWER,
  observeMinute,
  slowerBy,
  TRAFFIC,
  type Change,
  type Kind,
  type Since,
  type Stream,
} from './stream.ts'

export const MINUTE = 60_000_000
/** What stays as long as this is the new normal, µs. */
export const ACCEPTED_AFTER = 6 * 60 * MINUTE
/** Of the counts by which shares of traffic are told, in minutes. */
const SHARE_HALF_LIFE = 720
/** An endpoint is missed when it usually gets a request in so many minutes, and no longer when in twice as many. */
const MISSED_RATE = 0.3
export const MAX_WATCHED = 60

/** What is said of the alarms of one subject. */
export interface Turned<K extends AlarmKind = Kind> {
  readonly subject: string
  readonly change: { readonly kind: K; readonly turn: Change['turn'] | 'goes on' | 'accepted' }
  readonly alarm: Omit<Alarm, 'over'>
}

const LEAST_HEARD = 5

/** The one upstream that shows it, where others do not. */
const onlyUpstream = (kind: Kind, { seen }: Since, usual: number): string => {
  const isLatency = kind === 'latency'
  const heard = seen.upstreams.filter((one) => (isLatency ? one[3] : one[1]) >= LEAST_HEARD)
  const shows = heard.filter(([, judged, failed, timed, scores]) =>
    isLatency ? scores / timed > 0.4 : failed / judged > usual * 3 + 0.03,
  )
  return shows.length === 1 && heard.length > 1 ? (shows[0]?.[0] ?? '') : ''
}

const sizeOf = (kind: Kind, stream: Stream, since: Since): { size: number; usual: number } => {
  const { seen, expected, minutes } = since
  const rate = (bad: number, all: number): number => bad / Math.max(1, all)
  if (kind === 'latency') return { size: slowerBy(since), usual: 1 }
  if (kind === 'errors') return { size: rate(seen.failed, seen.judged), usual: rate(stream.failed, stream.judged) }
  if (kind === 'refusals') return { size: rate(seen.refused, seen.judged), usual: rate(stream.refused, stream.judged) }
  return { size: seen.count / Math.max(0.1, expected), usual: expected / Math.max(1, minutes) }
}

const NOTHING: Since = { minutes: 0, expected: 0, seen: newMinute() }

const measure = (kind: Kind, stream: Stream, share: number): Measure => {
  const since = stream.since[kind] ?? NOTHING
  const { size, usual } = sizeOf(kind, stream, since)
  const upstream = kind === 'latency' || kind === 'errors' ? onlyUpstream(kind, since, usual) : ''
  return { size, usual, share, upstream }
}

interface Subject {
  readonly name: string
  readonly stream: Stream
  readonly share: number
}

/** Everything there is to say of a subject's alarms after a minute. */
const turnsOf = ({ name, stream, share }: Subject, changes: readonly Change[], at: number): Turned[] => {
  const turned: Turned[] = []
  for (const kind of KINDS) {
    const watch = stream.watches[kind]
    const change = changes.find((one) => one.kind === kind)
    if (change === undefined && watch.raised === 0) continue
    const began = watch.since || at
    const alarm = { subject: name, kind, began, raised: at, ...measure(kind, stream, share) }
    turned.push({ subject: name, change: change ?? { kind, turn: 'goes on' }, alarm })
  }
  return turned
}

/** Before the hour of the week is known, the first Saturday is as usual as any other day. */
const ACCEPTED_UNSEEN = 90 * MINUTE

/** When it is, and how long each kind has to stay until it is accepted. */
interface Stay {
  readonly at: number
  readonly patience: (kind: Kind) => number
}

const hasStayed = (stream: Stream, kind: Kind, { at, patience }: Stay): boolean => {
  const { raised } = stream.watches[kind]
  return raised > 0 && at - raised >= patience(kind)
}

const settle = (stream: Stream, kind: Kind): void => {
  const watch = stream.watches[kind]
  watch.sums.fill(0)
  watch.since = 0
  watch.raised = 0
  watch.back = 0
  delete stream.since[kind]
}

/** What stayed becomes what is usual. */
const accept = (stream: Stream, stay: Stay, adopt: (kind: Kind, since: Since) => void): Kind[] => {
  const accepted = KINDS.filter((kind) => hasStayed(stream, kind, stay))
  for (const kind of accepted) {
    const since = stream.since[kind]
    if (since !== undefined) adopt(kind, since)
    settle(stream, kind)
  }
  return accepted
}

const adoptRates = (stream: Stream, kind: Kind, { seen }: Since): void => {
  if (kind !== 'errors' && kind !== 'refusals') return
  stream.judged = seen.judged
  stream.failed = seen.failed
  stream.refused = seen.refused
}

const learnLatency = (endpoint: Endpoint, bar: number, changes: readonly Change[]): void => {
  const { fresh, held, stream } = endpoint
  const wasOver = changes.some(({ kind, turn }) => kind === 'latency' && turn === 'over')
  if (wasOver) endpoint.held = emptyHistogram()
  if (isCalm(stream, ['latency'], bar)) {
    if (!wasOver && held.total > 0) {
      absorb(endpoint.latency, held)
      endpoint.held = emptyHistogram()
    }
    absorb(endpoint.latency, fresh)
    if (endpoint.latency.total > 0) endpoint.spread = spreadOf(endpoint.latency)
  } else absorb(held, fresh)
}

const adoptLatency = (endpoint: Endpoint): void => {
  if (endpoint.held.total === 0) return
  endpoint.latency = endpoint.held
  endpoint.held = emptyHistogram()
  endpoint.spread = spreadOf(endpoint.latency)
}

/** By the middle of the times themselves, where there are enough: scores saturate far out. */
const slowerNow = ({ held, latency }: Endpoint): number | undefined => {
  if (held.total < LEAST_HEARD) return undefined
  return Math.exp(logQuantile(held, 0.5) - logQuantile(latency, 0.5))
}

export interface Scene {
  readonly at: number
  readonly bar: number
  /** The whole service's minute, and its decayed count. */
  readonly total: Minute
  readonly came: number
  /** Minutes of the service so far. */
  readonly number: number
  readonly isBlind: boolean
  /** The service is not known for long enough to miss its requests. */
  readonly isYoung: boolean
}

/** In minutes in which something came: somebody who tries things out and goes away is no silence. */
const YOUNG = 180

export const isYoung = ({ season }: Service): boolean => season.busy < YOUNG

/** Brings the decayed count up to now; returns the endpoint's share of the traffic. */
const shareOf = (endpoint: Endpoint, { number, came }: Scene): number => {
  endpoint.came *= 0.5 ** ((number - endpoint.decayed) / SHARE_HALF_LIFE)
  endpoint.decayed = number
  const share = came > 0 ? endpoint.came / came : 0
  endpoint.came += endpoint.minute.count
  return Math.min(1, share)
}

const withSize = (turned: Turned, endpoint: Endpoint): Turned => {
  const slower = turned.change.kind === 'latency' ? slowerNow(endpoint) : undefined
  // Where only some are slow, the middle one is not.
  return slower === undefined || slower < LEAST_SLOWER
    ? turned
    : { ...turned, alarm: { ...turned.alarm, size: slower } }
}

/** An endpoint that gets nearly everything is silent when the service is: that is not told twice. */
const MOST_OF_ALL = 0.9

/** The share that an endpoint has had since an alarm began. */
const shareSince = ({ seen, expected }: Since, share: number): number =>
  Math.min(1, (share * seen.count) / Math.max(0.1, expected))

const adopt =
  (endpoint: Endpoint, came: number, share: number) =>
  (kind: Kind, since: Since): void => {
    adoptRates(endpoint.stream, kind, since)
    if (kind === 'latency') adoptLatency(endpoint)
    if (kind === 'traffic_drop' || kind === 'traffic_spike') endpoint.came = came * shareSince(since, share)
  }

const marked = (turned: readonly Turned[], accepted: readonly Kind[]): Turned[] =>
  turned.map((one) =>
    accepted.includes(one.change.kind) ? { ...one, change: { kind: one.change.kind, turn: 'accepted' } } : one,
  )

/** `isWatched`: it gets enough requests to be asked every minute, also when none came. */
export interface Asked {
  readonly name: string
  readonly isWatched: boolean
}

export interface Closed {
  readonly turned: readonly Turned[]
  readonly share: number
}

/** One endpoint's minute is over. */
export const closeEndpoint = (endpoint: Endpoint, { name, isWatched }: Asked, scene: Scene): Closed => {
  const { at, bar, total, came } = scene
  const { stream, minute, latency } = endpoint
  const share = shareOf(endpoint, scene)
  const isAsked = !scene.isBlind && !scene.isYoung && isWatched && share > 0 && share < MOST_OF_ALL
  // The service's own swings are no news of an endpoint: what is expected is its share of what came.
  const expected = isAsked ? { rate: share * total.count, knows: 0 as const } : undefined
  const changes = observeMinute(stream, { at, bar, minute, forecast: expected, base: latency.total })
  const turned = turnsOf({ name, stream, share }, changes, at).map((one) => withSize(one, endpoint))
  const accepted = accept(stream, { at, patience: () => ACCEPTED_AFTER }, adopt(endpoint, came, share))
  learnLatency(endpoint, bar, changes)
  endpoint.minute = newMinute()
  endpoint.fresh = emptyHistogram()
  return { turned: marked(turned, accepted), share }
}

/** The whole service's minute is over. */
export const closeService = (
  service: Service,
  { at, bar, total, isBlind, isYoung: young }: Scene,
): readonly Turned[] => {
  const { stream, season } = service
  const start = at - MINUTE
  const asked = isBlind || young ? undefined : forecast(season, start)
  const changes = observeMinute(stream, { at, bar, minute: total, forecast: asked, base: stream.judged })
  const turned = turnsOf({ name: '', stream, share: 1 }, changes, at)
  const isUnseen = asked !== undefined && asked.knows < 2
  const patience = (kind: Kind): number => (isUnseen && TRAFFIC.includes(kind) ? ACCEPTED_UNSEEN : ACCEPTED_AFTER)
  const accepted = accept(stream, { at, patience }, (kind, since) => {
    adoptRates(stream, kind, since)
    if (kind === 'traffic_drop' || kind === 'traffic_spike')
      acceptLevel(season, start, since.seen.count / since.minutes)
  })
  learnSeason(season, start, total.count, !isBlind && isCalm(stream, TRAFFIC, bar))
  return marked(turned, accepted)
}

/** The minute of a whole service: its endpoints' together. */
export const totalOf = (service: Service, endpoints: readonly Endpoint[]): Minute => {
  const total = newMinute()
  addMinute(total, service.loose)
  for (const { minute } of endpoints) addMinute(total, minute)
  return total
}

/** Decays the service's count to the end of the minute; returns it as it was before the minute. */
export const decayCame = (service: Service, total: Minute): number => {
  const before = service.came * 0.5 ** (1 / SHARE_HALF_LIFE)
  service.minutes++
  service.came = before + total.count
  return before
}

/** Whether an endpoint gets enough to be missed. */
export const isMissed = (share: number, { season }: Service, isWatched: boolean): boolean =>
  share * season.recent >= (isWatched ? MISSED_RATE / 2 : MISSED_RATE)

export const barFor = ({ watched }: Service): number => barOf(1 + watched.length)
