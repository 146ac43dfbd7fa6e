/** Builds the one Observation of an exchange that the locator and all processors share. */
import type { Event, Exchange } from '../../schemas/events.ts'
import type { LogRecord } from '../../schemas/log.ts'
import type { Located, Observation } from '../kit/processor.ts'
import { parseBody } from './body.ts'

/** The host sets the endpoint once the locator has spoken. */
export type OpenObservation = Omit<Observation, 'endpoint'> & { endpoint: Located | undefined }

const NO_SEGMENTS: readonly string[] = []
const NO_QUERY: Observation['query'] = []

const decoded = (text: string): string => {
  if (!text.includes('%') && !text.includes('+')) return text
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

/** Pairs of a query in order; a name that cannot be decoded stays as it is. */
export const parseQuery = (query: string): Observation['query'] => {
  if (query === '') return NO_QUERY
  const pairs: [string, string][] = []
  for (const part of query.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    pairs.push(equals < 0 ? [decoded(part), ''] : [decoded(part.slice(0, equals)), decoded(part.slice(equals + 1))])
  }
  return pairs
}

/** Origin form as it is; absolute form (RFC 9112 3.2.2) without its scheme and authority; a fragment goes. */
const originForm = (target: string): string => {
  let out = target
  if (!out.startsWith('/') && out.includes('://')) {
    const slash = out.indexOf('/', out.indexOf('://') + 3)
    out = slash < 0 ? '/' : out.slice(slash)
  }
  const hash = out.indexOf('#')
  return hash < 0 ? out : out.slice(0, hash)
}

const segmentsOf = (path: string): readonly string[] =>
  path === '/' || path === '' ? NO_SEGMENTS : (path.startsWith('/') ? path.slice(1) : path).split('/')

/** Only what an upstream said of itself, to a live client, to the end. */
const teaches = (exchange: Exchange): boolean =>
  exchange.answeredBy === 'upstream' &&
  exchange.complete &&
  !exchange.replayed &&
  exchange.faults.length === 0 &&
  exchange.status >= 100

/** The observation of an exchange, its endpoint not known yet. Never throws on what an exchange may hold. */
export const observationOf = (event: Event, exchange: Exchange, record: LogRecord): OpenObservation => {
  const target = originForm(exchange.target)
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  return {
    event,
    exchange,
    at: event.at,
    partition: record.partition,
    offset: record.offset,
    path,
    segments: segmentsOf(path),
    query: parseQuery(question < 0 ? '' : target.slice(question + 1)),
    requestJson: parseBody(exchange.requestBody),
    responseJson: parseBody(exchange.responseBody),
    teaches: teaches(exchange),
    endpoint: undefined,
  }
}
