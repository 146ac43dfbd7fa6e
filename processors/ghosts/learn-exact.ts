/** Keeps exact answers: one set per target and asker, few variants by header fields. */
import type { Observation } from '../kit/processor.ts'
import type { Asked } from '../../schemas/semantics/ghosts/asked.ts'
import { answerKey } from '../../schemas/semantics/ghosts/exact.ts'
import { exactHeaders, headersKey, varyKey } from '../../schemas/semantics/ghosts/headers.ts'
import type { AnswerSet, EndpointModel, Variant } from '../../schemas/semantics/ghosts/model.ts'
import { fromUtf8, toLatin1 } from '../../schemas/semantics/ghosts/text.ts'

export const MAX_BODY = 64 * 1024
const MAX_TARGET = 2048
const MAX_VARIANTS = 4
/** An unchanged answer is written again after this long, so that its age stays true. */
const REFRESH = 60_000_000

const NEVER = new Set([206, 304, 408, 425, 429])

/** Whether an exchange can be repeated word for word. */
export const isRepeatable = (o: Observation, asked: Asked): boolean =>
  o.exchange.responseBody.bytes.length <= MAX_BODY &&
  asked.target.length <= MAX_TARGET &&
  !NEVER.has(o.exchange.status) &&
  !asked.headers.has('range') &&
  (asked.graph !== undefined || asked.body === undefined || asked.body.length === 0)

const variantOf = (o: Observation, asked: Asked, model: EndpointModel): Variant => {
  const { bytes, coding } = o.exchange.responseBody
  const text = coding === '' || coding === 'identity' ? fromUtf8(bytes) : undefined
  return {
    headersKey: headersKey(asked),
    varyKey: varyKey(asked, model.vary),
    status: o.exchange.status,
    headers: exactHeaders(o.exchange.responseHeaders).filter((h) => h.name.toLowerCase() !== 'content-encoding'),
    body: text ?? toLatin1(bytes),
    binary: text === undefined,
    coding: coding === 'identity' ? '' : coding,
    at: o.at,
  }
}

const isSame = (a: Variant, b: Variant): boolean => a.status === b.status && a.body === b.body && a.coding === b.coding

/** What became of an exchange's answer: the set to keep, if it must be written, and whether the body was known. */
export interface ExactLesson {
  readonly set: AnswerSet
  readonly write: boolean
  readonly repeated: boolean
}

export const learnExact = (
  known: AnswerSet | undefined,
  model: EndpointModel,
  o: Observation,
  asked: Asked,
): ExactLesson => {
  const variant = variantOf(o, asked, model)
  const before = known?.variants ?? []
  const same = before.find((v) => v.headersKey === variant.headersKey && v.varyKey === variant.varyKey)
  const repeated = same !== undefined && isSame(same, variant)
  if (known !== undefined && repeated && variant.at < same.at + REFRESH) return { set: known, write: false, repeated }
  const others = before.filter((v) => v !== same)
  if (others.some((v) => v.varyKey === variant.varyKey && v.coding === variant.coding && v.body !== variant.body))
    model.headersMatter = true
  const set: AnswerSet = {
    key: known?.key ?? answerKey(asked),
    service: asked.service,
    endpoint: model.id,
    variants: [...others, variant].slice(-MAX_VARIANTS),
    at: o.at,
    tick: 0,
  }
  return { set, write: true, repeated }
}
