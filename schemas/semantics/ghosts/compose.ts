/**
 * Decides what to say: the exact answer, the object from the store, the last list brought up to date, the list made from
 * the store, the endpoint's template, or nothing. Each rule is scored apart on live traffic, and its score on this endpoint
 * is the answer's confidence.
 */
import type { GhostAnswer } from '../ghost-port.ts'
import type { Asked } from './asked.ts'
import { readFeatures, writeFeatures } from './features.ts'
import { findExact, isSuperseded, isUntouched, loginKey } from './exact.ts'
import { guessAtDoor } from './doors.ts'
import { isQuery } from './graph.ts'
import { guessByState, isForState } from './guards.ts'
import type { Graph } from './graph.ts'
import { fromGraph, fromMutation } from './graph-answer.ts'
import { fitHeaders } from './headers.ts'
import { reissued } from './issued.ts'
import type { BodyModel, EndpointModel, Knowledge, ObjectRecord, Variant } from './model.ts'
import { findNamed, findObject, ONLY } from './objects.ts'
import { visibleView } from './views.ts'
import {
  answered,
  answeredFrom,
  bodyOf,
  fromTemplate,
  goodStatus,
  isPretty,
  learnedHeaders,
  refusal,
  unfounded,
} from './place.ts'
import type { Draft, Place, Rule, Ruled } from './place.ts'
import { fromList, fromPatched } from './listed.ts'
import { describeObject, moment } from './notes.ts'
import { printed, renderBody, renderText } from './render.ts'
import { credentialState, guessStatus, identified, showsGone } from './status.ts'
import type { Guess } from './status.ts'
import { fromLatin1, toBody, toUtf8 } from './text.ts'
import { isSearch } from './types.ts'
import { targetOf } from './target.ts'
import type { Target } from './target.ts'
import { fittingFields, nodeAt } from './trees.ts'
import { standIn } from './writes.ts'
import { fromWrite } from './written.ts'

const draftOf = ({ notes }: Asked, variant: Variant, rule: 'exact' | 'stale'): Draft => {
  notes?.note('', 'exact', `this asker got it at ${moment(variant.at)}`)
  return {
    rule,
    status: variant.status,
    headers:
      variant.coding === ''
        ? variant.headers
        : [...variant.headers, { name: 'content-encoding', value: variant.coding }],
    body: variant.binary ? fromLatin1(variant.body) : toBody(variant.body),
    learnedAt: variant.at,
  }
}

const stale = (place: Place, variant: Variant): Ruled => answered(place, draftOf(place.asked, variant, 'stale'))

const fromObject = (place: Place): Ruled | undefined => {
  const { model, object, asked } = place
  const status = goodStatus(model)
  if (object === undefined || status === undefined || place.features.credential === 'bad') return undefined
  const view = visibleView(object, asked.asker)
  const body = bodyOf(model, status)
  if (view === undefined || body === undefined || body.tree === null) return undefined
  asked.notes?.note(model.root, 'resource', describeObject(object, asked.asker))
  const own = view.whole ? view.value : fittingFields(view.value, nodeAt(body.tree, model.root))
  const { text } = renderBody(body.tree, asked, { root: model.root, own, whole: view.whole })
  return answered(place, {
    rule: view.stale ? 'stale' : 'object',
    status,
    headers: learnedHeaders(body),
    body: toBody(printed(text, isPretty(body))),
    learnedAt: view.at,
  })
}

const NOT_FOUND: Guess = { status: 404, share: 1, weight: 2 }

const guessAt = (place: Place): Guess | undefined => {
  const { model, asked, features, knowledge } = place
  const who = { features, isShown: isRead(asked.method) && model.idField !== '' }
  const guess = guessAtDoor(model.doors ?? [], asked.asker, who, guessStatus(model, features, knowledge))
  return features.id === 'gone' && !showsGone(model) && (guess === undefined || guess.status < 400) ? NOT_FOUND : guess
}

const fromStatus = (place: Place): Ruled => {
  const guess = guessAt(place)
  if (guess === undefined) return unfounded(place)
  const { status } = guess
  return fromTemplate({ ...place, guess }, status < 400 ? templateRule(place) : 'status', status) ?? unfounded(place)
}

/** An object of a known collection of which nothing is known is the least certain thing to speak of. */
const templateRule = ({ model, features }: Place): Rule =>
  model.idField !== '' && features.id !== 'known' ? 'unseen' : 'template'

/** The object that a read shows: the one its path names, or the only one at its path. */
const objectRead = (model: EndpointModel, asked: Asked, knowledge: Knowledge): ObjectRecord | undefined =>
  findObject(model, asked, knowledge) ??
  findNamed({ type: asked.path, id: ONLY, template: model.template }, asked.service, knowledge)

/** Where a read stands. */
const placeOf = (model: EndpointModel, asked: Asked, knowledge: Knowledge): Place => ({
  model,
  asked,
  knowledge,
  object: objectRead(model, asked, knowledge),
  features: readFeatures(model, asked, knowledge),
})

const isCurrent = (variant: Variant, model: EndpointModel, asked: Asked, knowledge: Knowledge): boolean =>
  isUntouched(variant, asked, knowledge) ||
  !isSuperseded(variant, asked, knowledge, objectRead(model, asked, knowledge))

/** What a ghost of a known endpoint says to a request that reads. */
export const answerRead = (model: EndpointModel, request: Asked, knowledge: Knowledge): Ruled => {
  const asked = identified(request, knowledge)
  const variant = allowed(findExact(model, asked, knowledge), asked, knowledge)
  const place = (): Place => placeOf(model, asked, knowledge)
  return variant !== undefined && isCurrent(variant, model, asked, knowledge)
    ? answeredFrom({ model, knowledge }, draftOf(asked, variant, 'exact'), place)
    : answerFresh(place(), variant)
}

/** The request got no answer before, or what it got is not current. */
const answerFresh = (place: Place, variant: Variant | undefined): Ruled => {
  const { model, features } = place
  const { graph } = place.asked
  if (graph !== undefined && isQuery(model)) return answerQuery(place, graph, variant)
  const fresh =
    fromObject(place) ??
    fromPatched(place, variant, true) ??
    fromList(place, variant !== undefined) ??
    fromPatched(place, variant, false)
  if (fresh !== undefined) return fresh
  return variant === undefined || features.id === 'gone' ? fromStatus(place) : stale(place, variant)
}

/** A query of GraphQL: what follows from objects that were seen, or what it got before something was written. */
const answerQuery = (place: Place, graph: Graph, variant: Variant | undefined): Ruled => {
  const made = place.features.credential === 'bad' ? undefined : fromGraph(place, graph)
  if (made !== undefined && (made.rule !== 'stale' || variant === undefined)) return made
  if (variant !== undefined) return stale(place, variant)
  return refusal(place.model.id, 'nothing-learned', 'something that this query selects was never seen')
}

/** A credential that was revoked, or has run out, gets nothing more of what it once got. */
const allowed = (variant: Variant | undefined, asked: Asked, knowledge: Knowledge): Variant | undefined =>
  variant !== undefined && variant.status < 400 && credentialState(asked, knowledge) === 'bad' ? undefined : variant

const DELETED = 204
const CREATED = 201

/** The commonest 4xx of an endpoint. */
const usualRefusal = (model: EndpointModel): number | undefined => {
  const refusals = Object.entries(model.bodies).filter(([status]) => Number(status) >= 400 && Number(status) < 500)
  const [best] = refusals.sort((a, b) => b[1].seen - a[1].seen)
  return best === undefined ? undefined : Number(best[0])
}

/** A log-in is let in only with what was let in before, and gets a new credential: never the old one again. */
const answerLogin = (place: Place): Ruled => {
  const { model, asked, knowledge } = place
  const variant = knowledge.answers(loginKey(asked))?.variants[0]
  if (variant === undefined) {
    const status = usualRefusal(model)
    const refused = status === undefined ? undefined : fromTemplate(place, 'status', status)
    return refused ?? refusal(model.id, 'unknown-credential', 'this log-in was never seen to be let in')
  }
  asked.notes?.note('', 'exact', `this log-in got it at ${moment(variant.at)}; credentials in it are new`)
  return answered(place, {
    rule: 'write',
    status: variant.status,
    headers: variant.headers,
    body: toUtf8(reissued(variant.body, asked)),
    learnedAt: variant.at,
  })
}

/** What servers say to a DELETE, where this one was never seen to say anything. */
const usualRemoval = ({ asked, features }: Place): Guess | undefined =>
  asked.method === 'DELETE' && features.credential !== 'bad' ? { status: DELETED, share: 1, weight: 0 } : undefined

/** What a ghost says to a write, where writes may be answered. `known` is undefined where this method was never seen here. */
export const answerWrite = (known: EndpointModel | undefined, request: Asked, knowledge: Knowledge): Ruled => {
  const model = known ?? standIn(request, knowledge)?.model
  if (model === undefined) return answerUnknown(request, knowledge)
  const who = identified(request, knowledge)
  const features = writeFeatures(model, who, knowledge)
  const asked = { ...who, shortfall: features.body }
  const place: Place = { model, asked, knowledge, object: undefined, features }
  if (model.issues && goodStatus(model) !== CREATED) return answerLogin(place)
  if (asked.graph !== undefined && model.template.includes('#')) return fromMutation(place, asked.graph)
  const target = targetOf(model, asked, knowledge)
  return fromGuess(place, target, guessWrite(place, target), known === undefined)
}

/** How a write fares: by what such requests got; where that is well, also by the state of what it is about. */
const guessWrite = (place: Place, { before }: Target): Guess | undefined => {
  const guess = guessAt(place) ?? usualRemoval(place)
  const { model, features } = place
  const good = goodStatus(model)
  if (before === undefined || good === undefined || features.body !== 'ok' || features.credential === 'bad')
    return guess
  if (guess === undefined || (guess.status >= 300 && !isForState(guess.status))) return guess
  return guessByState(model.guards ?? [], before, good) ?? guess
}

/** A refusal, what a search finds, or what becomes of a write. */
const fromGuess = (place: Place, target: Target, guess: Guess | undefined, isBorrowed: boolean): Ruled => {
  if (guess === undefined) return unfounded(place)
  const { status } = guess
  if (status >= 300) return fromTemplate({ ...place, guess }, 'status', status) ?? unfounded(place)
  if (isSearch(place.model, place.knowledge)) return fromList(place, false) ?? unfounded(place)
  return fromWrite(place, status, target, isBorrowed)
}

/** Of those who are let in nobody asks for a credential. */
const DENIED = 401
const UNKNOWN_SHARE = 0.6
const UNKNOWN_WEIGHT = 2
/** That a path nobody knows is refused is believed before it was seen. */
const REFUSED = 0.95
const REFUSED_WEIGHT = 2

const NOTHING: BodyModel = { seen: 0, empty: 0, json: 0, pretty: 0, tree: null, text: null, headers: [] }

/** A path that no endpoint is known for: what such paths got, when that was nearly always a 4xx. */
export const answerUnknown = (asked: Asked, knowledge: Knowledge): Ruled => {
  const refused = refusal(
    '',
    'unknown-endpoint',
    `no endpoint is known for ${asked.method} ${asked.path.slice(0, 200)}`,
  )
  const facts = knowledge.facts(asked.service)
  if (facts === undefined) return refused
  const isLetIn = credentialState(identified(asked, knowledge), knowledge) === 'good'
  const counts = Object.entries(facts.unknownStatuses).filter(([status]) => !isLetIn || Number(status) !== DENIED)
  const weight = counts.reduce((sum, [, count]) => sum + count, 0)
  const [status, most] = counts.reduce((a, b) => (b[1] > a[1] ? b : a), ['0', 0])
  const all = Object.values(facts.unknownStatuses).reduce((sum, count) => sum + count, 0)
  const isSettled = all >= UNKNOWN_WEIGHT && most >= UNKNOWN_SHARE * weight
  if (!isSettled || Number(status) < 400 || Number(status) >= 500) return refused
  const body = facts.unknown ?? NOTHING
  const made =
    body.tree === null ? renderUnknownText(body, asked) : printed(renderBody(body.tree, asked).text, isPretty(body))
  const answer: GhostAnswer = {
    kind: 'answer',
    ghost: 'template',
    endpoint: '',
    status: Number(status),
    headers: fitHeaders(learnedHeaders(body), false),
    body: toUtf8(made),
    confidence: (most + REFUSED_WEIGHT * REFUSED) / (weight + REFUSED_WEIGHT),
    learnedAt: facts.at,
  }
  return { rule: 'status', verdict: answer }
}

const renderUnknownText = (body: BodyModel, asked: Asked): string =>
  body.text === null ? '' : (renderText(body.text, asked) ?? '')

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Methods that change nothing (RFC 9110 §9.2.1) and that ghosts may answer. */
export const isRead = (method: string): boolean => READS.has(method)

/** Whether requests for an endpoint change nothing: by method, or as queries of GraphQL. */
export const isReading = (model: Pick<EndpointModel, 'method' | 'template'>): boolean =>
  isRead(model.method) || isQuery(model)
