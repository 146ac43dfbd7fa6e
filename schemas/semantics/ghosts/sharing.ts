/**
 * Most parts say the same of themselves: service, endpoint, media type. Each such text is held once for all of them, which
 * halves what a known answer weighs, and what an answer reads stays near the processor. Bounded, whatever a server says.
 */
import type { Header } from '../../events.ts'
import { remembered } from '../remembered.ts'
import { fitAgain, fitHeaders } from './headers.ts'
import type { AnswerSet, ObjectRecord, Variant } from './model.ts'

const MOST = 4096
/** Longer ones are seldom the same again. */
const LONGEST = 256

const openTexts = () => {
  const known = remembered((text) => text, MOST)
  return (text: string): string => (text.length <= LONGEST ? known(text) : text)
}

/** Fields as one text, and what they are once they are known to be fit to send. */
const openLists = () => {
  let making: readonly Header[] = []
  const known = remembered(() => fitAgain(fitHeaders(making, true)), MOST)
  return (headers: Header[]): Header[] => {
    let name = ''
    for (const header of headers) name += `${header.name}\n${header.value}\n`
    if (name.length > LONGEST) return headers
    making = headers
    return known(name) as Header[]
  }
}

export interface Sharing {
  /** The same part, for this key; the old one is not used again. */
  answers(key: string, set: AnswerSet): AnswerSet
  object(key: string, object: ObjectRecord): ObjectRecord
}

export const openSharing = (): Sharing => {
  const text = openTexts()
  const list = openLists()
  const variant = (one: Variant): Variant => ({
    ...one,
    headersKey: text(one.headersKey),
    varyKey: text(one.varyKey),
    coding: text(one.coding),
    headers: list(one.headers),
  })
  return {
    answers: (key, set) => ({
      ...set,
      key,
      service: text(set.service),
      endpoint: text(set.endpoint),
      variants: set.variants.map(variant),
    }),
    object: (key, object) => ({ ...object, key, service: text(object.service), type: text(object.type) }),
  }
}
