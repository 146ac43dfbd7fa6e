/** The answer that this asker got for this very request. */
import type { Asked } from './asked.ts'
import { headersKey, varyKey } from './headers.ts'
import { keyOf } from './model.ts'
import { fromUtf8, hash32 } from './text.ts'
import type { AnswerSet, EndpointModel, Knowledge, ObjectRecord, Variant } from './model.ts'

/** HEAD asks for what GET has. */
export const readMethod = (method: string): string => (method === 'HEAD' ? 'GET' : method)

export const answerKey = ({ service, method, target, asker, graph }: Asked): string => {
  const key = keyOf('answer', service, readMethod(method), target, asker)
  return graph === undefined || method === 'GET' ? key : `${key} ${graph.question}`
}

/** A log-in is told apart by its whole body, whose secrets are pseudonyms. */
export const loginKey = (asked: Asked): string => {
  const body = asked.body === undefined ? '' : (fromUtf8(asked.body) ?? '')
  const hash = `${hash32(body).toString(36)}.${hash32(`${body}.`).toString(36)}`
  return keyOf('login', asked.service, asked.method, asked.target, hash)
}

export const touchKey = (service: string, path: string): string => keyOf('touch', service, path)

const codingFits = (variant: Variant, asked: Asked): boolean =>
  variant.coding === '' || (asked.headers.get('accept-encoding') ?? '').toLowerCase().includes(variant.coding)

const newest = (variants: readonly Variant[]): Variant | undefined =>
  variants.reduce<Variant | undefined>((best, v) => (best === undefined || v.at > best.at ? v : best), undefined)

/**
 * The variant for the request's header fields: with the same fields; else, where no unknown field ever mattered, with the
 * same values of those that are known to. `Vary: *` matches nothing but the same fields.
 */
export const findVariant = (set: AnswerSet, model: EndpointModel, asked: Asked): Variant | undefined => {
  const known = varyKey(asked, model.vary)
  const isSettled = !model.headersMatter && !model.vary.includes('*')
  const [only] = set.variants
  // Most targets have one answer: what its fields are matters only where the known ones differ.
  if (isSettled && only !== undefined && set.variants.length === 1 && only.varyKey === known)
    return codingFits(only, asked) ? only : undefined
  const fitting = set.variants.filter((variant) => codingFits(variant, asked))
  const all = headersKey(asked)
  const same = newest(fitting.filter((v) => v.headersKey === all && (v.varyKey === known || model.vary.length === 0)))
  if (same !== undefined || !isSettled) return same
  return newest(fitting.filter((v) => v.varyKey === known))
}

/** Whether nothing of the service changed since, as far as is known: then nothing in particular did. */
export const isUntouched = (variant: Variant, asked: Asked, knowledge: Knowledge): boolean =>
  knowledge.changedAt !== undefined && knowledge.changedAt(asked.service) <= variant.at

/** Whether a write came between: to the same path, right under it, or to the object that it shows. */
export const isSuperseded = (
  variant: Variant,
  asked: Asked,
  knowledge: Knowledge,
  object: ObjectRecord | undefined,
): boolean => {
  const touched = knowledge.touch(touchKey(asked.service, asked.path))
  if (touched !== undefined && touched.at > variant.at) return true
  return object !== undefined && (object.written > variant.at || object.gone > variant.at)
}

export const findExact = (model: EndpointModel, asked: Asked, knowledge: Knowledge): Variant | undefined => {
  const set = knowledge.answers(answerKey(asked))
  return set === undefined ? undefined : findVariant(set, model, asked)
}
