/**
 * The processor that learns ghosts. For each exchange that teaches it first asks what the ghost would have said, scores
 * that against the truth, and only then learns it; what changed goes to the `ghosts` topic part by part.
 */
import type { Emit, Merge, Observation, Processor, Steps, Stores } from '../kit/processor.ts'
import { FATE } from '../../schemas/semantics/ghosts/accepted.ts'
import { readRequest } from '../../schemas/semantics/ghosts/asked.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import { answerRead, answerWrite, isRead, isReading } from '../../schemas/semantics/ghosts/compose.ts'
import { readFeatures, writeFeatures } from '../../schemas/semantics/ghosts/features.ts'
import { objectAsked } from '../../schemas/semantics/ghosts/objects.ts'
import { identified } from '../../schemas/semantics/ghosts/status.ts'
import type { StatusFeatures } from '../../schemas/semantics/ghosts/status.ts'
import { hash32 } from '../../schemas/semantics/ghosts/text.ts'
import type { EndpointModel, Json } from '../../schemas/semantics/ghosts/model.ts'
import { CONFIDENT, noteAnswer, noteParts, noteReady, openVitals, type Vitals } from '../../schemas/semantics/vitals.ts'
import { closeSilent, followActivation } from './activations.ts'
import type { OpenActivation } from './activations.ts'
import { addScore, judgeAnswer, sentBy } from './fidelity.ts'
import { emptyEndpoint } from './learn-endpoint.ts'
import { learnExchange } from './learn.ts'
import { learnRemoved } from './learn-removed.ts'
import { factsOf, learnOrigins, learnUnknown } from './learn-service.ts'
import type { Lesson } from './lesson.ts'
import { dropWrite, foldGhost, keepQueued, learnFate } from './learn-writes.ts'
import { endpointKey, openMemory } from './memory.ts'
import { putSample } from './samples.ts'
import type { EndpointState, Memory } from './memory.ts'

/** Every exchange of an endpoint is scored up to this count, then one in so many, chosen by the event's id. */
const YOUNG = 50
const SHARE = 16
/** From here on half as many are scored, and what is learned is published a third as often: it changes slowly. */
const SETTLED = 1000
const SETTLED_SHARE = 32
/** An endpoint is published at each growth by a quarter, and otherwise at most this often (µs). */
const GROWTH = 1.25
const EVERY = 5_000_000
const SETTLED_EVERY = 15_000_000

const readExchange = (o: Observation): Asked => {
  const { exchange, event } = o
  const { requestBody } = exchange
  return readRequest(
    {
      service: event.service,
      method: exchange.method,
      target: exchange.target,
      headers: exchange.requestHeaders,
      body: requestBody.cut || requestBody.length === 0 ? undefined : requestBody.bytes,
      principal: exchange.principal,
      at: o.at,
    },
    { value: o.requestJson as Json | undefined },
  )
}

const isDue = ({ count }: EndpointModel, { event }: Observation): boolean =>
  count < YOUNG || hash32(event.id) % (count < SETTLED ? SHARE : SETTLED_SHARE) === 0

/** Half of the tests try rules that gave way too: with more to go by they may have become better. */
const isTrial = ({ event }: Observation): boolean => hash32(`try ${event.id}`) % 2 === 0

/** Test before train: what the ghost would have said now. */
const score = (model: EndpointModel, { o, asked, memory, emit }: Lesson): void => {
  if (model.count === 0 || !isDue(model, o)) return
  const ruled = (isReading(model) ? answerRead : answerWrite)(model, { ...asked, trying: isTrial(o) }, memory)
  const { rule, verdict } = ruled
  noteReady(vitalsOf(model), verdict.kind === 'answer' && verdict.confidence >= CONFIDENT)
  if (rule === 'none' || verdict.kind !== 'answer') return
  const truth = {
    status: o.exchange.status,
    bytes: o.exchange.responseBody.bytes,
    json: o.responseJson as Json | undefined,
  }
  const { fidelity, parts } = judgeAnswer(verdict, truth, sentBy(o))
  noteParts(vitalsOf(model), parts)
  putSample(o, { ruled, fidelity, isYoung: model.count < YOUNG }, emit)
  addScore(model.scores, rule, fidelity)
  const state = factsOf(memory, model.service)
  addScore(state.facts.scores, rule, fidelity)
  memory.factsStore.set(model.service, { ...state, dirty: true })
}

const vitalsOf = (model: EndpointModel): Vitals => (model.vitals ??= openVitals())

/** How well the upstream is, at an endpoint that is known: an error teaches nothing but that. */
const noteVitals = (model: EndpointModel, { exchange }: Observation): void =>
  noteAnswer(vitalsOf(model), exchange.status, exchange.timings.firstByte)

const noteFailure = (memory: Memory, o: Observation): void => {
  const state = o.endpoint === undefined ? undefined : memory.endpoints.get(endpointKey(o.endpoint.id))
  if (state === undefined) return
  noteVitals(state.model, o)
  memory.saveEndpoint(state)
}

const isFailure = ({ teaches, exchange }: Observation): boolean => teaches && exchange.status >= 500

const featuresOf = (model: EndpointModel, asked: Asked, memory: Memory): StatusFeatures =>
  (isReading(model) ? readFeatures : writeFeatures)(model, asked, memory)

const MAX_HEADERS = 100
/** Parts, and confirmations of what the client has: no answers by themselves. */
const PARTIAL = new Set([206, 304])
const isTeachable = (o: Observation): boolean =>
  o.teaches &&
  o.exchange.status >= 200 &&
  o.exchange.status < 500 &&
  !PARTIAL.has(o.exchange.status) &&
  o.exchange.method !== 'HEAD' &&
  o.exchange.requestHeaders.length <= MAX_HEADERS

/** A write of which its sender was told by a ghost that it was done (mock), or that it waits for the backend (queued). */
const isAccepted = ({ exchange }: Observation, kind: 'mock' | 'queued'): boolean =>
  exchange.answeredBy === 'ghost' &&
  exchange.ghost?.kind === kind &&
  !isRead(exchange.method) &&
  exchange.status >= 200 &&
  exchange.status < 300

const stateOf = (memory: Memory, o: Observation): EndpointState | undefined => {
  if (o.endpoint === undefined) return undefined
  const key = endpointKey(o.endpoint.id)
  return memory.endpoints.get(key) ?? { key, tick: 0, model: emptyEndpoint(o.endpoint), published: 0, publishedAt: 0 }
}

/** What other endpoints go by: news of it does not wait. */
const publicLooks = (model: EndpointModel): string => `${model.root}/${model.idField} ${model.list?.type ?? ''}`

const learn = (memory: Memory, o: Observation, emit: Emit): void => {
  const asked = identified(readExchange(o), memory)
  const lesson = { o, asked, memory, emit }
  learnOrigins(lesson)
  const state = stateOf(memory, o)
  if (state === undefined || objectAsked(state.model, asked) === undefined) learnRemoved(lesson)
  if (state === undefined) return learnUnknown(lesson)
  const { model } = state
  if (model.count === 0 && isRead(model.method)) learnUnknown(lesson)
  score(model, lesson)
  const features = featuresOf(model, asked, memory)
  const looks = publicLooks(model)
  if (o.endpoint !== undefined) model.parameters = o.endpoint.parameters.map(({ name, kind }) => ({ name, kind }))
  learnExchange(lesson, model, features)
  noteVitals(model, o)
  model.count++
  model.at = Math.max(model.at, o.at)
  if (model.count >= GROWTH * state.published || publicLooks(model) !== looks) memory.publishEndpoint(state, o.at, emit)
  memory.keepEndpoint(state, emit)
}

/** Publishes what has been learned since the last time but was not news enough by itself. */
const publishRest = (memory: Memory, time: number, emit: Emit): void => {
  for (const key of memory.endpointKeys()) {
    const state = memory.endpoints.get(key)
    if (state === undefined || state.model.count === state.published) continue
    if (time < state.publishedAt + (state.model.count < SETTLED ? EVERY : SETTLED_EVERY)) continue
    memory.publishEndpoint(state, time, emit)
    memory.saveEndpoint(state)
  }
  for (const service of memory.factsStore.keys()) {
    const state = factsOf(memory, service)
    if (!state.dirty || time < state.publishedAt + EVERY) continue
    memory.publishFacts(state, time, emit)
    memory.factsStore.set(service, state)
  }
}

/**
 * An endpoint became part of another: exact answers and objects stay as they are (they are kept by target), and of two
 * models the one that saw more stays. Sources are named by path segment, so they hold under the new template too.
 */
const adopt = (memory: Memory, { from, into }: Merge, emit: Emit): void => {
  const key = endpointKey(from)
  const old = memory.endpoints.delete(key)
  if (old === undefined) return
  memory.forgetEndpoint(old.model)
  emit('ghosts', key, null)
  const heir = memory.endpoints.get(endpointKey(into))
  if (heir !== undefined && heir.model.count >= old.model.count) return
  const { service, method } = old.model
  const template = into.slice(`${service} ${method} `.length)
  const parameters = heir?.model.parameters ?? []
  const model = {
    ...old.model,
    id: into,
    template,
    parameters,
    idField: '',
    root: '',
    list: null,
    largest: heir?.model.largest ?? -1,
  }
  const state = { ...old, key: endpointKey(into), model }
  memory.keepEndpoint(state, emit)
}

const open = (stores: Stores): Steps => {
  const memory = openMemory(stores)
  const activations = stores.open<OpenActivation>('activations')
  return {
    restored: () => memory.restored(),
    observe: (o, emit) => {
      followActivation(activations, o, emit)
      memory.begin(o.offset)
      if (isAccepted(o, 'mock')) return foldGhost({ o, asked: identified(readExchange(o), memory), memory, emit })
      if (isAccepted(o, 'queued')) return keepQueued({ o, asked: identified(readExchange(o), memory), memory, emit })
      if (isFailure(o)) return noteFailure(memory, o)
      if (!isTeachable(o)) return
      learn(memory, o, emit)
    },
    command: (command, event, emit) => {
      if (command.kind === 'ghosts.drop') dropWrite(memory, event.service, command.subject, emit)
      if (command.kind === FATE) learnFate(memory, event, command, emit)
    },
    advance: (time, emit) => {
      publishRest(memory, time, emit)
      closeSilent(activations, time, emit)
    },
    merged: (merge, emit) => adopt(memory, merge, emit),
  }
}

export const ghosts: Processor = { name: 'ghosts', emits: ['ghosts', 'activations', 'samples'], open }
