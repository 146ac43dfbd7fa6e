/**
 * What an endpoint's parameters and bodies look like, as JSON Schema 2020-12 on `shapes`. Published when the structure
 * changed or a count has doubled, at most once a second of event time per endpoint.
 */
import type { Shape } from '../../schemas/events.ts'
import type { Emit, Merge, Observation, Processor, Relearning, StateCodec, Store } from '../kit/processor.ts'
import { openWriter, putByte, takeByte, written, type Reader } from './bytes.ts'
import { formOf } from './forms.ts'
import { askerOf } from './learn.ts'
import { headerObject, queryObject } from './parameters.ts'
import {
  countExchange,
  emptyCounts,
  emptyPart,
  isSampled,
  learnSight,
  mergeCounts,
  mergePart,
  publishedPart,
  putPart,
  takePart,
  type Counts,
  type Part,
  type Sight,
} from './part.ts'
import { PLACES, QUERY, REQUEST, REQUEST_HEADERS, responseHeadersPlace, responsePlace } from './places.ts'

/** By place (places.ts); null where nothing was seen. */
type ByPlace<T> = (T | null)[]

const nothing = <T>(): ByPlace<T> => PLACES.map(() => null)

const VERSION = 1
/** Used again for each, so that writing makes no garbage but the bytes themselves. */
const writer = openWriter()

const partsCodec: StateCodec<ByPlace<Part>> = {
  encode: (parts) => {
    writer.at = 0
    putByte(writer, VERSION)
    for (const [place, part] of parts.entries()) {
      if (part === null) continue
      putByte(writer, place)
      putPart(writer, part)
    }
    return written(writer)
  },
  decode: (bytes) => {
    const reader: Reader = { bytes, at: 0 }
    const parts = nothing<Part>()
    if (takeByte(reader) !== VERSION) throw new RangeError(`not a shape's state of version ${VERSION}`)
    while (reader.at < bytes.length) parts[takeByte(reader)] = takePart(reader)
    return parts
  },
}

/** An endpoint's state is cut in two: what each exchange changes is written with each commit and must be small. */
interface Kept {
  readonly counts: Store<ByPlace<Counts>>
  readonly parts: Store<ByPlace<Part>>
  /** Endpoints with something to tell, and their service. */
  readonly pending: Store<string>
}

/** Only what the server took is what it takes: parameters and bodies of refused requests teach nothing. */
const isAccepted = (status: number): boolean => status < 400

/** One exchange on its way into an endpoint's parts. */
interface Visit {
  readonly eventId: string
  readonly counts: ByPlace<Counts>
  readonly parts: ByPlace<Part>
  learned: boolean
  worth: boolean
}

/** Counts, and learns what `look` gives if this exchange is one to learn. */
const visitPlace = (visit: Visit, place: number, status: string, look: () => Sight): void => {
  const counts = (visit.counts[place] ??= emptyCounts())
  const part = (visit.parts[place] ??= emptyPart(PLACES[place]?.budget ?? 0))
  if (countExchange(counts, status)) visit.worth = true
  if (!isSampled(part, visit.eventId)) return
  visit.learned = true
  if (learnSight(part, look())) visit.worth = true
}

const visitRequest = (visit: Visit, { exchange, query, requestJson }: Observation, asker: number): void => {
  const { requestBody, requestHeaders } = exchange
  visitPlace(visit, QUERY, '', () => ({ json: queryObject(query), mediaType: '', asker, parameters: true }))
  visitPlace(visit, REQUEST_HEADERS, '', () => ({
    json: headerObject(requestHeaders),
    mediaType: '',
    asker,
    parameters: true,
  }))
  if (requestBody.length === 0) return
  visitPlace(visit, REQUEST, '', () => ({
    json: requestJson ?? formOf(requestBody),
    mediaType: requestBody.mediaType,
    asker,
  }))
}

const visitResponse = (visit: Visit, { exchange, responseJson }: Observation, asker: number): void => {
  const { status, responseBody, responseHeaders } = exchange
  const { mediaType } = responseBody
  visitPlace(visit, responsePlace(status), String(status), () => ({ json: responseJson, mediaType, asker }))
  visitPlace(visit, responseHeadersPlace(status), '', () => ({
    json: headerObject(responseHeaders),
    mediaType: '',
    asker,
    parameters: true,
  }))
}

const observe = (kept: Kept, observation: Observation): void => {
  const { endpoint, teaches, exchange, event } = observation
  if (endpoint === undefined || !teaches) return
  const { id, service } = endpoint
  const visit: Visit = {
    eventId: event.id,
    counts: kept.counts.get(id) ?? nothing(),
    parts: kept.parts.get(id) ?? nothing(),
    learned: false,
    worth: false,
  }
  const asker = askerOf(exchange.principal)
  if (isAccepted(exchange.status)) visitRequest(visit, observation, asker)
  visitResponse(visit, observation, asker)
  kept.counts.set(id, visit.counts)
  if (visit.learned) kept.parts.set(id, visit.parts)
  if (visit.worth && kept.pending.get(id) === undefined) kept.pending.set(id, service)
}

/** Header fields are told where there are some. */
const isTold = ({ direction }: (typeof PLACES)[number], part: Part): boolean => {
  const { fields } = part.tree.shape
  return direction !== 'headers' || (fields !== undefined && (fields.names.length > 0 || fields.values !== undefined))
}

const publish = (kept: Kept, endpoint: string, service: string, at: number): Shape => {
  const counts = kept.counts.get(endpoint) ?? nothing()
  const parts = kept.parts.get(endpoint) ?? nothing()
  return {
    endpoint,
    service,
    at,
    parts: PLACES.flatMap((place, i) => {
      const [seen, part] = [counts[i], parts[i]]
      return seen && part && isTold(place, part) ? [publishedPart(place, seen, part)] : []
    }),
  }
}

const advance = (kept: Kept, time: number, emit: Emit): void => {
  if (kept.pending.size === 0) return
  for (const endpoint of kept.pending.keys()) {
    emit('shapes', endpoint, publish(kept, endpoint, kept.pending.get(endpoint) ?? '', time))
    kept.pending.delete(endpoint)
  }
}

/** The service is the id's first word. */
const serviceOf = (endpoint: string): string => endpoint.slice(0, endpoint.indexOf(' '))

/** Moves what one key has to another, place by place. */
const mergeStore = <T>(store: Store<ByPlace<T>>, { from, into }: Merge, add: (into: T, from: T) => void): boolean => {
  const gone = store.get(from)
  if (gone === undefined) return false
  const known = store.get(into) ?? nothing<T>()
  for (const [place, value] of gone.entries()) {
    const own = known[place]
    if (value && own) add(own, value)
    else if (value) known[place] = value
  }
  store.delete(from)
  store.set(into, known)
  return true
}

const merged = (kept: Kept, merge: Merge, emit: Emit): void => {
  const { from, into } = merge
  const isCounted = mergeStore(kept.counts, merge, mergeCounts)
  if (mergeStore(kept.parts, merge, mergePart) || isCounted) kept.pending.set(into, serviceOf(into))
  kept.pending.delete(from)
  emit('shapes', from, null)
}

const relearn = (kept: Kept, { endpoints, past }: Relearning, emit: Emit): void => {
  for (const id of endpoints) {
    kept.counts.delete(id)
    kept.parts.delete(id)
    kept.pending.delete(id)
    emit('shapes', id, null)
  }
  for (const observation of past) observe(kept, observation)
}

export const shapes: Processor = {
  name: 'shapes',
  emits: ['shapes'],
  open: (stores) => {
    const kept: Kept = {
      counts: stores.open('counts'),
      parts: stores.open('trees', partsCodec),
      pending: stores.open('pending'),
    }
    return {
      observe: (observation) => observe(kept, observation),
      advance: (time, emit) => advance(kept, time, emit),
      merged: (merge, emit) => merged(kept, merge, emit),
      relearn: (again, emit) => relearn(kept, again, emit),
    }
  },
}
