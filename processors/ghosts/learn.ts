/** What one exchange that teaches changes. */
import type { Emit, Observation } from '../kit/processor.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import { isRead, lastParameter } from '../../schemas/semantics/ghosts/compose.ts'
import { answerKey, touchKey } from '../../schemas/semantics/ghosts/exact.ts'
import type { EndpointModel, Json } from '../../schemas/semantics/ghosts/model.ts'
import { objectAsked, objectKey, typeOf } from '../../schemas/semantics/ghosts/objects.ts'
import { credentialKey, serviceKey } from '../../schemas/semantics/ghosts/status.ts'
import type { StatusFeatures } from '../../schemas/semantics/ghosts/status.ts'
import {
  bodyModel,
  consentOf,
  countFeatures,
  countStatus,
  emptyBody,
  findIdField,
  learnBody,
  learnVary,
} from './learn-endpoint.ts'
import type { Consent } from './learn-endpoint.ts'
import { isRepeatable, learnExact } from './learn-exact.ts'
import { learnList } from './learn-list.ts'
import { addView, emptyObject, idText, isFields, listOf } from './learn-objects.ts'
import type { Fields } from './learn-objects.ts'
import type { FactsState, Memory } from './memory.ts'

export interface Lesson {
  readonly o: Observation
  readonly asked: Asked
  readonly memory: Memory
  readonly emit: Emit
}

const isGood = (status: number): boolean => status >= 200 && status < 300
const isGone = (status: number): boolean => status === 404 || status === 410

/** A path without a trailing slash, and the path above it. */
const parentPath = (path: string): string => {
  const end = path.endsWith('/') ? path.length - 1 : path.length
  const cut = path.lastIndexOf('/', end - 1)
  return cut <= 0 ? '/' : path.slice(0, cut)
}

const learnCredential = ({ o, asked, memory, emit }: Lesson, hadGood: boolean): void => {
  if (asked.asker === '') return
  const key = credentialKey(asked.service, asked.asker)
  const known = memory.credential(key)
  const { status } = o.exchange
  // A 401 speaks against a good credential only where it was let in before: it was revoked, or has run out.
  const state = isGood(status) ? 'good' : status === 401 && (known?.state !== 'good' || hadGood) ? 'bad' : known?.state
  if (state === undefined || state === known?.state) return
  memory.keepCredential({ key, service: asked.service, asker: asked.asker, state, at: o.at, tick: 0 }, emit)
}

export const factsOf = (memory: Memory, service: string): FactsState =>
  memory.factsStore.get(service) ?? {
    facts: { service, statuses: {}, unknown: null, unknownStatuses: {}, at: 0 },
    dirty: false,
    publishedAt: 0,
  }

/** New endpoints come early and in a row, strays come later: only the last few tell. */
const UNKNOWN_FADE = 0.7

/** A path that templates know nothing of, or did not until this exchange. */
export const learnUnknown = (lesson: Lesson): void => {
  const { o, asked, memory, emit } = lesson
  const state = factsOf(memory, asked.service)
  const { facts } = state
  const counts = facts.unknownStatuses
  for (const [status, count] of Object.entries(counts)) {
    if (count < 0.05) delete counts[status]
    else counts[status] = count * UNKNOWN_FADE
  }
  counts[o.exchange.status] = (counts[o.exchange.status] ?? 0) + 1
  facts.at = o.at
  const consent = consentOf(o, asked)
  if (o.endpoint === undefined && o.exchange.status >= 400 && o.exchange.status < 500 && !consent.refused) {
    facts.unknown ??= emptyBody()
    learnBody(facts.unknown, o, asked, consent.isPublic)
  }
  memory.factsStore.set(asked.service, state)
  memory.publishFacts(state, o.at, emit)
}

const learnStatus = (lesson: Lesson, model: EndpointModel, features: StatusFeatures): void => {
  const { o, asked, memory } = lesson
  const { status } = o.exchange
  countFeatures(model, features, status)
  const id = lastParameter(model, asked) ?? ''
  if (isGood(status) && /^\d{1,15}$/.test(id)) model.largest = Math.max(model.largest, Number(id))
  const state = factsOf(memory, asked.service)
  countStatus(state.facts.statuses, serviceKey(model.method, features), status)
  state.facts.at = o.at
  state.dirty = true
  memory.factsStore.set(asked.service, state)
}

/** Keeps or forgets the exact answer; true when this very answer was known already. */
const learnAnswer = (lesson: Lesson, model: EndpointModel, consent: Consent): boolean => {
  const { o, asked, memory, emit } = lesson
  const key = answerKey(asked)
  if (consent.refused || model.vary.includes('*')) {
    memory.dropAnswers(key, emit)
    return false
  }
  if (!isRepeatable(o, asked)) return false
  const { set, write, repeated } = learnExact(memory.answers(key), model, o, asked)
  if (write) memory.keepAnswers(set, emit)
  return repeated
}

interface Named {
  readonly type: string
  readonly id: string
}

const viewObject = (lesson: Lesson, { type, id }: Named, fields: Fields, whole: boolean): void => {
  const { asked, memory, emit } = lesson
  const record = memory.object(objectKey(asked.service, type, id)) ?? emptyObject(asked.service, type, id)
  if (addView(record, asked, { fields, whole })) memory.keepObject(record, emit)
}

const learnOne = (lesson: Lesson, named: Named): void => {
  const { o, asked, memory, emit } = lesson
  const { status } = o.exchange
  const json = o.responseJson as Json | undefined
  if (isGood(status) && isFields(json)) return viewObject(lesson, named, json, true)
  const record = memory.object(objectKey(asked.service, named.type, named.id))
  if (!isGone(status) || record === undefined || record.gone >= o.at) return
  // Another's 404 may only mean that they may not see it.
  if (!record.views.some((view) => view.asker === asked.asker)) return
  record.gone = o.at
  memory.keepObject(record, emit)
}

const learnMany = (lesson: Lesson, model: EndpointModel): void => {
  const { o, asked, memory } = lesson
  const list = listOf(o.responseJson as Json | undefined)
  const idField = memory.idField(asked.service, model.template)
  if (list === undefined || idField === '') return
  const type = model.template.includes('{') ? '/' + asked.segments.join('/') : model.template
  for (const item of list.items) {
    const id = idText(Object.hasOwn(item, idField) ? item[idField] : undefined)
    if (id !== undefined) viewObject(lesson, { type, id }, item, false)
  }
  learnList(model, list, asked)
}

export const learnReading = (lesson: Lesson, model: EndpointModel, features: StatusFeatures): void => {
  const { o, asked, memory } = lesson
  const known = memory.answers(answerKey(asked))
  const hadGood = known?.variants.some((variant) => isGood(variant.status)) ?? false
  const consent = consentOf(o, asked)
  learnStatus(lesson, model, features)
  learnVary(model, o)
  const repeated = learnAnswer(lesson, model, consent)
  learnCredential(lesson, hadGood)
  if (consent.refused) return
  const body = bodyModel(model, o.exchange.status)
  if (body !== undefined && isTaught(body.seen, repeated)) learnBody(body, o, asked, consent.isPublic)
  if (model.idField === '' && isGood(o.exchange.status)) {
    model.idField = findIdField(model, asked.segments.length)
    memory.noteType(model)
  }
  if (repeated) return
  const named = objectAsked(model, asked)
  if (named !== undefined) learnOne(lesson, named)
  else if (isGood(o.exchange.status)) learnMany(lesson, model)
}

/** Every body while there are few; then every fourth that was seen before, and all that are new. */
const ENOUGH = 200
const isTaught = (seen: number, repeated: boolean): boolean => seen < ENOUGH || !repeated

const touch = ({ o, asked, memory, emit }: Lesson, path: string): void =>
  memory.keepTouch({ key: touchKey(asked.service, path), service: asked.service, at: o.at, tick: 0 }, emit)

/** The object that a write named or made. */
const writtenObject = (lesson: Lesson, model: EndpointModel): Named | undefined => {
  const { o, asked, memory } = lesson
  const named = objectAsked(model, asked)
  if (named !== undefined) return named
  const idField = memory.idField(asked.service, model.template)
  const json = o.responseJson as Json | undefined
  const id = isFields(json) && idField !== '' && Object.hasOwn(json, idField) ? idText(json[idField]) : undefined
  if (id === undefined) return undefined
  return { type: model.template.includes('{') ? '/' + asked.segments.join('/') : model.template, id }
}

const hasId = (json: Json | undefined, idField: string, id: string): json is Fields =>
  isFields(json) && Object.hasOwn(json, idField) && idText(json[idField]) === id

const learnWritten = (lesson: Lesson, model: EndpointModel, consent: Consent): void => {
  const { o, asked, memory, emit } = lesson
  const named = writtenObject(lesson, model)
  if (named === undefined) return
  const key = objectKey(asked.service, named.type, named.id)
  const record = memory.object(key) ?? emptyObject(asked.service, named.type, named.id)
  if (o.exchange.method === 'DELETE') record.gone = o.at
  else {
    record.written = o.at
    record.gone = 0
    const json = o.responseJson as Json | undefined
    const idField = memory.idField(asked.service, typeOf(model.template) ?? model.template)
    if (!consent.refused && hasId(json, idField, named.id)) addView(record, asked, { fields: json, whole: true })
  }
  memory.keepObject(record, emit)
}

export const learnWriting = (lesson: Lesson, model: EndpointModel, features: StatusFeatures): void => {
  const { o, asked } = lesson
  const consent = consentOf(o, asked)
  learnStatus(lesson, model, features)
  learnCredential(lesson, false)
  const body = consent.refused ? undefined : bodyModel(model, o.exchange.status)
  if (body !== undefined && body.seen < ENOUGH) learnBody(body, o, asked, consent.isPublic)
  if (!isGood(o.exchange.status)) return
  touch(lesson, asked.path)
  touch(lesson, parentPath(asked.path))
  learnWritten(lesson, model, consent)
}

/** Learns an exchange of a known endpoint. */
export const learnExchange = (lesson: Lesson, model: EndpointModel, features: StatusFeatures): void => {
  if (isRead(model.method)) learnReading(lesson, model, features)
  else learnWriting(lesson, model, features)
}
