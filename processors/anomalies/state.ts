/** What is kept of services and endpoints. Plain JSON data, bounded by the caps of its parts. */
import type { Exchange } from '../../schemas/events.ts'
import { addExchange, countSize, newMinute, type Minute, type Usual } from './minute.ts'
import { emptyHistogram, logQuantile, type Histogram } from './histogram.ts'
import type { Crowd } from './probing.ts'
import { newManners, type Manners } from './profile.ts'
import { newSeason, type Season } from './season.ts'
import { newStream, type Stream } from './stream.ts'

/** A client that does strange things now, and when it did last. */
export type Intruder = [client: string, kind: 'scan' | 'enumeration' | 'credential_stuffing', at: number]

export interface Service {
  partition: number
  /** The minute in hand begins here, µs. */
  start: number
  /** Requests to no endpoint, in this minute. */
  loose: Minute
  /** Endpoints that got requests in this minute, and those that get enough of them to be missed. */
  touched: string[]
  watched: string[]
  /** Decayed count of requests, and minutes so far. */
  came: number
  minutes: number
  /** Events were lost in this minute: counts say nothing. */
  blind: boolean
  stream: Stream
  season: Season
  intruders: Intruder[]
  /** Strange requests told in this hour. */
  told: number
  /** Requests of this minute that faults struck, hushed; minutes for which they excuse what clients do. */
  struck?: number
  shaken?: number
  /** Absent in what was kept before there was such a thing. */
  crowd?: Crowd
}

export const newService = (start: number): Service => ({
  partition: 0,
  start,
  loose: newMinute(),
  touched: [],
  watched: [],
  came: 0,
  minutes: 0,
  blind: false,
  stream: newStream(),
  season: newSeason(),
  intruders: [],
  told: 0,
})

/** Goes on to the next minute. */
export const beginMinute = (service: Service, at: number, watched: string[]): void => {
  service.start = at
  service.loose = newMinute()
  service.touched = []
  service.watched = watched
  service.blind = false
  delete service.struck
}

/** Clients that get errors on purpose come again at once, or stay away for a while: of so many of the requests it is felt. */
const FELT = 0.05
const SHAKEN = 10

/** Whether faults on purpose are why clients come more or less than usual, at the end of a minute with so many requests. */
export const isShaken = (service: Service, requests: number): boolean => {
  const left = (service.struck ?? 0) > FELT * requests ? SHAKEN : (service.shaken ?? 0) - 1
  if (left > 0) service.shaken = left
  else delete service.shaken
  return left > 0
}

export interface Endpoint {
  minute: Minute
  /** Times of this minute. */
  fresh: Histogram
  /** Times since latency became suspicious: learned when it was nothing, or when it stays. */
  held: Histogram
  latency: Histogram
  /** Of `latency`, on the log scale. */
  spread: number
  manners: Manners
  stream: Stream
  /** Decayed count of requests, and the minute that it was decayed to. */
  came: number
  decayed: number
}

export const newEndpoint = (): Endpoint => ({
  minute: newMinute(),
  fresh: emptyHistogram(),
  held: emptyHistogram(),
  latency: emptyHistogram(),
  spread: 0,
  manners: newManners(),
  stream: newStream(),
  came: 0,
  decayed: 0,
})

/** Counts an exchange that is judged. */
export const count = (endpoint: Endpoint, exchange: Exchange): void => {
  const usual: Usual | undefined = endpoint.spread > 0 ? endpoint : undefined
  addExchange(endpoint.minute, endpoint.fresh, exchange, usual)
  countSize(endpoint.minute, endpoint.manners.response, exchange)
}

/** Learns an exchange of the past as one that was usual. */
export const learnPast = (endpoint: Endpoint, exchange: Exchange): void => {
  const { stream, latency } = endpoint
  const minute = newMinute()
  addExchange(minute, latency, exchange, undefined)
  stream.judged += minute.judged
  stream.failed += minute.failed
  stream.refused += minute.refused
  endpoint.spread = spreadOf(latency)
}

/** The width of the usual times, from the middle to where five of six lie. */
export const spreadOf = (latency: Histogram): number =>
  Math.max(0.05, (logQuantile(latency, 0.84) - logQuantile(latency, 0.16)) / 2)
