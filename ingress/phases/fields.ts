/** Field lines: which are between neighbours only, which the proxy owns, and how lists of them are cut. */
import type { FieldLines } from './context.ts'
import { PSEUDONYM } from './forwarded.ts'
import { remembered } from '../../schemas/semantics/remembered.ts'

export { PSEUDONYM }
export const VIA = `1.1 ${PSEUDONYM}`

/** RFC 9110 section 7.6.1, and Proxy-Connection, which it names as a mistake to be removed. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
])

/** What only the proxy may say: never taken from a client or an upstream. */
export const isMark = (name: string): boolean => name.startsWith('x-ghost') || name.startsWith('x-chaos')

export const isHopByHop = (name: string): boolean => HOP_BY_HOP.has(name)

/** What the proxy does with a field of an answer; `pass` with most. */
export type AnswerField = 'pass' | 'connection' | 'drop' | 'content-length' | 'retry-after' | 'trailer'

const OF_ITS_OWN = new Set(['connection', 'content-length', 'retry-after', 'trailer'])

export const answerField = remembered((name): AnswerField => {
  const lower = name.toLowerCase()
  if (OF_ITS_OWN.has(lower)) return lower as AnswerField
  return isHopByHop(lower) || isMark(lower) || lower === 'x-request-id' ? 'drop' : 'pass'
})

/** RFC 9110 section 5.6.2 for names; section 5.5 for values, obs-text allowed. */
const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/
export const isValidValue = (value: string): boolean => !FORBIDDEN_IN_VALUE.test(value)

const NEVER_NAMED = new Set(['host', 'content-length', 'close', 'keep-alive', 'authorization', 'x-request-id'])

const NOBODY: ReadonlySet<string> = new Set()

/** The names in Connection, lower case, that take other fields with them; most often there are none. */
export const connectionNamed = remembered((connection): ReadonlySet<string> => {
  const names = connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !NEVER_NAMED.has(name) && !HOP_BY_HOP.has(name))
  return names.length === 0 ? NOBODY : new Set(names)
})

/** Drops the named fields, order kept. */
export const without = (lines: FieldLines, names: ReadonlySet<string>): string[] => {
  const kept: string[] = []
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i] as string
    if (!names.has(name.toLowerCase())) kept.push(name, lines[i + 1] as string)
  }
  return kept
}

/** The first value of a field, undefined when it is not there. */
export const fieldOf = (lines: FieldLines, name: string): string | undefined => {
  for (let i = 0; i < lines.length; i += 2) {
    const found = lines[i] as string
    if (found.length === name.length && found.toLowerCase() === name) return lines[i + 1]
  }
  return undefined
}
