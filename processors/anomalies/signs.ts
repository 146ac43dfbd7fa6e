/**
 * Signs of attack in texts that came with a request. A text is read once for its characters, and only one with characters
 * that plain values lack is searched for the signs, each with `includes`: time linear in the text, at most MAX_TEXT of it,
 * and no pattern is made from traffic.
 */
import type { JsonValue } from '../kit/processor.ts'
import { PROBES, SIGNS, TOOLS } from './lists.ts'

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
  const lower = squeeze(text.toLowerCase())
  for (const { what, any } of SIGNS) for (const sign of any) if (lower.includes(sign)) return what
  return undefined
}

/** What a decoded value looks like an attack by, if it does; what is encoded twice is looked at, too. */
export const attackIn = (text: string, mask: number): string | undefined => {
  if ((mask & ~PLAIN) === 0) return undefined
  const cut = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text
  if ((mask & PERCENT) === 0) return signIn(cut, mask)
  const again = decodedOnce(cut)
  return again === cut ? signIn(cut, mask) : signIn(again, classesOf(again))
}

/** Values of a body that are looked at. */
const MAX_VALUES = 64

/** What a body's texts look like an attack by, if any does; those of the first values, breadth first. */
export const attackInBody = (body: JsonValue | undefined): string | undefined => {
  if (typeof body !== 'object' || body === null) return undefined
  const left: JsonValue[] = [body]
  for (let i = 0; i < left.length && i < MAX_VALUES; i++) {
    const value = left[i] as JsonValue
    if (typeof value === 'string') {
      const attack = attackIn(value, classesOf(value))
      if (attack !== undefined) return attack
    } else if (typeof value === 'object' && value !== null && left.length < MAX_VALUES)
      left.push(...Object.values(value).slice(0, MAX_VALUES))
  }
  return undefined
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
