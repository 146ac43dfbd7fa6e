/**
 * Signs of attack in texts that came with a request. A text is read once for its characters, and only one with characters
 * that plain values lack is searched for the signs, each with `includes`: time linear in the text, at most MAX_TEXT of it,
 * and no pattern is made from traffic.
 */
import type { JsonValue, Observation } from '../kit/processor.ts'
import { HEADER_SIGNS, OVERRIDES, PROBES, SIGNS, TOOLS } from './lists.ts'

const MAX_TEXT = 2048

/** Classes of characters, as bits. */
export const PLAIN = 1
const SPACE = 2
const QUOTE = 4
const BRACKET = 8
const SHELL = 16
export const SLASH = 32
const PERCENT = 64
const CONTROL = 128
const FOREIGN = 256

const CLASSES: readonly number[] = Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code)
  if (code < 32 || code === 127) return CONTROL
  if (char === ' ') return SPACE
  if ('\'"`'.includes(char)) return QUOTE
  if ('<>{}()[]'.includes(char)) return BRACKET
  if (';|&$*#!\\^'.includes(char)) return SHELL
  if (char === '/') return SLASH
  if (char === '%') return PERCENT
  return PLAIN
})

/** Which classes of characters a text holds. */
export const classesOf = (text: string): number => {
  let mask = 0
  const end = Math.min(text.length, MAX_TEXT)
  for (let i = 0; i < end; i++) mask |= CLASSES[text.charCodeAt(i)] ?? FOREIGN
  return mask
}

const squeeze = (text: string): string => text.replaceAll('/**/', ' ').replaceAll('\t', ' ').replaceAll('  ', ' ')

const decodedOnce = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const signIn = (text: string, mask: number): string | undefined => {
  if (text.includes('\0')) return 'a zero byte'
  if (text.includes('\r\n') || text.includes('\n')) if (text.includes(': ') || text.includes('http/')) return 'a header'
  if ((mask & (QUOTE | BRACKET | SHELL | SLASH | SPACE)) === 0) return undefined
  const lower = `${squeeze(text.toLowerCase())} `
  const has = (sign: string): boolean => lower.includes(sign)
  return SIGNS.find(({ any, beside }) => any.some(has) && (beside === undefined || beside.some(has)))?.what
}

/** Where a link leads elsewhere: `//host`, `/\\host`, `https:\\\\host`. */
const leadsElsewhere = (text: string): boolean =>
  text.startsWith('//') || text.startsWith('/\\') || text.startsWith('https:\\') || text.startsWith('http:\\')

/** The first bytes of a serialised Java object, base64. */
const JAVA = 'rO0AB'

/** What a decoded value looks like an attack by, if it does; what is encoded twice is looked at, too. */
export const attackIn = (text: string, mask: number): string | undefined => {
  if (text.startsWith(JAVA)) return 'a serialised object'
  if ((mask & ~PLAIN) === 0) return undefined
  if ((mask & SLASH) !== 0 && leadsElsewhere(text)) return 'a link to elsewhere'
  const cut = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text
  if ((mask & PERCENT) === 0) return signIn(cut, mask)
  const again = decodedOnce(cut)
  return again === cut ? signIn(cut, mask) : signIn(again, classesOf(again))
}

/** Values of a body that are looked at. */
const MAX_VALUES = 64

const signInKey = (key: string): string | undefined => {
  if (key.startsWith('$')) return 'an operator of a database'
  return key === '__proto__' ? 'a prototype' : undefined
}

/** What a body's texts and names look like an attack by, if any does; those of the first values, breadth first. */
export const attackInBody = (body: JsonValue | undefined): string | undefined => {
  if (typeof body !== 'object' || body === null) return undefined
  const left: JsonValue[] = [body]
  for (let i = 0; i < left.length && i < MAX_VALUES; i++) {
    const value = left[i] as JsonValue
    const attack = typeof value === 'string' ? attackIn(value, classesOf(value)) : openUp(left, value)
    if (attack !== undefined) return attack
  }
  return undefined
}

/** Values of a body's object or list join those that are looked at; its names are looked at here. */
const openUp = (left: JsonValue[], value: JsonValue): string | undefined => {
  if (typeof value !== 'object' || value === null || left.length >= MAX_VALUES) return undefined
  left.push(...Object.values(value).slice(0, MAX_VALUES))
  if (Array.isArray(value)) return undefined
  for (const key of Object.keys(value).slice(0, MAX_VALUES)) {
    const sign = signInKey(key)
    if (sign !== undefined) return sign
  }
  return undefined
}

/** Whether a request asks to be taken for another than it is. */
export const isOverriding = ({ exchange, query }: Observation): boolean =>
  exchange.requestHeaders.some(({ name }) => name.length > 9 && OVERRIDES.has(name.toLowerCase())) ||
  query.some(([name]) => name === '_method')

/** Characters that hardly any header needs. */
const SUSPECT = /['`<{$\\]|\.\.\/|[^\P{Cc}\t]/u

/** Whether a header's value looks like an attack. */
export const isAttackInHeader = (text: string): boolean => {
  const cut = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text
  if (!SUSPECT.test(cut)) return false
  const lower = cut.toLowerCase()
  return HEADER_SIGNS.some((sign) => lower.includes(sign))
}

/** Asked of paths that lead nowhere only. */
export const isProbe = (path: string): boolean => {
  const cut = path.length > MAX_TEXT ? path.slice(0, MAX_TEXT) : path
  const lower = decodedOnce(cut).toLowerCase()
  return PROBES.some((probe) => lower.includes(probe))
}

/** Whether an agent calls itself a tool for finding holes. */
export const isAttackTool = (agent: string): boolean => {
  const lower = agent.slice(0, 256).toLowerCase()
  return TOOLS.some((tool) => lower.includes(tool))
}
