/** The worlds of anomaly-worlds.ts: what they ask for, when, and what happens to them. */
export interface Operation {
  readonly method: string
  readonly path: string
  readonly weight: number
  /** Median ms, log standard deviation; a share of answers from a cache, at a tenth of the time. */
  readonly ms: number
  readonly spread: number
  readonly cached?: number
  readonly bytes: number
  readonly sent?: number
  readonly query?: string
}

export interface Incident {
  readonly kind: 'latency' | 'errors' | 'traffic_drop' | 'traffic_spike' | 'scan'
  /** Hours from the beginning; minutes. */
  readonly from: number
  readonly minutes: number
  readonly factor: number
  readonly op?: string
  /** Of one method only; only such a share of requests, as of one upstream; growing to `factor`; failing with one status. */
  readonly method?: string
  readonly share?: number
  readonly ramp?: boolean
  readonly status?: number
  /** What the drawn ones are told apart by. */
  readonly name?: string
}

export interface World {
  readonly name: string
  readonly seed: number
  readonly days: number
  /** Requests a minute at the mean of the day. */
  readonly rate: number
  /** Swing of the day (0 to 1), hour of its peak, share of it left at weekends. */
  readonly swing: number
  readonly peak: number
  readonly weekend: number
  /** Daily growth, wander of the rate and of the latency from quarter to quarter (log sd), slower at the peak by. */
  readonly growth?: number
  readonly rateNoise?: number
  readonly msNoise?: number
  readonly msByLoad?: number
  /** Share of requests that come in bursts of one client. */
  readonly bursts?: number
  readonly agents: number
  /** So much of the day's swing is a second peak, eight hours before. */
  readonly second?: number
  /** At each full hour an operation is asked for so often, by a machine. */
  readonly cron?: { readonly op: number; readonly times: number }
  /** From that hour on caches serve another share, and everything takes so many times as long. */
  readonly deploy?: { readonly from: number; readonly cached: number; readonly slower: number }
  /** Other strange requests than those of the public set, and odd ones that are none. */
  readonly odd?: boolean
  readonly operations: readonly Operation[]
  readonly incidents: readonly Incident[]
}

export const START = 1_761_523_200
export const DAY = 86_400

/** Share of requests that fail anyhow. */
export const USUAL_FAILING = 0.004

const isWeekend = (ts: number): boolean => [5, 6].includes((Math.floor(ts / DAY) + 3) % 7)

/** How many times the mean of all hours come at a time. */
export const seasonOf = ({ swing, peak, weekend, growth = 0, second = 0 }: World, ts: number): number => {
  const hour = (ts % DAY) / 3600
  const wave = (from: number): number => Math.cos(((hour - from) / 24) * 2 * Math.PI)
  const day = 1 + swing * ((1 - second) * wave(peak) + second * wave(peak - 8))
  return day * (isWeekend(ts) ? weekend : 1) * (1 + growth) ** ((ts - START) / DAY)
}

const SHOP: readonly Operation[] = [
  { method: 'GET', path: '/v2/articles', weight: 20, ms: 60, spread: 0.4, bytes: 12_000, query: 'limit=20&offset={n}' },
  { method: 'GET', path: '/v2/articles/{id}', weight: 35, ms: 18, spread: 0.35, cached: 0.5, bytes: 2_400 },
  { method: 'POST', path: '/v2/articles/{id}/comments', weight: 5, ms: 45, spread: 0.5, bytes: 300, sent: 400 },
  { method: 'GET', path: '/v2/users/{id}', weight: 15, ms: 25, spread: 0.3, bytes: 900 },
  { method: 'POST', path: '/v2/sessions', weight: 6, ms: 130, spread: 0.3, bytes: 350, sent: 110 },
  { method: 'GET', path: '/v2/find', weight: 14, ms: 90, spread: 0.7, bytes: 7_000, query: 'text={w}' },
  { method: 'PUT', path: '/v2/users/{id}', weight: 3, ms: 55, spread: 0.4, bytes: 500, sent: 700 },
  { method: 'DELETE', path: '/v2/articles/{id}', weight: 2, ms: 40, spread: 0.4, bytes: 20 },
]

const DEVICES: readonly Operation[] = [
  { method: 'POST', path: '/telemetry', weight: 60, ms: 6, spread: 0.25, bytes: 40, sent: 900 },
  { method: 'GET', path: '/devices/{id}/config', weight: 25, ms: 9, spread: 0.3, bytes: 1_500 },
  { method: 'GET', path: '/firmware/latest', weight: 5, ms: 15, spread: 0.3, bytes: 600 },
  { method: 'POST', path: '/devices/{id}/alerts', weight: 10, ms: 12, spread: 0.6, bytes: 80, sent: 250 },
]

const BACK_OFFICE: readonly Operation[] = [
  {
    method: 'GET',
    path: '/api/invoices',
    weight: 30,
    ms: 140,
    spread: 0.6,
    bytes: 22_000,
    query: 'month=2025-0{d}&sort=date',
  },
  { method: 'GET', path: '/api/invoices/{id}', weight: 40, ms: 35, spread: 0.4, bytes: 4_000 },
  { method: 'PATCH', path: '/api/invoices/{id}', weight: 10, ms: 70, spread: 0.4, bytes: 4_100, sent: 300 },
  { method: 'GET', path: '/api/reports/{w}', weight: 5, ms: 900, spread: 0.9, bytes: 150_000 },
  { method: 'POST', path: '/api/login', weight: 15, ms: 160, spread: 0.3, bytes: 500, sent: 90 },
]

const INCIDENTS: readonly Incident[] = [
  { kind: 'latency', from: 33, minutes: 30, factor: 1.5 },
  { kind: 'errors', from: 39, minutes: 20, factor: 0.3 },
  { kind: 'traffic_drop', from: 45, minutes: 25, factor: 0.1 },
  { kind: 'latency', from: 57, minutes: 30, factor: 2, op: '1' },
  { kind: 'scan', from: 60, minutes: 12, factor: 0.6 },
  { kind: 'traffic_spike', from: 65, minutes: 25, factor: 4 },
  { kind: 'latency', from: 80, minutes: 25, factor: 5, op: '0' },
  { kind: 'errors', from: 86, minutes: 24, factor: 0.8, op: '2' },
  { kind: 'traffic_drop', from: 90, minutes: 30, factor: 0 },
  { kind: 'latency', from: 93, minutes: 30, factor: 2 },
]

export const WORLDS: readonly World[] = [
  {
    name: 'reader',
    seed: 5,
    days: 4,
    rate: 8,
    swing: 0.6,
    peak: 19,
    weekend: 1,
    agents: 400,
    operations: SHOP,
    incidents: INCIDENTS,
  },
  {
    name: 'devices',
    seed: 6,
    days: 4,
    rate: 15,
    swing: 0.05,
    peak: 12,
    weekend: 1,
    agents: 3,
    operations: DEVICES,
    incidents: INCIDENTS,
  },
  {
    name: 'office',
    seed: 7,
    days: 5,
    rate: 4,
    swing: 0.9,
    peak: 13,
    weekend: 0.25,
    msByLoad: 0.25,
    agents: 30,
    operations: BACK_OFFICE,
    incidents: INCIDENTS,
  },
  {
    name: 'wandering',
    seed: 8,
    days: 4,
    rate: 10,
    swing: 0.4,
    peak: 15,
    weekend: 0.8,
    rateNoise: 0.25,
    msNoise: 0.12,
    bursts: 0.1,
    agents: 100,
    operations: SHOP,
    incidents: INCIDENTS,
  },
  {
    name: 'calm-wandering',
    seed: 9,
    days: 9,
    rate: 6,
    swing: 0.5,
    peak: 20,
    weekend: 1.4,
    rateNoise: 0.2,
    msNoise: 0.1,
    msByLoad: 0.2,
    bursts: 0.1,
    agents: 300,
    operations: SHOP,
    incidents: [],
  },
  {
    name: 'calm-growing',
    seed: 10,
    days: 9,
    rate: 4,
    swing: 0.7,
    peak: 11,
    weekend: 0.4,
    growth: 0.1,
    agents: 20,
    operations: BACK_OFFICE,
    incidents: [],
  },
  {
    name: 'calm-devices',
    seed: 11,
    days: 9,
    rate: 10,
    swing: 0,
    peak: 0,
    weekend: 1,
    agents: 2,
    operations: DEVICES,
    incidents: [],
  },
]
