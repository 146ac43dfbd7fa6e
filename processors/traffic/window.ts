/**
 * One open window: what is counted for one endpoint, service, upstream, answerer or class of status in one span of event
 * time. Windows merge: `mergeWindow` of any parts gives what counting all of their exchanges in one gives (top lists within
 * their stated bounds), so hours are made of minutes, and days of hours.
 */
import type { Count, Exchange, Heavy, Window } from '../../schemas/events.ts'
import {
  addValue,
  emptySketch,
  encodeSketch,
  mergeSketch,
  quantile,
  type DDSketch,
} from '../../schemas/semantics/sketches/ddsketch.ts'
import {
  addHash,
  distinct,
  emptyDistinct,
  encodeDistinct,
  mergeDistinct,
  type HyperLogLog,
} from '../../schemas/semantics/sketches/hyperloglog.ts'
import { addName, emptyTop, mergeTop, ranked, type Top } from '../../schemas/semantics/sketches/top.ts'

/** Names counted apart in a window; further ones are counted as `other`. */
const MAX_NAMES = 50
const OTHER = 'other'
/** Names of a top list: what makes up more than a 32nd of the traffic is always among them. */
export const TOP = 32

/** Name and count, in order of first sight. */
export type Tally = [name: string, count: number][]

/** Which window it is. */
export interface Place {
  /** What it is known by: an endpoint's id, a service, `shop upstream http://…`. */
  readonly id: string
  readonly service: string
  readonly scope: 'endpoint' | 'service' | 'upstream' | 'answered-by' | 'status-class'
  readonly name: string
  readonly partition: number
}

export interface OpenWindow extends Place {
  readonly start: number
  /** Seconds. */
  readonly span: number
  count: number
  late: number
  statuses: Tally
  answeredBy: Tally
  upstreams: Tally
  requestBytes: number
  responseBytes: number
  latencySum: number
  latency: DDSketch
  clients: HyperLogLog
  principals: HyperLogLog
  paths: Top
  agents: Top
  errors: Top
  /** Changed since it was last published. */
  fresh: boolean
}

/** What is counted of an exchange beyond what stands in it, worked out once for all of its windows. */
export interface Counted {
  readonly exchange: Exchange
  readonly status: string
  readonly client: number
  /** Hash; undefined for an anonymous request. */
  readonly principal: number | undefined
  readonly path: string
  readonly agent: string
  /** Empty when it was none. */
  readonly error: string
}

export const openWindow = (place: Place, start: number, span: number): OpenWindow => ({
  ...place,
  start,
  span,
  count: 0,
  late: 0,
  statuses: [],
  answeredBy: [],
  upstreams: [],
  requestBytes: 0,
  responseBytes: 0,
  latencySum: 0,
  latency: emptySketch(),
  clients: emptyDistinct(),
  principals: emptyDistinct(),
  paths: emptyTop(TOP),
  agents: emptyTop(TOP),
  errors: emptyTop(TOP),
  fresh: true,
})

const count = (tally: Tally, name: string, by: number): void => {
  for (const entry of tally)
    if (entry[0] === name) {
      entry[1] += by
      return
    }
  if (tally.length < MAX_NAMES || name === OTHER) tally.push([name, by])
  else count(tally, OTHER, by)
}

/** Top lists are kept, and minutes told while they are open, where somebody would look for them. */
export const isWatched = ({ scope }: Place): boolean => scope === 'endpoint' || scope === 'service'

const addNames = (window: OpenWindow, { path, agent, error }: Counted): void => {
  addName(window.paths, path)
  if (agent !== '') addName(window.agents, agent)
  if (error !== '') addName(window.errors, error)
}

/** Counts an exchange. */
export const addExchange = (window: OpenWindow, counted: Counted): void => {
  const { exchange, client, principal } = counted
  window.count++
  window.fresh = true
  count(window.statuses, counted.status, 1)
  count(window.answeredBy, exchange.answeredBy, 1)
  if (exchange.upstream !== '') count(window.upstreams, exchange.upstream, 1)
  window.requestBytes += exchange.requestBody.length
  window.responseBytes += exchange.responseBody.length
  // A duration is never negative, whatever a clock says.
  const total = Math.max(0, exchange.timings.total)
  window.latencySum += total
  addValue(window.latency, total)
  addHash(window.clients, client)
  if (principal !== undefined) addHash(window.principals, principal)
  if (isWatched(window)) addNames(window, counted)
}

/** Adds all of `from` to `into`, which stays the same window. */
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
  mergeDistinct(into.clients, from.clients)
  mergeDistinct(into.principals, from.principals)
  for (const name of ['paths', 'agents', 'errors'] as const) mergeTop(into[name], from[name])
}

/** Sorted by name, so that the order of arrival does not show. */
const counts = (tally: Tally): Count[] =>
  tally.map(([name, n]) => ({ name, count: n })).sort((a, b) => (a.name < b.name ? -1 : 1))

const NOTHING = new Uint8Array()
/** Of a minute, people look at a few names, and there are many minutes; hours and days are told in full. */
const SHOWN = 8

const heavy = (top: Top, { span }: OpenWindow, whole: boolean): readonly Heavy[] => {
  if (!whole) return []
  return span > 60 ? ranked(top) : ranked(top).slice(0, SHOWN)
}

/**
 * The window as it is published. An open minute is told every few seconds, so it is told short: with numbers, without what
 * only merging needs.
 */
export const published = (window: OpenWindow, closed: boolean): Window => {
  const whole = closed || window.span > 60
  const { latency, clients, principals } = window
  return {
    endpoint: window.id,
    service: window.service,
    scope: window.scope,
    name: window.name,
    partition: window.partition,
    start: window.start,
    span: window.span,
    closed,
    count: window.count,
    late: window.late,
    statuses: counts(window.statuses),
    answeredBy: counts(window.answeredBy),
    upstreams: counts(window.upstreams),
    requestBytes: window.requestBytes,
    responseBytes: window.responseBytes,
    latencySum: window.latencySum,
    latency: encodeSketch(latency),
    p50: quantile(latency, 0.5),
    p95: quantile(latency, 0.95),
    p99: quantile(latency, 0.99),
    clients: distinct(clients),
    clientsSketch: whole ? encodeDistinct(clients) : NOTHING,
    principals: distinct(principals),
    principalsSketch: whole ? encodeDistinct(principals) : NOTHING,
    topPaths: heavy(window.paths, window, whole),
    topAgents: heavy(window.agents, window, whole),
    topErrors: heavy(window.errors, window, whole),
  }
}
