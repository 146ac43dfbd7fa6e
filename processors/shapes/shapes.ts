/**
 * What an endpoint's parameters and bodies look like, as JSON Schema 2020-12 on `shapes`. Published when the structure
 * changed or a count has doubled, at most once a second of event time per endpoint.
 */
import type { Shape, ShapePart } from '../../schemas/events.ts'
import type { Emit, JsonValue, Merge, Observation, Processor, Store } from '../kit/processor.ts'
import { askerOf } from './learn.ts'
import { emptyPart, learn, mergePart, partCodec, publishedPart, type Part, type Sight } from './part.ts'

type Direction = ShapePart['direction']

/** Every part that an endpoint can have, in the order they are published. */
const PARTS: readonly (readonly [direction: Direction, status: string])[] = [
  ['query', ''],
  ['request', ''],
  ...['1xx', '2xx', '3xx', '4xx', '5xx'].map((status) => ['response', status] as const),
]

interface Kept {
  readonly parts: Store<Part>
  /** Endpoints with something to tell, and their service. */
  readonly pending: Store<string>
}

const partKey = (endpoint: string, direction: Direction, status: string): string => `${endpoint} ${direction}${status}`

const INTEGER = /^-?(0|[1-9]\d{0,14})$/

/** A query value as the JSON value it stands for. */
const valueOf = (text: string): JsonValue => {
  if (text === 'true') return true
  if (text === 'false') return false
  return INTEGER.test(text) ? Number(text) : text
}

/** A query as one object; a repeated name is a list. */
export const queryObject = (query: Observation['query']): JsonValue => {
  const values = new Map<string, JsonValue>()
  for (const [name, text] of query) {
    const value = valueOf(text)
    const known = values.get(name)
    if (known === undefined) values.set(name, value)
    else values.set(name, Array.isArray(known) ? [...(known as JsonValue[]), value] : [known, value])
  }
  return Object.fromEntries(values)
}

const classOf = (status: number): string => `${Math.min(5, Math.max(1, Math.floor(status / 100)))}xx`

/** Only what the server took is what it takes: parameters and bodies of refused requests teach nothing. */
const isAccepted = (status: number): boolean => status < 400

const learnPart = ({ parts }: Kept, key: string, sight: Sight): boolean => {
  const part = parts.get(key) ?? emptyPart()
  const worth = learn(part, sight)
  parts.set(key, part)
  return worth
}

const observe = (kept: Kept, observation: Observation): void => {
  const { endpoint, teaches, exchange, query, requestJson, responseJson } = observation
  if (endpoint === undefined || !teaches) return
  const { id } = endpoint
  const { status, requestBody, responseBody } = exchange
  const asker = askerOf(exchange.principal)
  let worth = false
  if (isAccepted(status)) {
    const json = queryObject(query)
    worth = learnPart(kept, partKey(id, 'query', ''), { json, mediaType: '', status: '', asker })
    const { mediaType, length } = requestBody
    if (length > 0)
      worth = learnPart(kept, partKey(id, 'request', ''), { json: requestJson, mediaType, status: '', asker }) || worth
  }
  const sight = { json: responseJson, mediaType: responseBody.mediaType, status: String(status), asker }
  worth = learnPart(kept, partKey(id, 'response', classOf(status)), sight) || worth
  if (worth && kept.pending.get(id) === undefined) kept.pending.set(id, endpoint.service)
}

const publish = ({ parts }: Kept, endpoint: string, service: string, at: number): Shape => ({
  endpoint,
  service,
  at,
  parts: PARTS.flatMap(([direction, status]) => {
    const part = parts.get(partKey(endpoint, direction, status))
    return part === undefined ? [] : [publishedPart(part, direction, status)]
  }),
})

const advance = (kept: Kept, time: number, emit: Emit): void => {
  if (kept.pending.size === 0) return
  for (const endpoint of kept.pending.keys()) {
    emit('shapes', endpoint, publish(kept, endpoint, kept.pending.get(endpoint) ?? '', time))
    kept.pending.delete(endpoint)
  }
}

/** The service is the id's first word. */
const serviceOf = (endpoint: string): string => endpoint.slice(0, endpoint.indexOf(' '))

const merged = (kept: Kept, { from, into }: Merge, emit: Emit): void => {
  for (const [direction, status] of PARTS) {
    const gone = kept.parts.get(partKey(from, direction, status))
    if (gone === undefined) continue
    kept.parts.delete(partKey(from, direction, status))
    const key = partKey(into, direction, status)
    const part = kept.parts.get(key) ?? emptyPart()
    mergePart(part, gone)
    kept.parts.set(key, part)
    kept.pending.set(into, serviceOf(into))
  }
  kept.pending.delete(from)
  emit('shapes', from, null)
}

export const shapes: Processor = {
  name: 'shapes',
  emits: ['shapes'],
  open: (stores) => {
    const kept: Kept = { parts: stores.open('parts', partCodec), pending: stores.open<string>('pending') }
    return {
      observe: (observation) => observe(kept, observation),
      advance: (time, emit) => advance(kept, time, emit),
      merged: (merge, emit) => merged(kept, merge, emit),
    }
  },
}
