/**
 * What stands behind one ghost answer, as numbers from 0 to 1: which rule made it, how much was seen, how old it is, what
 * the credential and the id are, what the tables say. Each is a byte on the log, and the same byte at the ingress. Nothing
 * of anybody is in it: no value, no name; of the request only which of a few buckets its parameters' names fall into.
 */
import type { Asked } from '../ghosts/asked.ts'
import type { EndpointModel, Knowledge, ObjectRecord, Score, StatusTable } from '../ghosts/model.ts'
import { featureKeys, serviceKey } from '../ghosts/status.ts'
import type { StatusFeatures } from '../ghosts/status.ts'
import { hash32 } from '../ghosts/text.ts'

/** Of what stands where: a model of another version is refused. */
export const EVIDENCE_VERSION = 2

/** An answer and what it was made of. */
export interface Evidenced {
  readonly model: EndpointModel
  readonly asked: Asked
  readonly knowledge: Knowledge
  readonly object: ObjectRecord | undefined
  readonly features: StatusFeatures
  readonly rule: string
  readonly status: number
  readonly learnedAt: number
  /** What the tables believe, 0..1. */
  readonly confidence: number
}

const RULES = ['exact', 'stale', 'object', 'list', 'patched', 'template', 'unseen', 'status', 'write']
const CREDENTIALS = ['none', 'new', 'good', 'bad', 'doubted']
const IDS = ['-', 'known', 'gone', 'other', 'word', 'first', 'in', 'near', 'far', 'beyond', 'foreign', 'strange']
/** Before the state of an object above in the path. */
const ABOVE = 'over:'
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const BUCKETS = 4

/** What an answer is, as far as a client acts on it. */
export const VARIANTS = ['success', 'denied', 'missing', 'refused'] as const
export type Variant = (typeof VARIANTS)[number]

/** Place of a status among the variants. */
export const variantOf = (status: number): number => {
  if (status < 400) return 0
  if (status === 401 || status === 403) return 1
  return status === 404 || status === 410 ? 2 : 3
}

const bit = (holds: boolean): number => (holds ? 1 : 0)
const oneOf = (known: readonly string[], value: string): number[] => known.map((name) => bit(name === value))

/** A count on a logarithmic scale: 1 from about `most` on. */
const logged = (count: number, most: number): number => Math.log1p(Math.max(0, count)) / Math.log1p(most)

/** Exchanges of an endpoint from which on more make no difference here. */
const MOST_SEEN = 1000

const scored = (scores: Readonly<Record<string, Score>> | undefined, rule: string): number[] => {
  const score = scores !== undefined && Object.hasOwn(scores, rule) ? scores[rule] : undefined
  return score === undefined || score.weight === 0 ? [0.5, 0] : [score.sum / score.weight, score.weight / 10]
}

/** How the whole of an endpoint's, or a service's, answers did. */
const overall = (scores: Readonly<Record<string, Score>> | undefined): number[] => {
  let sum = 0
  let weight = 0
  for (const score of Object.values(scores ?? {})) {
    sum += score.sum
    weight += score.weight
  }
  return [weight === 0 ? 0.5 : sum / weight, logged(weight, 60)]
}

/** Share of one variant in a row of a table, and how much stands in the row. */
const share = (table: StatusTable | undefined, key: string, variant: number): number[] => {
  const row = table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined
  let same = 0
  let all = 0
  for (const [status, count] of Object.entries(row ?? {})) {
    all += count
    if (variantOf(Number(status)) === variant) same += count
  }
  return [all === 0 ? 0.5 : same / all, logged(all, 200)]
}

const tables = ({ model, knowledge, features, status }: Evidenced): number[] => {
  const keys = featureKeys(features)
  const facts = knowledge.facts(model.service)
  const variant = variantOf(status)
  const [fine = '', coarse = ''] = [keys[0], keys[keys.length - 1]]
  return [
    ...share(model.statuses, fine, variant),
    ...share(model.statuses, coarse, variant),
    ...share(facts?.statuses, serviceKey(model.method, features), variant),
  ]
}

const HOUR = 3_600_000_000
const WEEK = 168

const ofObject = (object: ObjectRecord | undefined): number[] =>
  object === undefined ? [0, 0, 0] : [1, bit(object.written > 0), logged(object.views.length, 8)]

const things = ({ object, asked, learnedAt, model }: Evidenced): number[] => [
  ...ofObject(object),
  logged((asked.at - learnedAt) / (HOUR / 60), WEEK * 60),
  logged(asked.query.length, 6),
  bit(model.list !== null),
  logged(model.list?.seen ?? 0, 200),
  bit(model.idField !== ''),
  bit(model.headersMatter),
  bit(model.issues),
  bit(asked.asker !== ''),
  bit(asked.graph !== undefined),
]

const buckets = ({ asked }: Evidenced): number[] => {
  const found = Array.from({ length: BUCKETS }, () => 0)
  for (const [name] of asked.query) found[hash32(name) % BUCKETS] = 1
  return found
}

const idBits = (id: string): number[] => [...oneOf(IDS, id.replace(ABOVE, '')), bit(id.startsWith(ABOVE))]

const numbers = (e: Evidenced): number[] => [
  ...oneOf(RULES, e.rule),
  ...oneOf(CREDENTIALS, e.features.credential),
  ...idBits(e.features.id),
  ...oneOf(METHODS, e.model.method),
  bit(e.features.body !== 'ok'),
  ...VARIANTS.map((_, i) => bit(variantOf(e.status) === i)),
  e.confidence,
  logged(e.model.count, MOST_SEEN),
  ...scored(e.model.scores, e.rule),
  ...scored(e.knowledge.facts(e.model.service)?.scores, e.rule),
  ...overall(e.model.scores),
  ...overall(e.knowledge.facts(e.model.service)?.scores),
  ...tables(e),
  ...things(e),
  ...buckets(e),
]

/** Where the variant that was told stands, and the tables' confidence. */
export const TOLD_AT = RULES.length + CREDENTIALS.length + IDS.length + 1 + METHODS.length + 1
export const BELIEVED_AT = TOLD_AT + VARIANTS.length
const SEEN_AT = BELIEVED_AT + 1

/** How many numbers there are: 9 rules, 5 credentials, 13 of ids, 5 methods, a body, 4 variants, 10 of scores, 6 of tables, 12 of things, 4 buckets. */
export const EVIDENCE_SIZE = 69

/** How many exchanges of the endpoint stood behind the answer, to about a hundredth. */
export const seenIn = (evidence: Uint8Array): number =>
  Math.expm1(((evidence[SEEN_AT] ?? 0) / 255) * Math.log1p(MOST_SEEN))

/** The evidence of one answer, a byte each. */
export const evidenceOf = (e: Evidenced): Uint8Array => {
  const bytes = new Uint8Array(EVIDENCE_SIZE)
  const all = numbers(e)
  for (let i = 0; i < EVIDENCE_SIZE; i++) bytes[i] = Math.round(255 * Math.min(1, Math.max(0, all[i] ?? 0)))
  return bytes
}
