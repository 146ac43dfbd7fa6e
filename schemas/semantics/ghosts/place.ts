/** What the rules have in common: a request at an endpoint, how sure each rule is there, and what an answer is made of. */
import type { GhostAnswer, GhostRefusal, GhostVerdict } from '../ghost-port.ts'
import type { Header } from '../../events.ts'
import type { Asked } from './asked.ts'
import { evidenceOf } from '../model/evidence.ts'
import { fitHeaders } from './headers.ts'
import type { BodyModel, EndpointModel, Knowledge, Node, ObjectRecord, Score } from './model.ts'
import { byNumber, objectAsked } from './objects.ts'
import { printed, renderBody, renderText } from './render.ts'
import type { Founding } from './render.ts'
import type { Guess, StatusFeatures } from './status.ts'
import { toBody, toUtf8 } from './text.ts'

export type Rule = 'exact' | 'stale' | 'object' | 'list' | 'patched' | 'template' | 'unseen' | 'status' | 'write'

/** What a rule is believed before it was measured, worth PRIOR_WEIGHT measurements. */
const PRIOR: Readonly<Record<Rule, number>> = {
  exact: 0.95,
  stale: 0.5,
  object: 0.85,
  list: 0.65,
  patched: 0.8,
  template: 0.6,
  unseen: 0.5,
  status: 0.65,
  write: 0.65,
}
const PRIOR_WEIGHT = 2

/** A verdict and the rule that made it: the processor scores the rule. */
export interface Ruled {
  readonly rule: Rule | 'none'
  readonly verdict: GhostVerdict
  /** What stands behind an answer; only worked out where somebody wants it. */
  readonly evidence?: () => Uint8Array
}

export interface Place {
  readonly model: EndpointModel
  readonly asked: Asked
  readonly knowledge: Knowledge
  readonly object: ObjectRecord | undefined
  readonly features: StatusFeatures
  /** Where the status was worked out from what such requests got. */
  readonly guess?: Guess | undefined
}

/** What how sure an answer is hangs on. */
type From = Pick<Place, 'model' | 'knowledge' | 'guess'>

/** Measured probability that a rule is right on this endpoint; where little was measured, as right as in the service. */
export const confidenceOf = (model: EndpointModel, rule: Rule, knowledge: Knowledge): number => {
  const elsewhere = believed(PRIOR[rule], knowledge.facts(model.service)?.scores, rule)
  return Math.min(1, Math.max(0, believed(elsewhere, model.scores, rule)))
}

const believed = (prior: number, scores: Readonly<Record<string, Score>> | undefined, rule: Rule): number => {
  const score = scores !== undefined && Object.hasOwn(scores, rule) ? scores[rule] : undefined
  const { sum, weight } = score ?? { sum: 0, weight: 0 }
  return (PRIOR_WEIGHT * prior + sum) / (PRIOR_WEIGHT + weight)
}

export const refusal = (endpoint: string, reason: GhostRefusal['reason'], detail: string): Ruled => ({
  rule: 'none',
  verdict: { kind: 'refuse', endpoint, reason, detail },
})

/** Nothing may be said to this asker. */
export const unfounded = (place: Place): Ruled => {
  const { credential } = place.features
  if (credential === 'none')
    return refusal(place.model.id, 'nothing-learned', 'no public answer of this endpoint was seen')
  return credential === 'good'
    ? refusal(place.model.id, 'other-principal', 'only answers to other credentials were seen')
    : refusal(place.model.id, 'unknown-credential', 'this credential was never seen to be let in')
}

export interface Draft {
  readonly rule: Rule
  readonly status: number
  readonly headers: readonly Header[]
  readonly body: Uint8Array
  readonly learnedAt: number
}

const KIND: Readonly<Partial<Record<Rule, GhostAnswer['ghost']>>> = { exact: 'exact', stale: 'exact', write: 'mock' }

/**
 * How sure an answer is: the rule's measured probability; of a refusal also how such requests fared. The rule says how well
 * refusals are foreseen here at all, the counts how settled this one is.
 */
const sureness = ({ model, knowledge, guess }: From, rule: Rule): number => {
  const measured = confidenceOf(model, rule, knowledge)
  if (rule !== 'status' || guess === undefined) return measured
  return (PRIOR_WEIGHT * measured + guess.share * guess.weight) / (PRIOR_WEIGHT + guess.weight)
}

export const answered = (place: Place, draft: Draft): Ruled => answeredFrom(place, draft, () => place)

/** The same where the place is only looked at when somebody wants the evidence: most exact answers do not hang on it. */
export const answeredFrom = (from: From, draft: Draft, placeOf: () => Place): Ruled => {
  const { rule } = draft
  const answer: GhostAnswer = {
    kind: 'answer',
    ghost: KIND[rule] ?? 'template',
    endpoint: from.model.id,
    status: draft.status,
    headers: fitHeaders(draft.headers, rule === 'exact'),
    body: draft.body,
    confidence: sureness(from, rule),
    rule,
    learnedAt: draft.learnedAt,
  }
  const evidence = () => evidenceOf({ ...placeOf(), ...draft, confidence: answer.confidence })
  return { rule, verdict: answer, evidence }
}

export const learnedHeaders = (body: BodyModel): Header[] =>
  body.headers.filter(([, , lead]) => lead > 0).map(([name, value]) => ({ name, value }))

export const isPretty = (body: BodyModel): boolean => 2 * body.pretty > body.json

/** The bodies of a status; where one depends on what the request lacked, those first. */
export const bodyOf = (model: EndpointModel, status: number, shortfall = 'ok'): BodyModel | undefined => {
  const key = `${status}|${shortfall}`
  if (Object.hasOwn(model.bodies, key)) return model.bodies[key]
  return Object.hasOwn(model.bodies, String(status)) ? model.bodies[String(status)] : undefined
}

/** The commonest 2xx of the endpoint. */
export const goodStatus = (model: EndpointModel): number | undefined => {
  let best: number | undefined
  let most = 0
  for (const [status, body] of Object.entries(model.bodies))
    if (Number(status) < 300 && body.seen > most) {
      most = body.seen
      best = Number(status)
    }
  return best
}

/** Nothing of it is known to be for this asker: what has places, or would have if they might be shown. */
const isUnfounded = ({ asked }: Place, tree: Node, { places, known }: Founding): boolean =>
  asked.asker !== '' && known === 0 && (places > 0 || tree.kids.length > 0)

/** The body for a status: JSON from the tree, text that never changes, or none; undefined when nothing fits. */
const madeBody = (place: Place, body: BodyModel, isError: boolean): string | undefined => {
  if (body.tree !== null && 2 * body.json > body.seen) {
    const named = isError || !isRead(place) ? undefined : objectAsked(place.model, place.asked)
    const own = named === undefined ? undefined : byNumber(named, place.model.idField, place.asked, place.knowledge)
    const root = own === undefined ? '' : place.model.root
    const filling = { root, own, isError, making: !isRead(place), isUnseen: named !== undefined }
    const { text, founding } = renderBody(body.tree, place.asked, filling)
    return isUnfounded(place, body.tree, founding) ? undefined : printed(text, isPretty(body))
  }
  if (2 * body.empty > body.seen) return ''
  return body.text === null ? undefined : renderText(body.text, place.asked)
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])
const isRead = ({ asked }: Place): boolean => READS.has(asked.method)

export const fromTemplate = (place: Place, rule: Rule, status: number): Ruled | undefined => {
  const body = bodyOf(place.model, status, place.features.body) ?? elsewhere(place, status)
  const empty = { rule, status, headers: [], body: toUtf8(''), learnedAt: place.model.at }
  if (body === undefined) return status < 400 && status !== 204 ? undefined : answered(place, empty)
  const text = madeBody(place, body, status >= 400) ?? (status < 400 ? undefined : '')
  if (text === undefined) return undefined
  return answered(place, { ...empty, headers: learnedHeaders(body), body: toBody(text) })
}

/** An error that this endpoint never gave looks as it does elsewhere in the service. */
const elsewhere = ({ model, knowledge }: Place, status: number): BodyModel | undefined => {
  if (status < 400) return undefined
  const errors = knowledge.facts(model.service)?.errors
  return errors !== undefined && Object.hasOwn(errors, String(status)) ? errors[String(status)] : undefined
}
