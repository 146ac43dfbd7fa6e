/** What one exchange that teaches changes; reading here, writing in learn-writes.ts. */
import { isReading } from '../../schemas/semantics/ghosts/compose.ts'
import { answerKey } from '../../schemas/semantics/ghosts/exact.ts'
import { isQuery } from '../../schemas/semantics/ghosts/graph.ts'
import { countSingle } from '../../schemas/semantics/ghosts/forms.ts'
import { parametersIn } from '../../schemas/semantics/ghosts/nested.ts'
import { collectionOf } from '../../schemas/semantics/ghosts/lists.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import { isEmbedding } from '../../schemas/semantics/ghosts/roles.ts'
import type { BodyModel, EndpointModel, Json, ListModel, ObjectRecord } from '../../schemas/semantics/ghosts/model.ts'
import { objectAsked, objectKey, typeOf } from '../../schemas/semantics/ghosts/objects.ts'
import type { Named } from '../../schemas/semantics/ghosts/objects.ts'
import { at, idOf, isFields, pointersOf } from '../../schemas/semantics/ghosts/pointers.ts'
import type { StatusFeatures } from '../../schemas/semantics/ghosts/status.ts'
import { learnBelow } from './learn-counters.ts'
import { learnCredential, learnIssued } from './learn-credentials.ts'
import { bodyModel, consentOf, ENOUGH, learnBody, learnVary } from './learn-endpoint.ts'
import type { Consent } from './learn-endpoint.ts'
import { isRepeatable, learnExact } from './learn-exact.ts'
import { findAddress, findIdField } from './learn-ids.ts'
import { learnGraphWriting, learnQuery } from './learn-graph.ts'
import { learnBeyond } from './learn-beyond.ts'
import { hasForm, learnList, listIn } from './learn-list.ts'
import { addView, emptyObject } from './learn-objects.ts'
import type { Seen } from './learn-objects.ts'
import { learnStatus } from './learn-service.ts'
import { learnVanished } from './learn-vanished.ts'
import type { LessonOptions } from './learn-tree.ts'
import { contradict, learnWriting } from './learn-writes.ts'
import { isGone, isGood } from './lesson.ts'
import type { Lesson } from './lesson.ts'

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

const viewObject = (lesson: Lesson, { type, id }: Pick<Named, 'type' | 'id'>, seen: Seen): void => {
  const { asked, memory, emit } = lesson
  const record = memory.object(objectKey(asked.service, type, id)) ?? emptyObject(asked.service, type, id, asked.at)
  const { below } = record
  learnBelow(lesson, record, seen.fields)
  if (addView(record, asked, seen) || below !== record.below) memory.keepObject(record, emit)
}

/** A number among those given out under which nobody finds anything: something was there. */
const vanished = ({ asked }: Lesson, { type, id }: Named, features: StatusFeatures): ObjectRecord | undefined =>
  features.id === 'in' && asked.asker === '' ? emptyObject(asked.service, type, id, asked.at) : undefined

const learnOne = (lesson: Lesson, model: EndpointModel, named: Named, features: StatusFeatures): void => {
  const { o, asked, memory, emit } = lesson
  const { status } = o.exchange
  if (isGood(status)) {
    const fields = at(o.responseJson as Json | undefined, model.root)
    if (model.idField !== '' && isFields(fields))
      viewObject(lesson, named, { fields, whole: true, part: asked.query.length > 0 })
    return
  }
  const record = memory.object(objectKey(asked.service, named.type, named.id)) ?? vanished(lesson, named, features)
  if (!isGone(status) || record === undefined || record.gone >= o.at) return
  // Another's 404 may only mean that they may not see it.
  if (record.views.length > 0 && !record.views.some((view) => view.asker === asked.asker)) return
  record.gone = o.at
  memory.keepObject(record, emit)
}

/** Whether items are shown with fewer fields, or with more, than they have by themselves. */
const isReshaped = (list: ListModel, asked: Asked): boolean =>
  parametersIn(asked.query).some(([name]) => {
    const parameter = list.parameters.find((p) => p.name === name)
    return parameter !== undefined && (isEmbedding(name) || parameter.roles.some(([role]) => role === 'pick'))
  })

/** One item of a bare list, where the request wanted no more; true when it was. */
const learnSingle = (lesson: Lesson, list: ListModel | null, json: Json | undefined): boolean => {
  if (list === null || list.at !== '' || list.type === '' || list.idField === '') return false
  const id = idOf(json, list.idField)
  countSingle(list, lesson.asked, id !== undefined)
  if (id === undefined || !isFields(json)) return false
  const type = collectionOf(list, lesson.asked)
  viewObject(lesson, { type, id }, { fields: json, whole: false, part: isReshaped(list, lesson.asked) })
  return true
}

const learnMany = (lesson: Lesson, model: EndpointModel): void => {
  const { o, asked, memory } = lesson
  const json = o.responseJson as Json | undefined
  if (learnSingle(lesson, model.list, json)) return
  const seen = listIn(json)
  if (seen === undefined) return
  learnList(model, seen, json, { asked, knowledge: memory })
  const { list } = model
  if (list === null || !hasForm(list, seen) || list.type === '' || list.idField === '') return
  const type = collectionOf(list, asked)
  const part = isReshaped(list, asked)
  for (const item of seen.items) {
    const id = idOf(item, list.idField)
    if (id !== undefined) viewObject(lesson, { type, id }, { fields: item, whole: false, part })
  }
  if (asked.asker === '') learnVanished(lesson, model, list, seen)
}

const learnLooks = (
  lesson: Lesson,
  model: EndpointModel,
  body: BodyModel | undefined,
  options: LessonOptions,
): void => {
  const { o, asked } = lesson
  if (body === undefined) return
  learnBody(body, o, asked, options)
  if (model.idField !== '' || !isGood(o.exchange.status)) return
  const listed = lesson.memory.type(asked.service, typeOf(model.template) ?? '')?.idField
  const found = findIdField(model, asked.segments.length) ?? findAddress(model, asked.segments.length, listed)
  if (found === undefined) return
  model.idField = found.idField
  model.root = found.root
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
  if (asked.graph !== undefined && isQuery(model)) return learnQuery(lesson, model, asked.graph, consent)
  const body = bodyModel(model, o.exchange.status)
  const isError = o.exchange.status >= 400
  if (body !== undefined && isTaught(body.seen, repeated))
    learnLooks(lesson, model, body, { isPublic: consent.isPublic, isError })
  learnIssued(lesson)
  memory.noteEndpoint(model)
  learnShown(lesson, model, features, repeated)
}

/** What was answered before is answered again: a write below the object moved nothing. */
const learnSame = (lesson: Lesson, model: EndpointModel, named: Named): void => {
  const record = lesson.memory.object(objectKey(lesson.asked.service, named.type, named.id))
  const fields = at(lesson.o.responseJson as Json | undefined, model.root)
  if (record?.below === undefined || !isFields(fields)) return
  learnBelow(lesson, record, fields)
  lesson.memory.keepObject(record, lesson.emit)
}

/** The objects that an answer shows, or does not show any more. */
const learnShown = (lesson: Lesson, model: EndpointModel, features: StatusFeatures, repeated: boolean): void => {
  const { o, asked } = lesson
  const named = objectAsked(model, asked)
  if (named !== undefined && (isGood(o.exchange.status) || isGone(o.exchange.status))) contradict(lesson, named)
  if (named === undefined) learnBeyond(lesson, model)
  if (repeated) return void (named === undefined || learnSame(lesson, model, named))
  if (named !== undefined) learnOne(lesson, model, named, features)
  else if (isGood(o.exchange.status)) learnMany(lesson, model)
}

/** Every body while there are few, then only those that are new. */
const isTaught = (seen: number, repeated: boolean): boolean => seen < ENOUGH || !repeated

/** A POST to a known collection, or to a thing of one: it makes or changes something, whatever lists the answer has. */
const isMaking = ({ asked, memory }: Lesson, model: EndpointModel): boolean =>
  asked.method === 'POST' &&
  memory.type(asked.service, objectAsked(model, asked)?.template ?? model.template) !== undefined

/** A POST that only asks: it is answered by a list, makes nothing and sends no things. */
const isSearch = (lesson: Lesson, model: EndpointModel): boolean => {
  const { o, asked } = lesson
  if (asked.method !== 'POST' || o.exchange.status !== 200 || !isFields(asked.json)) return false
  if (asked.graph !== undefined || isMaking(lesson, model)) return false
  return !pointersOf(asked.json, 2).some(([, value]) => Array.isArray(value) && value.some(isFields))
}

const learnSearch = (lesson: Lesson, model: EndpointModel): void => {
  if (!isSearch(lesson, model)) return
  learnMany(lesson, model)
  if (model.list !== null) model.wants = null
}

/** Learns an exchange of a known endpoint. */
export const learnExchange = (lesson: Lesson, model: EndpointModel, features: StatusFeatures): void => {
  if (isReading(model)) return learnReading(lesson, model, features)
  if (lesson.asked.graph !== undefined && model.template.includes('#'))
    return learnGraphWriting(lesson, model, features)
  if (model.list !== null && isMaking(lesson, model)) model.list = null
  learnWriting(lesson, model, features)
  learnSearch(lesson, model)
}
