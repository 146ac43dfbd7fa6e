/** Bodies of forms, as the object that they stand for: `application/x-www-form-urlencoded` and `multipart/form-data`. */
import type { Body } from '../../schemas/events.ts'
import { toLatin1 } from '../../schemas/semantics/ghosts/text.ts'
import type { JsonValue } from '../kit/processor.ts'
import { FILE } from '../kit/formats.ts'
import { objectOf } from './parameters.ts'

const URLENCODED = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data'
const MAX_PARTS = 200

const decoded = (text: string): string => {
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

const pairsOf = (text: string): [string, string][] =>
  text
    .split('&', MAX_PARTS)
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals < 0 ? [decoded(pair), ''] : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))]
    })

/** UTF-8 that was read as Latin-1, if it is UTF-8 (RFC 7578 5.1.2). */
const fromUtf8 = (latin1: string): string => {
  try {
    return decodeURIComponent(
      latin1.replace(/[%\x80-\xff]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`),
    )
  } catch {
    return latin1
  }
}

const BOUNDARY = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i
const NAME = /;\s*name="([^"\r\n]{1,256})"/i

/** RFC 7578: each part names its field; one with a file name is a file. */
const partsOf = (text: string, mediaType: string): [string, string][] => {
  const found = BOUNDARY.exec(mediaType)
  const boundary = found?.[1] ?? found?.[2]
  if (boundary === undefined) return []
  const pairs: [string, string][] = []
  for (const part of text.split(`--${boundary}`, MAX_PARTS)) {
    const blank = part.indexOf('\r\n\r\n')
    const head = blank < 0 ? '' : part.slice(0, blank)
    const name = NAME.exec(head)?.[1]
    if (name === undefined) continue
    const isFile = /;\s*filename\*?=/i.test(head)
    pairs.push([fromUtf8(name), isFile ? FILE : fromUtf8(part.slice(blank + 4).replace(/\r\n$/, ''))])
  }
  return pairs
}

/** The object of a form; undefined for any other body, a cut one, or one in a content coding. */
export const formOf = ({ bytes, mediaType, coding, cut }: Body): JsonValue | undefined => {
  if (cut || bytes.length === 0 || (coding !== '' && coding !== 'identity')) return undefined
  const type = mediaType.slice(0, 64).toLowerCase()
  if (type.startsWith(URLENCODED)) return objectOf(pairsOf(toLatin1(bytes)))
  if (type.startsWith(MULTIPART)) return objectOf(partsOf(toLatin1(bytes), mediaType))
  return undefined
}
