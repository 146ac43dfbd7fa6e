/** One field of a JSON text gets another value. What is no JSON, or has no such field, stays as it is. */
import type { Distortion } from '../phases/context.ts'

type How = Extract<Distortion, { kind: 'corrupt' }>['how']
type Holder = Record<string, unknown>

const isHolder = (value: unknown): value is Holder => typeof value === 'object' && value !== null

/** Of another type than before. */
const ofAnotherType = (value: unknown): unknown => {
  if (typeof value === 'string') return value.length
  if (typeof value === 'number') return String(value)
  return typeof value === 'boolean' ? 'maybe' : 0
}

/** Of the same type, but nonsense: letters outside ASCII, a number that no code expects. */
const garbled = (value: unknown): unknown => {
  if (typeof value === 'string') return [...value].reverse().join('') + '\ufffd'
  return typeof value === 'number' ? -1e308 : ofAnotherType(value)
}

const spoil = (holder: Holder, key: string, how: How): void => {
  if (how === 'drop') {
    if (Array.isArray(holder)) holder.splice(Number(key), 1)
    else delete holder[key]
    return
  }
  const value = how === 'null' ? null : how === 'type' ? ofAnotherType(holder[key]) : garbled(holder[key])
  // Own, whatever its name: JSON may well hold `__proto__`.
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

/** RFC 6901. */
const byPointer = (root: unknown, pointer: string, how: How): boolean => {
  const keys = pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  let holder = root
  for (const key of keys.slice(0, -1)) holder = isHolder(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined
  const last = keys.at(-1) as string
  if (!isHolder(holder) || !Object.hasOwn(holder, last)) return false
  spoil(holder, last, how)
  return true
}

const byName = (root: unknown, name: string, how: How): boolean => {
  let found = false
  const waiting: unknown[] = [root]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (!isHolder(value)) continue
    waiting.push(...Object.values(value))
    if (Array.isArray(value) || !Object.hasOwn(value, name)) continue
    spoil(value, name, how)
    found = true
  }
  return found
}

/** The text with the field spoilt, undefined when there is nothing to spoil. */
export const corruptJson = (text: string, field: string, how: How): string | undefined => {
  try {
    const root: unknown = JSON.parse(text)
    const found = field.startsWith('/') ? byPointer(root, field, how) : byName(root, field, how)
    return found ? JSON.stringify(root) : undefined
  } catch {
    return undefined
  }
}
