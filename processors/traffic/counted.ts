/** What is counted of an exchange, and in which windows. */
import { hash32 } from '../kit/hash.ts'
import type { Observation } from '../kit/processor.ts'
import type { Counted, Place } from './window.ts'

/** Longer names are cut: a top list is read by people. */
const MAX_NAME = 200
/** Bodies of errors up to this size are looked at. */
const MAX_ERROR = 4096

const cut = (text: string): string => (text.length > MAX_NAME ? `${text.slice(0, MAX_NAME - 1)}…` : text)

const agentOf = ({ exchange }: Observation): string => {
  for (const { name, value } of exchange.requestHeaders)
    if (name.length === 10 && name.toLowerCase() === 'user-agent') return cut(value)
  return ''
}

/** Ids and times differ in each answer of one and the same error: what has a digit in it is left out. */
const withoutNumbers = (text: string): string => text.replaceAll(/[\w.:-]+/g, (word) => (/\d/.test(word) ? '#' : word))

const errorOf = ({ exchange, responseJson }: Observation): string => {
  const { status, responseBody } = exchange
  if (status > 0 && status < 400) return ''
  if (responseJson !== undefined && responseBody.length <= MAX_ERROR)
    return cut(`${status} ${withoutNumbers(JSON.stringify(responseJson))}`)
  return cut(`${status} ${responseBody.length === 0 ? 'without a body' : responseBody.mediaType}`.trim())
}

/** Worked out once for all windows of an exchange. Paths and bodies are as the log has them: redacted by the ingress. */
export const countedOf = (observation: Observation): Counted => {
  const { exchange, path } = observation
  return {
    exchange,
    status: String(exchange.status),
    client: hash32(exchange.client),
    principal: exchange.principal === '' ? undefined : hash32(exchange.principal),
    path: cut(path),
    agent: agentOf(observation),
    error: errorOf(observation),
  }
}

const classOf = (status: number): string => (status === 0 ? 'none' : `${Math.floor(status / 100)}xx`)

interface Named {
  readonly service: string
  readonly endpoint: string
  readonly answeredBy: string
  readonly status: string
  readonly upstream: string
  readonly partition: number
}

const makePlaces = ({ service, endpoint, answeredBy, status, upstream, partition }: Named): readonly Place[] => {
  const place = (scope: Place['scope'], name: string, id: string): Place => ({ id, service, scope, name, partition })
  const places = [
    place('endpoint', '', endpoint),
    place('service', '', service),
    place('answered-by', answeredBy, `${service} answered-by ${answeredBy}`),
    place('status-class', status, `${service} status ${status}`),
  ]
  if (upstream !== '') places.push(place('upstream', upstream, `${service} upstream ${upstream}`))
  return places
}

/** The same few come again and again: kept, up to a bound that hostile names cannot pass. */
const MOST = 5000
const known = new Map<string, readonly Place[]>()

/** The windows of an exchange. Those of who answered, and those of the classes, each add up to their service's. */
export const placesOf = ({ exchange, event, endpoint, partition }: Observation): readonly Place[] => {
  const { service } = event
  const { answeredBy, upstream } = exchange
  const id = endpoint?.id ?? `${service} *`
  const status = classOf(exchange.status)
  const key = `${partition}\n${service}\n${answeredBy}\n${status}\n${upstream}\n${id}`
  const found = known.get(key)
  if (found !== undefined) return found
  const made = makePlaces({ service, endpoint: id, answeredBy, status, upstream, partition })
  if (known.size < MOST) known.set(key, made)
  return made
}
