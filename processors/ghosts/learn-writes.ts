/** Learns writes: what they answer, what they change, and what ghosts told their senders. */
import type { Emit } from '../kit/processor.ts'
import type { Command, Event } from '../../schemas/events.ts'
import { readTold, writeKey } from '../../schemas/semantics/ghosts/accepted.ts'
import type { AcceptedWrite, WriteState } from '../../schemas/semantics/ghosts/accepted.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import { loginKey, touchKey } from '../../schemas/semantics/ghosts/exact.ts'
import { changesOf, namedFields } from '../../schemas/semantics/ghosts/fold.ts'
import { isForState, learnGuards } from '../../schemas/semantics/ghosts/guards.ts'
import { exactHeaders } from '../../schemas/semantics/ghosts/headers.ts'
import { issuedBy } from '../../schemas/semantics/ghosts/issued.ts'
import { parseJson } from '../../schemas/semantics/ghosts/json.ts'
import type { EndpointModel, Json, Knowledge } from '../../schemas/semantics/ghosts/model.ts'
import { findNamed, objectKey } from '../../schemas/semantics/ghosts/objects.ts'
import type { Named } from '../../schemas/semantics/ghosts/objects.ts'
import { changeKey } from '../../schemas/semantics/ghosts/overlay.ts'
import type { Change } from '../../schemas/semantics/ghosts/overlay.ts'
import { at, idOf, isFields, objectIn } from '../../schemas/semantics/ghosts/pointers.ts'
import type { StatusFeatures } from '../../schemas/semantics/ghosts/status.ts'
import { fromUtf8 } from '../../schemas/semantics/ghosts/text.ts'
import { visibleView } from '../../schemas/semantics/ghosts/views.ts'
import { learnWanted } from '../../schemas/semantics/ghosts/wanted.ts'
import { bodiesOf, rowsIn } from '../../schemas/semantics/ghosts/several.ts'
import { itemTarget, targetOf } from '../../schemas/semantics/ghosts/target.ts'
import type { Target } from '../../schemas/semantics/ghosts/target.ts'
import { isSearch } from '../../schemas/semantics/ghosts/types.ts'
import { learnWriteForm } from '../../schemas/semantics/ghosts/write-forms.ts'
import type { Shape } from '../../schemas/semantics/ghosts/write-forms.ts'
import { keptAndLost, standIn } from '../../schemas/semantics/ghosts/writes.ts'
import { noteBelow } from './learn-counters.ts'
import { learnCredential, learnIssued } from './learn-credentials.ts'
import { bodyModel, consentOf, ENOUGH, learnBody } from './learn-endpoint.ts'
import type { Consent } from './learn-endpoint.ts'
import { MAX_BODY } from './learn-exact.ts'
import { addView, emptyObject } from './learn-objects.ts'
import { learnStatus } from './learn-service.ts'
import { isGood } from './lesson.ts'
import type { Lesson } from './lesson.ts'
import type { Memory } from './memory.ts'

/** A path without a trailing slash, and the path above it. */
const parentPath = (path: string): string => {
  const end = path.endsWith('/') ? path.length - 1 : path.length
  const cut = path.lastIndexOf('/', end - 1)
  return cut <= 0 ? '/' : path.slice(0, cut)
}

const touch = ({ o, asked, memory, emit }: Lesson, path: string): void =>
  memory.keepTouch({ key: touchKey(asked.service, path), service: asked.service, at: o.at, tick: 0 }, emit)

/** What a real write changed: the same fold as for ghosts' own, over what the backend said. */
const learnWritten = (lesson: Lesson, changes: readonly Change[], consent: Consent): void => {
  const { o, asked, memory, emit } = lesson
  for (const change of changes) {
    const known = memory.object(objectKey(asked.service, change.type, change.id))
    const record = known ?? emptyObject(asked.service, change.type, change.id, asked.at)
    if (change.json === '') record.gone = o.at
    else {
      record.written = o.at
      record.gone = 0
      const fields = parseJson(change.json)
      if (!consent.refused && isFields(fields)) addView(record, asked, { fields, whole: change.whole })
    }
    memory.keepObject(record, emit)
  }
}

/** The answer to a log-in that was let in, by its body. */
const learnLogin = (lesson: Lesson, model: EndpointModel): void => {
  const { o, asked, memory, emit } = lesson
  const { bytes, coding } = o.exchange.responseBody
  const body = coding === '' ? fromUtf8(bytes) : undefined
  if (body === undefined || bytes.length > MAX_BODY) return
  const variant = { headersKey: '', varyKey: '', status: o.exchange.status, body, binary: false, coding: '', at: o.at }
  const headers = exactHeaders(o.exchange.responseHeaders)
  const key = loginKey(asked)
  const set = {
    key,
    service: asked.service,
    endpoint: model.id,
    variants: [{ ...variant, headers }],
    at: o.at,
    tick: 0,
  }
  memory.keepAnswers(set, emit)
}

/** The request with the id of what it made, where the answer shows it. */
const withMade = (asked: Asked, json: Json | undefined, root: string | undefined, { kind, type }: Target): Asked => {
  if (kind !== 'create' || type === undefined || root === undefined) return asked
  const id = idOf(at(json, root), type.idField)
  return id === undefined ? asked : { ...asked, made: id }
}

/** What is told of one thing where an answer lists those that were written: the request for it, its state before, the answer. */
interface Shown {
  readonly asked: Asked
  readonly target: Target
  readonly json: Json | undefined
}

/** The first thing of those; the whole for any other answer, and undefined where it lists none. */
const firstShown = (asked: Asked, target: Target, json: Json | undefined, knowledge: Knowledge): Shown | undefined => {
  const { type, kind, rows } = target
  const list = type === undefined || (kind !== 'create' && rows === undefined) ? undefined : rowsIn(json, type.idField)
  const [row] = list ?? []
  if (type === undefined || list === undefined) return { asked, target, json }
  if (row === undefined) return undefined
  if (kind === 'create') return { asked: { ...asked, json: bodiesOf(asked.json)[0] }, target, json: row }
  const named = rows?.find(({ id }) => id === idOf(row, type.idField))
  return { asked, target: named === undefined ? target : itemTarget(named, asked, knowledge), json: row }
}

/** In which form it was answered; undefined where it says nothing of that. */
const shapeOf = ({ o, asked }: Lesson, { type, kind, rows }: Target): Shape | undefined => {
  if (o.exchange.responseBody.length === 0) return 'none'
  const list = type === undefined ? undefined : rowsIn(o.responseJson as Json | undefined, type.idField)
  if (list === undefined) return isFields(o.responseJson as Json | undefined) ? 'one' : undefined
  if (kind === 'create') return list.length === bodiesOf(asked.json).length ? 'rows' : undefined
  return rows === undefined ? undefined : 'rows'
}

const learnForm = (lesson: Lesson, model: EndpointModel, target: Target): void => {
  const shape = shapeOf(lesson, target)
  if (shape !== undefined) learnWriteForm((model.forms ??= []), lesson.asked, lesson.o.exchange.status, shape)
}

const learnWriteBody = (lesson: Lesson, model: EndpointModel, consent: Consent, shown: Shown): void => {
  const { json, target } = shown
  const o = json === lesson.o.responseJson ? lesson.o : { ...lesson.o, responseJson: json }
  const { status } = o.exchange
  const isError = status >= 400
  const root = target.type === undefined ? undefined : objectIn(json, target.type)
  const asked = withMade(shown.asked, json, root, target)
  const options = {
    isPublic: consent.isPublic,
    isError,
    root: root ?? '',
    before: root === undefined ? undefined : target.before,
  }
  const general = bodyModel(model, status)
  if (general !== undefined && general.seen < ENOUGH) learnBody(general, o, asked, options)
  if (!isError || (asked.shortfall === 'ok' && !isForState(status))) return
  const special = bodyModel(model, `${status}|${asked.shortfall}`)
  if (special !== undefined && special.seen < ENOUGH) learnBody(special, o, asked, options)
}

/** The largest number that was given to something new here. */
const learnLargest = (
  { asked, memory }: Lesson,
  model: EndpointModel,
  target: Target,
  changes: readonly Change[],
): void => {
  if (target.kind !== 'create') return
  const objects = memory.objects(asked.service, target.path)
  for (const { id } of changes) if (objects.isNumber(id)) model.largest = Math.max(model.largest, Number(id))
}

/** How the write fared by the state that its object was in, where that is known as it is now. */
const learnState = ({ o, asked, memory }: Lesson, model: EndpointModel, target: Target): void => {
  const object = findNamed(target.named, asked.service, memory)
  if (object === undefined || target.before === undefined || asked.shortfall !== 'ok') return
  if (visibleView(object, asked.asker)?.stale === false)
    learnGuards((model.guards ??= []), target.before, o.exchange.status)
}

const learnKept = (model: EndpointModel, target: Target, asked: Asked, json: Json | undefined): void => {
  const root = target.type === undefined ? undefined : objectIn(json, target.type)
  if (target.kind !== 'item' || target.before === undefined || root === undefined) return
  const [kept, lost] = keptAndLost(target.before, namedFields(asked.json, root), at(json, root))
  model.kept += kept
  model.lost += lost
}

export const learnWriting = (lesson: Lesson, model: EndpointModel, features: StatusFeatures): void => {
  const { o, memory } = lesson
  const asked = { ...lesson.asked, shortfall: features.body }
  const told = { ...lesson, asked }
  const consent = consentOf(o, asked)
  const target = targetOf(model, asked, memory)
  const json = o.responseJson as Json | undefined
  const { status } = o.exchange
  // What a write did to the object above it is learned from what the backend shows, never assumed.
  const all = changesOf({ asked, model, knowledge: memory, status, json, write: o.event.id })
  const changes = all.filter(({ aside }) => aside !== true)
  learnStatus(told, model, features)
  learnCredential(told, false)
  const shown = firstShown(asked, target, json, memory)
  if (!consent.refused && shown !== undefined) learnWriteBody(told, model, consent, shown)
  learnState(told, model, target)
  if (!isGood(status)) return
  learnForm(told, model, target)
  if (isSearch(model, memory)) return
  for (const body of bodiesOf(asked.json)) model.wants = learnWanted(model.wants, body)
  if (learnIssued(told)) {
    model.issues = true
    if (!consent.refused) learnLogin(told, model)
  }
  learnKept(model, shown?.target ?? target, asked, shown?.json)
  learnLargest(lesson, model, target, changes)
  touch(told, asked.path)
  touch(told, parentPath(asked.path))
  if (target.named !== undefined) touch(told, `${target.path}/${target.named.id}`)
  learnWritten(told, changes, consent)
  noteBelow(told, model, changes)
}

/** What a write that a ghost answered changed, for its asker. */
export const foldGhost = (lesson: Lesson): void => {
  const { o, memory, emit } = lesson
  const json = o.responseJson as Json | undefined
  for (const credential of issuedBy(lesson.asked, json)) memory.keepCredential(credential, emit)
  const knowledge = memory.over(lesson.asked)
  const { asked } = lesson
  const model =
    knowledge.sibling(asked.service, asked.method, asked.target, asked.graph?.operation) ??
    standIn(asked, knowledge)?.model
  if (model === undefined) return
  const changes = changesOf({ asked, model, knowledge, status: o.exchange.status, json, write: o.event.id })
  for (const change of changes) memory.keepChange(change, emit)
  keepWrite(
    lesson,
    model.id,
    changes.map(({ key }) => key),
  )
}

/** Of the answer that the sender got. */
const SHOWN = 4096

const keepWrite = ({ o, asked, memory, emit }: Lesson, endpoint: string, changes: readonly string[]): void => {
  const { exchange, event } = o
  const { bytes, mediaType } = exchange.requestBody
  const answer = (fromUtf8(exchange.responseBody.bytes) ?? '').slice(0, SHOWN)
  const write = { key: writeKey(asked.service, event.id), service: asked.service, id: event.id, endpoint }
  const request = { method: exchange.method, target: exchange.target, asker: asked.asker, mediaType }
  const body = fromUtf8(bytes) ?? ''
  memory.keepWrite(
    { ...write, ...request, body, status: exchange.status, answer, changes, state: 'accepted', at: o.at, tick: 0 },
    emit,
  )
}

/** A write that waits for its backend: it changes nothing until it is there. One that was only repeated is there already. */
export const keepQueued = (lesson: Lesson): void => {
  const { o, asked, memory } = lesson
  const receipt = o.responseJson as Json | undefined
  if (isFields(receipt) && receipt['id'] !== o.event.id) return
  keepWrite(lesson, memory.sibling(asked.service, asked.method, asked.target, asked.graph?.operation)?.id ?? '', [])
}

const settle = (memory: Memory, emit: Emit, write: AcceptedWrite, state: WriteState): void => {
  for (const key of write.changes) if (memory.change(key)?.write === write.id) memory.dropChange(key, emit)
  memory.keepWrite({ ...write, state }, emit)
}

/** The backend showed an object to one who had changed it at a ghost: the truth counts, and the write is marked. */
export const contradict = ({ asked, memory, emit }: Lesson, { type, id }: Pick<Named, 'type' | 'id'>): void => {
  const change = memory.change(changeKey(asked.service, asked.asker, type, id))
  if (change === undefined || change.at >= asked.at) return
  const write = memory.write(writeKey(asked.service, change.write))
  if (write === undefined || change.aside === true) memory.dropChange(change.key, emit)
  else settle(memory, emit, write, 'contradicted')
}

/** A person's word: the write is given up, and what it changed for its sender with it. */
export const dropWrite = (memory: Memory, service: string, id: string, emit: Emit): void => {
  const write = memory.write(writeKey(service, id))
  if (write !== undefined && write.state !== 'dropped') settle(memory, emit, write, 'dropped')
}

/** What became of a write, as the ingress that holds it says. What it changed for its sender goes once the backend has it. */
export const learnFate = (memory: Memory, event: Pick<Event, 'service'>, command: Command, emit: Emit): void => {
  const write = memory.write(writeKey(event.service, command.subject))
  const told = readTold(command.value)
  if (write === undefined || told === undefined) return
  const known = { ...write, told }
  if (told.state === 'done' || told.state === 'dropped') settle(memory, emit, known, told.state)
  else memory.keepWrite({ ...known, state: told.state }, emit)
}
