/**
 * Decides what to say: the exact answer, the object from the store, the list made from the store, the endpoint's template,
 * or nothing. Each rule is scored apart on live traffic, and its score on this endpoint is the answer's confidence.
 */
import type { GhostAnswer, GhostRefusal, GhostVerdict } from '../ghost-port.ts'
import type { Header } from '../../events.ts'
import type { Asked } from './asked.ts'
import { findExact, isSuperseded, readMethod } from './exact.ts'
import { fitHeaders } from './headers.ts'
import { renderList } from './lists.ts'
import type { BodyModel, EndpointModel, Json, Knowledge, ObjectRecord, Variant } from './model.ts'
import { findObject, visibleView } from './objects.ts'
import { printed, renderBody, renderText } from './render.ts'
import { credentialState, guessStatus, idFeature } from './status.ts'
import type { CredentialState, StatusFeatures } from './status.ts'
import { fromLatin1, toUtf8 } from './text.ts'

export type Rule = 'exact' | 'stale' | 'object' | 'list' | 'template' | 'status' | 'write'

/** What a rule is believed before it was measured, worth PRIOR_WEIGHT measurements. */
const PRIOR: Readonly<Record<Rule, number>> = {
  exact: 0.95,
  stale: 0.5,
  object: 0.8,
  list: 0.5,
  template: 0.5,
  status: 0.6,
  write: 0.5,
}
const PRIOR_WEIGHT = 2
/** A list that was measured and found wanting gives way to the older exact answer or the template. */
const LIST_FLOOR = 0.4

/** A verdict and the rule that made it: the processor scores the rule. */
export interface Ruled {
  readonly rule: Rule | 'none'
  readonly verdict: GhostVerdict
}

interface Place {
  readonly model: EndpointModel
  readonly asked: Asked
  readonly knowledge: Knowledge
  readonly object: ObjectRecord | undefined
  readonly features: StatusFeatures
}

/** Measured probability that a rule is right on this endpoint. */
export const confidenceOf = (model: EndpointModel, rule: Rule): number => {
  const score = Object.hasOwn(model.scores, rule) ? model.scores[rule] : undefined
  const { sum, weight } = score ?? { sum: 0, weight: 0 }
  return Math.min(1, Math.max(0, (PRIOR_WEIGHT * PRIOR[rule] + sum) / (PRIOR_WEIGHT + weight)))
}

export const refusal = (endpoint: string, reason: GhostRefusal['reason'], detail: string): Ruled => ({
  rule: 'none',
  verdict: { kind: 'refuse', endpoint, reason, detail },
})

interface Draft {
  readonly rule: Rule
  readonly status: number
  readonly headers: readonly Header[]
  readonly body: Uint8Array
  readonly learnedAt: number
}

const answered = (place: Place, draft: Draft): Ruled => {
  const { rule } = draft
  const exact = rule === 'exact'
  const answer: GhostAnswer = {
    kind: 'answer',
    ghost: exact || rule === 'stale' ? 'exact' : rule === 'write' ? 'mock' : 'template',
    endpoint: place.model.id,
    status: draft.status,
    headers: fitHeaders(draft.headers, exact),
    body: draft.body,
    confidence: confidenceOf(place.model, rule),
    learnedAt: draft.learnedAt,
  }
  return { rule, verdict: answer }
}

const fromVariant = (place: Place, variant: Variant, rule: 'exact' | 'stale'): Ruled =>
  answered(place, {
    rule,
    status: variant.status,
    headers:
      variant.coding === ''
        ? variant.headers
        : [...variant.headers, { name: 'content-encoding', value: variant.coding }],
    body: variant.binary ? fromLatin1(variant.body) : toUtf8(variant.body),
    learnedAt: variant.at,
  })

const learnedHeaders = (body: BodyModel): Header[] =>
  body.headers.filter(([, , lead]) => lead > 0).map(([name, value]) => ({ name, value }))

const isPretty = (body: BodyModel): boolean => 2 * body.pretty > body.json

const bodyOf = (model: EndpointModel, status: number): BodyModel | undefined =>
  Object.hasOwn(model.bodies, String(status)) ? model.bodies[String(status)] : undefined

/** The body for a status: JSON from the tree, text that never changes, or none; undefined when nothing fits. */
const madeBody = (place: Place, body: BodyModel, own: Json | undefined): string | undefined => {
  if (body.tree !== null && 2 * body.json > body.seen) {
    const { text, founding } = renderBody(body.tree, place.asked, own)
    return place.asked.asker !== '' && founding.places > 0 && founding.known === 0
      ? undefined
      : printed(text, isPretty(body))
  }
  if (2 * body.empty > body.seen) return ''
  return body.text === null ? undefined : renderText(body.text, place.asked)
}

const fromTemplate = (place: Place, rule: Rule, status: number): Ruled | undefined => {
  const body = bodyOf(place.model, status)
  if (body === undefined)
    return status < 400
      ? undefined
      : answered(place, { rule, status, headers: [], body: toUtf8(''), learnedAt: place.model.at })
  const text = madeBody(place, body, undefined) ?? (status < 400 ? undefined : '')
  if (text === undefined) return undefined
  return answered(place, { rule, status, headers: learnedHeaders(body), body: toUtf8(text), learnedAt: place.model.at })
}

/** The commonest 2xx of the endpoint. */
const goodStatus = (model: EndpointModel): number | undefined => {
  let best: number | undefined
  let most = 0
  for (const [status, body] of Object.entries(model.bodies))
    if (Number(status) < 300 && body.seen > most) {
      most = body.seen
      best = Number(status)
    }
  return best
}

const fromObject = (place: Place): Ruled | undefined => {
  const { model, object, asked } = place
  const status = goodStatus(model)
  if (object === undefined || status === undefined || place.features.credential === 'bad') return undefined
  const view = visibleView(object, asked.asker)
  const body = bodyOf(model, status)
  if (view === undefined || body === undefined || body.tree === null) return undefined
  const text = view.whole ? JSON.stringify(view.value) : renderBody(body.tree, asked, view.value).text
  return answered(place, {
    rule: 'object',
    status,
    headers: learnedHeaders(body),
    body: toUtf8(printed(text, isPretty(body))),
    learnedAt: view.at,
  })
}

const fromList = (place: Place): Ruled | undefined => {
  const { model, asked, knowledge } = place
  const status = goodStatus(model)
  const body = status === undefined ? undefined : bodyOf(model, status)
  if (model.list === null || status === undefined || body === undefined || place.features.credential === 'bad')
    return undefined
  if (confidenceOf(model, 'list') < LIST_FLOOR) return undefined
  const text = renderList(model.list, body, asked, knowledge)
  if (text === undefined) return undefined
  return answered(place, {
    rule: 'list',
    status,
    headers: learnedHeaders(body),
    body: toUtf8(printed(text, isPretty(body))),
    learnedAt: model.at,
  })
}

const unfounded = (place: Place): Ruled => {
  const { credential } = place.features
  if (credential === 'none')
    return refusal(place.model.id, 'nothing-learned', 'no public answer of this endpoint was seen')
  return credential === 'good'
    ? refusal(place.model.id, 'other-principal', 'only answers to other credentials were seen')
    : refusal(place.model.id, 'unknown-credential', 'this credential was never seen to be let in')
}

const NOT_FOUND = 404

const fromStatus = (place: Place): Ruled => {
  let status = guessStatus(place.model, place.features, place.knowledge)
  if (place.features.id === 'gone' && (status === undefined || status < 400)) status = NOT_FOUND
  if (status === undefined) return unfounded(place)
  return fromTemplate(place, status < 400 ? 'template' : 'status', status) ?? unfounded(place)
}

/** What a ghost of a known endpoint says to a request that reads. */
export const answerRead = (model: EndpointModel, asked: Asked, knowledge: Knowledge): Ruled => {
  const object = findObject(model, asked, knowledge)
  const features = {
    credential: credentialState(asked, knowledge),
    id: idFeature(model, lastParameter(model, asked), object),
  }
  const place: Place = { model, asked, knowledge, object, features }
  const variant = allowed(findExact(model, asked, knowledge), features.credential)
  if (variant !== undefined && !isSuperseded(variant, asked, knowledge, object))
    return fromVariant(place, variant, 'exact')
  const fresh = fromObject(place) ?? fromList(place)
  if (fresh !== undefined) return fresh
  return variant === undefined || features.id === 'gone' ? fromStatus(place) : fromVariant(place, variant, 'stale')
}

/** A credential that was revoked, or has run out, gets nothing more of what it once got. */
const allowed = (variant: Variant | undefined, credential: CredentialState): Variant | undefined =>
  credential === 'bad' && variant !== undefined && variant.status < 400 ? undefined : variant

/** Decoded value of the last path segment where the template ends in a parameter. */
export const lastParameter = (model: EndpointModel, asked: Asked): string | undefined =>
  model.template.endsWith('}') ? asked.segments[asked.segments.length - 1] : undefined

/** A write, where the ingress asks for one (mock mode): the commonest 2xx with what the request gives. */
export const answerWrite = (model: EndpointModel, asked: Asked, knowledge: Knowledge): Ruled => {
  const features = { credential: credentialState(asked, knowledge), id: '-' }
  const place: Place = { model, asked, knowledge, object: undefined, features }
  const status = features.credential === 'bad' ? undefined : goodStatus(model)
  if (status === undefined) return unfounded(place)
  return fromTemplate(place, 'write', status) ?? unfounded(place)
}

const UNKNOWN_SHARE = 0.8
const UNKNOWN_WEIGHT = 2

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
  const counts = Object.entries(facts.unknownStatuses)
  const weight = counts.reduce((sum, [, count]) => sum + count, 0)
  const [status, most] = counts.reduce((a, b) => (b[1] > a[1] ? b : a), ['0', 0])
  const isSettled = weight >= UNKNOWN_WEIGHT && most >= UNKNOWN_SHARE * weight
  if (!isSettled || Number(status) < 400 || Number(status) >= 500) return refused
  const body = facts.unknown ?? NOTHING
  const made =
    body.tree === null
      ? renderUnknownText(body, asked)
      : printed(renderBody(body.tree, asked, undefined).text, isPretty(body))
  const answer: GhostAnswer = {
    kind: 'answer',
    ghost: 'template',
    endpoint: '',
    status: Number(status),
    headers: fitHeaders(learnedHeaders(body), false),
    body: toUtf8(made),
    confidence: most / (weight + 1),
    learnedAt: facts.at,
  }
  return { rule: 'status', verdict: answer }
}

const renderUnknownText = (body: BodyModel, asked: Asked): string =>
  body.text === null ? '' : (renderText(body.text, asked) ?? '')

/** Methods that change nothing (RFC 9110 §9.2.1) and that ghosts may answer. */
export const isRead = (method: string): boolean => readMethod(method) === 'GET' || method === 'OPTIONS'
