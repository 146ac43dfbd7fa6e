/**
 * Content negotiation (RFC 9110 section 12.5.1). Where answers hang on Accept, one that was made up from those of another type
 * is not what this client would get.
 */
import type { Header } from '../../events.ts'
import type { Asked } from './asked.ts'
import { valueOf } from './headers.ts'
import { refusal } from './place.ts'
import type { Ruled } from './place.ts'

const lowered = (headers: readonly Header[], name: string): string => valueOf(headers, name)?.toLowerCase() ?? ''

const names = (list: string, name: string): boolean => list.split(',').some((one) => one.trim() === name)

/** Types that are written alike: `application/vnd.github+json` is JSON. */
const syntaxOf = (subtype: string): string => subtype.slice(subtype.lastIndexOf('+') + 1)

/** Whether an Accept field takes a media type. */
export const accepts = (accept: string, type: string): boolean => {
  const [main = '', sub = ''] = (type.split(';')[0] ?? '').trim().toLowerCase().split('/')
  return accept.split(',').some((range) => {
    const [text = '', ...parameters] = range.toLowerCase().split(';')
    if (parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter))) return false
    const [ranged = '', subs = ''] = text.trim().split('/')
    if (ranged === '*') return true
    return ranged === main && (subs === '*' || syntaxOf(subs) === syntaxOf(sub))
  })
}

/** The same, unless it was made up in a type that was not asked for, where the server goes by that. */
export const negotiated = (ruled: Ruled, asked: Asked): Ruled => {
  const accept = asked.headers.get('accept')
  const { verdict } = ruled
  if (accept === undefined || verdict.kind !== 'answer' || verdict.ghost === 'exact' || verdict.status >= 300)
    return ruled
  const type = lowered(verdict.headers, 'content-type')
  if (type === '' || !names(lowered(verdict.headers, 'vary'), 'accept') || accepts(accept, type)) return ruled
  return refusal(
    verdict.endpoint,
    'nothing-learned',
    `only answers as ${type.slice(0, 60)} were seen, which is not accepted`,
  )
}
