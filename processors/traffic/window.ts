/** One open window: what is counted for one endpoint in one minute of event time. Plain JSON data. */
import type { Count, Exchange, Window } from '../../schemas/events.ts'
import { addValue, emptySketch, encodeSketch, mergeSketch, quantile, type DDSketch } from '../kit/ddsketch.ts'

export const SPAN_SECONDS = 60
export const SPAN = SPAN_SECONDS * 1_000_000
/** How long after its end a window waits for late events. */
export const GRACE = 60 * 1_000_000
/** Names counted apart in a window; further ones are counted as `other`. */
const MAX_NAMES = 50
const OTHER = 'other'

/** Name and count, in order of first sight. */
export type Tally = [name: string, count: number][]

export interface OpenWindow {
  endpoint: string
  service: string
  start: number
  count: number
  late: number
  statuses: Tally
  answeredBy: Tally
  upstreams: Tally
  requestBytes: number
  responseBytes: number
  latencySum: number
  latency: DDSketch
  /** Changed since it was last published. */
  fresh: boolean
}

/** The window an event time belongs to. */
export const startOf = (at: number): number => Math.floor(at / SPAN) * SPAN

export const openWindow = (endpoint: string, service: string, start: number): OpenWindow => ({
  endpoint,
  service,
  start,
  count: 0,
  late: 0,
  statuses: [],
  answeredBy: [],
  upstreams: [],
  requestBytes: 0,
  responseBytes: 0,
  latencySum: 0,
  latency: emptySketch(),
  fresh: true,
})

const count = (tally: Tally, name: string, by: number): void => {
  const entry = tally.find(([known]) => known === name)
  if (entry !== undefined) entry[1] += by
  else if (tally.length < MAX_NAMES || name === OTHER) tally.push([name, by])
  else count(tally, OTHER, by)
}

/** Counts an exchange. */
export const addExchange = (window: OpenWindow, exchange: Exchange): void => {
  window.count++
  window.fresh = true
  count(window.statuses, String(exchange.status), 1)
  count(window.answeredBy, exchange.answeredBy, 1)
  if (exchange.upstream !== '') count(window.upstreams, exchange.upstream, 1)
  window.requestBytes += exchange.requestBody.length
  window.responseBytes += exchange.responseBody.length
  // A duration is never negative, whatever a clock says.
  const total = Math.max(0, exchange.timings.total)
  window.latencySum += total
  addValue(window.latency, total)
}

/** Adds all of `from` to `into`, which stays the same endpoint's. */
export const mergeWindow = (into: OpenWindow, from: OpenWindow): void => {
  into.fresh = true
  into.count += from.count
  into.late += from.late
  for (const name of ['statuses', 'answeredBy', 'upstreams'] as const)
    for (const [key, n] of from[name]) count(into[name], key, n)
  into.requestBytes += from.requestBytes
  into.responseBytes += from.responseBytes
  into.latencySum += from.latencySum
  mergeSketch(into.latency, from.latency)
}

/** Sorted by name, so that the order of arrival does not show. */
const counts = (tally: Tally): Count[] =>
  tally.map(([name, n]) => ({ name, count: n })).sort((a, b) => (a.name < b.name ? -1 : 1))

/** The window as it is published. */
export const published = (window: OpenWindow): Window => ({
  endpoint: window.endpoint,
  service: window.service,
  start: window.start,
  span: SPAN_SECONDS,
  count: window.count,
  late: window.late,
  statuses: counts(window.statuses),
  answeredBy: counts(window.answeredBy),
  upstreams: counts(window.upstreams),
  requestBytes: window.requestBytes,
  responseBytes: window.responseBytes,
  latencySum: window.latencySum,
  latency: encodeSketch(window.latency),
  p50: quantile(window.latency, 0.5),
  p95: quantile(window.latency, 0.95),
  p99: quantile(window.latency, 0.99),
})
