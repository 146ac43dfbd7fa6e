/** Why a ghost says what it says: the evidence in sentences, and where each leaf of the body came from. */
import type { ExplainedLeaf, GhostExplanation, GhostVerdict } from '../ghost-port.ts'
import type { Asked } from './asked.ts'
import { readFeatures, writeFeatures } from './features.ts'
import { parseJson } from './json.ts'
import { isReading } from './compose.ts'
import type { EndpointModel, Json, Knowledge, Score } from './model.ts'
import { moment } from './notes.ts'
import type { Nearest } from './nearest.ts'
import type { OpenNotes } from './notes.ts'
import type { Rule, Ruled } from './place.ts'
import { featureKeys } from './status.ts'
import type { CredentialState } from './status.ts'
import { fromUtf8 } from './text.ts'

export interface Told {
  readonly asked: Asked
  readonly knowledge: Knowledge
  readonly found: EndpointModel | undefined
  readonly ruled: Ruled
  readonly verdict: GhostVerdict
  readonly notes: OpenNotes
  /** The known request of the endpoint that is most like this one. */
  readonly nearest: Nearest | undefined
  /** All endpoints that are known, of every service. */
  readonly endpoints: Iterable<EndpointModel>
}

const RULES: Readonly<Record<Rule, string>> = {
  exact: 'this asker got this answer to this very request',
  stale: 'the last answer to this request or object; it was written to since',
  object: 'the object was seen',
  list: 'the list is made from the objects that are known',
  patched: 'the last answer to this list, with what was written since',
  template: 'the body follows from the endpoint\u2019s other answers',
  unseen: 'nothing is known of this object; the body follows from the endpoint\u2019s other answers',
  status: 'such requests were refused',
  write: 'such writes were answered so',
}

const CREDENTIALS: Readonly<Record<CredentialState, string>> = {
  none: 'the request carries no credential',
  new: 'the credential was never seen',
  good: 'the credential was let in before',
  bad: 'the credential was refused before',
  doubted: 'the credential was let in before, but not lately',
}

const IDS: Readonly<Record<string, string>> = {
  known: 'the object is known to the asker',
  other: 'the object was seen by others only',
  theirs: 'the object was seen by others only, and nobody sees what others have there',
  gone: 'the object was deleted, or not found',
  word: 'the object was never seen',
  in: 'the object was never seen; its number lies among those that were',
  near: 'the object was never seen; its number lies a little beyond those that were',
  far: 'the object was never seen; its number lies beyond those that were',
  beyond: 'the object was never seen; its number lies far beyond those that were',
  foreign: 'only others were seen to have anything there',
  strange: 'nothing was ever seen there',
  first: 'the object was never seen, nor any other',
}

const scored = (scores: Readonly<Record<string, Score>> | undefined, rule: string): Score | undefined =>
  scores !== undefined && Object.hasOwn(scores, rule) ? scores[rule] : undefined

const scoreSentence = (where: string, score: Score | undefined): string[] =>
  score === undefined || score.weight === 0
    ? []
    : [
        `answers of this rule ${where} were right to ${(score.sum / score.weight).toFixed(2)} (weight ${score.weight.toFixed(1)})`,
      ]

const statusSentence = (model: EndpointModel, keys: readonly string[]): string[] => {
  const key = keys.find((name) => Object.hasOwn(model.statuses, name))
  if (key === undefined) return []
  const counts = Object.entries(model.statuses[key] ?? {}).map(
    ([status, n]) => `${status} \u00d7 ${Number(n.toFixed(1))}`,
  )
  return [`such requests got here: ${counts.join(', ')}`]
}

const featureSentences = (model: EndpointModel, asked: Asked, knowledge: Knowledge): string[] => {
  const features = (isReading(model) ? readFeatures : writeFeatures)(model, asked, knowledge)
  const { credential, id, body } = features
  const known = IDS[id.replace('over:', '')]
  const about = known === undefined ? [] : [id.startsWith('over:') ? `above in the path: ${known}` : known]
  const short = body === 'ok' ? [] : [`the body falls short of those that were accepted (${body})`]
  return [CREDENTIALS[credential], ...about, ...short, ...statusSentence(model, featureKeys(features))]
}

const whyOf = ({ asked, knowledge, found, ruled, verdict }: Told): string[] => {
  if (verdict.kind === 'refuse') return found === undefined ? [] : featureSentences(found, asked, knowledge)
  const { rule } = ruled
  const what = rule === 'none' ? [] : [RULES[rule]]
  const learned = verdict.learnedAt > 0 ? [`last learned at ${moment(verdict.learnedAt)}`] : []
  const service = knowledge.facts(asked.service)
  return [
    ...what,
    ...learned,
    ...(found === undefined ? ['no endpoint is known for this path'] : featureSentences(found, asked, knowledge)),
    ...scoreSentence('at this endpoint', scored(found?.scores, rule)),
    ...scoreSentence('in the service', scored(service?.scores, rule)),
  ]
}

const MAX_LEAVES = 500

const leavesIn = (json: Json | undefined, pointer: string, into: string[]): void => {
  if (json === undefined || into.length >= MAX_LEAVES) return
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : []
  if (entries.length === 0) into.push(pointer)
  // Names stand as they are here, as in the notes; they are escaped when they leave.
  for (const [name, value] of entries) leavesIn(value as Json, `${pointer}/${name.replaceAll('/', '\u0000')}`, into)
}

const escaped = (pointer: string): string => pointer.replaceAll('~', '~0').replaceAll('\u0000', '~1')

const leavesOf = ({ verdict, notes }: Told): ExplainedLeaf[] => {
  if (verdict.kind === 'refuse' || verdict.body.length === 0) return []
  const pointers: string[] = []
  const json = parseJson(fromUtf8(verdict.body))
  if (json === undefined) pointers.push('')
  else leavesIn(json, '', pointers)
  return pointers.map((pointer) => {
    const { source, detail } = notes.at(pointer) ?? { source: 'constant', detail: '' }
    return { pointer: escaped(pointer), source, detail }
  })
}

const isParameter = (segment: string): boolean => segment.startsWith('{')

/** How much a template has in common with a path: the same names, from the left, and at a pinch any parameter. */
const likeness = (model: EndpointModel, asked: Asked): number => {
  const own = model.template.split('/').slice(1)
  let common = 0
  for (const [i, segment] of own.entries()) {
    const given = asked.segments[i]
    if (given === undefined) break
    if (segment === given) common += 2
    else if (isParameter(segment)) common += 1
    else break
  }
  const isSame = model.method === asked.method ? 0.5 : 0
  return common + isSame - 0.1 * Math.abs(own.length - asked.segments.length)
}

const closestTo = ({ asked, endpoints }: Told): string | undefined => {
  let best: EndpointModel | undefined
  let most = 1
  for (const model of endpoints) {
    const like = model.service === asked.service ? likeness(model, asked) : 0
    if (like > most) {
      best = model
      most = like
    }
  }
  return best === undefined ? undefined : `${best.method} ${best.template}`
}

/** Where the very request is known, nothing is closer. */
const nearestRequest = ({ nearest, ruled }: Told): string | undefined =>
  nearest === undefined || ruled.rule === 'exact' ? undefined : `${nearest.method} ${nearest.target}`

const nearestSentence = (told: Told): string[] => {
  const request = nearestRequest(told)
  if (request === undefined || told.nearest === undefined) return []
  const { status, likeness } = told.nearest
  return [`of the requests that are known ${request} is most like this one (${likeness.toFixed(2)}); it got ${status}`]
}

/** The explanation of what was said. */
export const explanationOf = (told: Told): GhostExplanation => {
  const { verdict, ruled, found } = told
  const closest = found === undefined ? closestTo(told) : nearestRequest(told)
  return {
    verdict,
    rule: ruled.rule,
    confidence: verdict.kind === 'answer' ? verdict.confidence : 0,
    why: [...whyOf(told), ...nearestSentence(told)],
    ...(verdict.kind === 'refuse' ? { refused: verdict.detail } : {}),
    ...(closest === undefined ? {} : { closest }),
    leaves: leavesOf(told),
  }
}
