/** The last minute, in memory: what the page shows each second. Fed by the tail of the log; needs no database. */
import type { Event, Exchange, Header } from '../../schemas/events.ts'
import { createConditions, GONE, type UpstreamState } from './conditions.ts'
import { createHauntings, type Haunting } from './hauntings.ts'

const SPAN = 60
const RECENT = 50
/** Latencies are counted in bins that grow by 10 %: a p95 is right within 10 %. */
const GROWTH = Math.log(1.1)
const BINS = 240

interface Second {
  at: number
  count: number
  errors: number
  answeredBy: Map<string, number>
  ghosts: Map<string, number>
  readonly latency: Uint32Array
}

export interface RecentExchange {
  readonly id: string
  readonly time: string
  readonly service: string
  readonly method: string
  readonly target: string
  readonly status: number
  readonly duration_ms: number
  readonly answered_by: string
  readonly why: string
  readonly ghost_kind: string | null
  readonly ghost_confidence: number | null
}

export interface Heartbeat {
  readonly instance: string
  readonly service: string
  /** Event time, ms. */
  readonly at: number
  readonly attributes: ReadonlyMap<string, string>
}

export interface LiveSummary {
  readonly total: number
  readonly rate: number
  readonly errors: number
  readonly ghost_answers: number
  readonly ghosts_by_kind: Readonly<Record<string, number>>
  readonly answered_by: Readonly<Record<string, number>>
  readonly p95_ms: number | null
  /** One entry per second, oldest first. */
  readonly series: readonly { readonly count: number; readonly ghosts: number; readonly errors: number }[]
}

export interface Live {
  observe(event: Event): void
  summary(): LiveSummary
  recent(limit: number): readonly RecentExchange[]
  hauntings(): readonly Haunting[]
  heartbeats(): readonly Heartbeat[]
  upstreams(): readonly UpstreamState[]
  /** How long nothing has come from any ingress, ms; 0 while something does. */
  silence(): number
}

const add = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1)

const emptySecond = (at: number): Second => ({
  at,
  count: 0,
  errors: 0,
  answeredBy: new Map(),
  ghosts: new Map(),
  latency: new Uint32Array(BINS),
})

const binOf = (micros: number): number =>
  Math.min(BINS - 1, Math.max(0, Math.floor(Math.log(Math.max(1, micros)) / GROWTH)))

const p95Of = (seconds: readonly Second[]): number | null => {
  const total = seconds.reduce((sum, s) => sum + s.count, 0)
  if (total === 0) return null
  let left = Math.ceil(total * 0.95)
  for (let bin = 0; bin < BINS; bin++) {
    for (const second of seconds) left -= second.latency[bin] as number
    if (left <= 0) return Math.exp((bin + 0.5) * GROWTH) / 1000
  }
  return null
}

/** An error that reached a client: the server's fault, or no answer at all. */
const isError = (exchange: Exchange): boolean => exchange.status >= 500 || exchange.status === 0

const iso = (ms: number): string => new Date(Math.min(Math.max(0, ms), 8.64e15)).toISOString()

const toRecent = (event: Event, exchange: Exchange): RecentExchange => ({
  id: event.id,
  time: iso(event.at / 1000),
  service: event.service,
  method: exchange.method,
  target: exchange.target.slice(0, 300),
  status: exchange.status,
  duration_ms: exchange.timings.total / 1000,
  answered_by: exchange.answeredBy,
  why: exchange.why,
  ghost_kind: exchange.ghost?.kind ?? null,
  ghost_confidence: exchange.ghost?.confidence ?? null,
})

const toMap = (attributes: readonly Header[]): Map<string, string> =>
  new Map(attributes.map(({ name, value }) => [name, value]))

const recordOf = (
  seconds: readonly Second[],
  pick: (second: Second) => Map<string, number>,
): Record<string, number> => {
  const sum = new Map<string, number>()
  for (const second of seconds) for (const [key, n] of pick(second)) sum.set(key, (sum.get(key) ?? 0) + n)
  return Object.fromEntries(sum)
}

const createSeconds = (now: () => number) => {
  const ring: Second[] = Array.from({ length: SPAN }, () => emptySecond(-1))
  const secondNow = (): number => Math.floor(now() / 1000)
  return {
    count: (at: number, exchange: Exchange): void => {
      const current = secondNow()
      const second = Math.min(current, Math.floor(at / 1_000_000))
      if (second <= current - SPAN) return
      const slot = second % SPAN
      const known = ring[slot] as Second
      if (known.at > second) return
      const entry = known.at === second ? known : emptySecond(second)
      ring[slot] = entry
      entry.count++
      if (isError(exchange)) entry.errors++
      add(entry.answeredBy, exchange.answeredBy)
      if (exchange.answeredBy === 'ghost') add(entry.ghosts, exchange.ghost?.kind ?? 'unknown')
      const bin = binOf(exchange.timings.total)
      entry.latency[bin] = (entry.latency[bin] as number) + 1
    },
    /** Oldest first, the current second last; seconds without traffic are empty. */
    list: (): Second[] => {
      const current = secondNow()
      return Array.from({ length: SPAN }, (_, i) => {
        const at = current - SPAN + 1 + i
        const entry = ring[at % SPAN] as Second
        return entry.at === at ? entry : emptySecond(at)
      })
    },
  }
}

/** `now` in ms. */
export const createLive = (now: () => number): Live => {
  const seconds = createSeconds(now)
  const hauntings = createHauntings(now)
  const recent: RecentExchange[] = []
  const heartbeats = new Map<string, Heartbeat>()
  const conditions = createConditions(now)
  let heardAt = now()

  const hearBeat = ({ signal, service, instance, at }: Event): void => {
    if (signal?.kind !== 'heartbeat') return
    heartbeats.set(`${instance} ${service}`, { instance, service, at: at / 1000, attributes: toMap(signal.attributes) })
  }

  return {
    observe: (event) => {
      heardAt = now()
      hearBeat(event)
      conditions.observe(event)
      hauntings.observe(event)
      const { exchange } = event
      if (exchange === null) return
      seconds.count(event.at, exchange)
      recent.push(toRecent(event, exchange))
      if (recent.length > 2 * RECENT) recent.splice(0, RECENT)
    },
    summary: () => {
      const list = seconds.list()
      const sum = (some: readonly Second[], pick: (s: Second) => number): number =>
        some.reduce((n, s) => n + pick(s), 0)
      const ghosts = (s: Second): number => s.answeredBy.get('ghost') ?? 0
      return {
        total: sum(list, (s) => s.count),
        // The current second is not over: the ten before it.
        rate: sum(list.slice(-11, -1), (s) => s.count) / 10,
        errors: sum(list, (s) => s.errors),
        ghost_answers: sum(list, ghosts),
        ghosts_by_kind: recordOf(list, (s) => s.ghosts),
        answered_by: recordOf(list, (s) => s.answeredBy),
        p95_ms: p95Of(list),
        series: list.map((s) => ({ count: s.count, ghosts: ghosts(s), errors: s.errors })),
      }
    },
    recent: (limit) => recent.slice(-limit).reverse(),
    hauntings: hauntings.list,
    heartbeats: () => {
      for (const [key, { at }] of heartbeats) if (now() - at >= 60_000) heartbeats.delete(key)
      return [...heartbeats.values()]
    },
    upstreams: conditions.list,
    silence: () => (now() - heardAt >= GONE ? now() - heardAt : 0),
  }
}
