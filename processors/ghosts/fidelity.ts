/**
 * How right an answer would have been, 0..1: nothing without the right status; then 0.2, up to 0.3 for the structure (F1
 * over places and their kinds) and up to 0.5 for the values.
 */
import type { Observation } from '../kit/processor.ts'
import type { GhostAnswer } from '../../schemas/semantics/ghost-port.ts'
import type { Json, Score } from '../../schemas/semantics/ghosts/model.ts'
import type { Rule } from '../../schemas/semantics/ghosts/place.ts'
import { formOf, isTimeForm } from '../../schemas/semantics/ghosts/mint.ts'
import { parseJson } from '../../schemas/semantics/ghosts/json.ts'
import { fromUtf8 } from '../../schemas/semantics/ghosts/text.ts'

export interface Truth {
  readonly status: number
  readonly bytes: Uint8Array
  readonly json: Json | undefined
}

/** Old evidence fades with this factor: about the last ten answers count, since stores fill and rules get better. */
const FADE = 0.9
const MAX_LEAVES = 2000
/** What matters in an error is which; its text is the rest. */
const ERROR_STATUS = 0.95

interface Places {
  readonly shape: Set<string>
  readonly leaves: Map<string, string>
}

const kindOf = (json: Json): string => (json === null ? 'null' : Array.isArray(json) ? 'array' : typeof json)

const collect = (json: Json, shapeAt: string, leafAt: string, into: Places): void => {
  if (into.leaves.size >= MAX_LEAVES) return
  into.shape.add(`${shapeAt} ${kindOf(json)}`)
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : []
  if (entries.length === 0) {
    into.leaves.set(leafAt, JSON.stringify(json))
    return
  }
  const isArray = Array.isArray(json)
  for (const [name, value] of entries)
    collect(value as Json, isArray ? `${shapeAt}/*` : `${shapeAt}/${name}`, `${leafAt}/${name}`, into)
}

const placesOf = (json: Json): Places => {
  const places: Places = { shape: new Set(), leaves: new Map() }
  collect(json, '', '', places)
  return places
}

/** Whether two values are new ids, credentials or times of one form: nobody can know the other's. */
const isAlike = (truth: string, told: string | undefined): boolean => {
  if (told === undefined) return false
  const form = formOf(parseJson(truth) ?? null)
  const isNew = form !== undefined && (isTimeForm(form) || form.startsWith('~') || form === 'int')
  return isNew && /\d/.test(truth) && formOf(parseJson(told) ?? null) === form
}

/** How two bodies agree: F1 over places and their kinds; the share of the truth's values that were told. */
interface Agreement {
  readonly shape: number
  readonly values: number
  /** The same over values that repeat something of the request; undefined where none do. */
  readonly echo: number | undefined
}

interface Share {
  right: number
  counted: number
}

const add = (share: Share, right: boolean): void => {
  share.counted++
  if (right) share.right++
}

const shareOf = ({ right, counted }: Share): number => (counted === 0 ? 1 : right / counted)

/** `isMade`: of ids and times only the form is known. `sent`: values of the request, as JSON. */
const agreementOf = (truth: Json, answer: Json, isMade: boolean, sent: ReadonlySet<string>): Agreement => {
  const a = placesOf(truth)
  const b = answer === truth ? a : placesOf(answer)
  let common = 0
  for (const place of a.shape) if (b.shape.has(place)) common++
  const all: Share = { right: 0, counted: 0 }
  const echo: Share = { right: 0, counted: 0 }
  for (const [place, value] of a.leaves) {
    const told = b.leaves.get(place)
    if (isMade && told !== value && isAlike(value, told)) continue
    add(all, told === value)
    if (sent.has(value)) add(echo, told === value)
  }
  const shape = (2 * common) / (a.shape.size + b.shape.size)
  return { shape, values: shareOf(all), echo: echo.counted === 0 ? undefined : shareOf(echo) }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Fidelity of one answer, part by part, each 0..1; what does not apply is undefined. */
export interface Parts {
  readonly status: number
  readonly shape: number | undefined
  readonly values: number | undefined
  readonly echo: number | undefined
}

const OTHER_STATUS: Parts = { status: 0, shape: undefined, values: undefined, echo: undefined }

/** How right an answer is, in all and by part. */
export interface Judgement {
  readonly fidelity: number
  readonly parts: Parts
}

const agreed = (truth: Truth, isSame: boolean, found: Agreement | undefined): number => {
  if (isSame) return 1
  if (truth.status >= 400) return ERROR_STATUS
  return found === undefined ? 0.2 : 0.2 + 0.3 * found.shape + 0.5 * found.values
}

/** One answer against the truth; the bodies are compared once. `sent`: values of the request, as JSON. */
export const judgeAnswer = (answer: GhostAnswer, truth: Truth, sent: ReadonlySet<string>): Judgement => {
  if (answer.status !== truth.status) return { fidelity: 0, parts: OTHER_STATUS }
  const isSame = sameBytes(answer.body, truth.bytes)
  const json = truth.json === undefined ? undefined : parseJson(fromUtf8(answer.body))
  if (truth.json === undefined || json === undefined) {
    const same = isSame ? 1 : 0
    return {
      fidelity: agreed(truth, isSame, undefined),
      parts: { status: 1, shape: same, values: same, echo: undefined },
    }
  }
  const found = agreementOf(truth.json, isSame ? truth.json : json, answer.ghost === 'mock', sent)
  return { fidelity: agreed(truth, isSame, found), parts: { status: 1, ...found } }
}

const MAX_SENT = 500

const gather = (json: Json | undefined, into: Set<string>): void => {
  if (json === undefined || into.size >= MAX_SENT) return
  if (typeof json === 'object' && json !== null) for (const one of Object.values(json)) gather(one as Json, into)
  else if (typeof json !== 'boolean' && json !== null && json !== '') into.add(JSON.stringify(json))
}

/** Values of a request that an answer may repeat, as JSON: texts also as the numbers that they spell. */
export const sentBy = ({ segments, query, requestJson }: Observation): ReadonlySet<string> => {
  const sent = new Set<string>()
  for (const text of [...segments, ...query.map(([, value]) => value)]) {
    gather(text, sent)
    if (text !== '' && String(Number(text)) === text) sent.add(text)
  }
  gather(requestJson as Json | undefined, sent)
  return sent
}

/** Adds what one answer of a rule was worth, to an endpoint's scores or a service's. */
export const addScore = (scores: Record<string, Score>, rule: Rule, fidelity: number): void => {
  const known: Score = (Object.hasOwn(scores, rule) ? scores[rule] : undefined) ?? { sum: 0, weight: 0 }
  known.sum = known.sum * FADE + fidelity
  known.weight = known.weight * FADE + 1
  scores[rule] = known
}
