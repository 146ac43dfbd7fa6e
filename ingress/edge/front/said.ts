/** What a request of HTTP/2 says of itself, and whether it can be passed on. */
import type { ListenLimits } from '../../options.ts'

/** What a request says of itself. */
interface Said {
  readonly method: string
  readonly target: string
  /** Of an extended CONNECT (RFC 8441). */
  readonly protocol: string
  readonly authority: string
  readonly expects: string
}

export const saidBy = (raw: readonly string[]): Said => {
  const fieldOf = (name: string): string => {
    const at = raw.indexOf(name)
    return at < 0 ? '' : (raw[at + 1] as string)
  }
  return {
    method: fieldOf(':method'),
    target: fieldOf(':path'),
    protocol: fieldOf(':protocol'),
    authority: fieldOf(':authority'),
    expects: fieldOf('expect').toLowerCase(),
  }
}

/** `:method`, `:scheme`, `:authority`, `:path` and `:protocol` come with the fields. */
export const PSEUDO = 5
/** RFC 9113 section 6.5.2. */
const OVERHEAD = 32

const isTooLong = (raw: readonly string[], { head, fields }: ListenLimits): boolean => {
  let size = (raw.length / 2) * OVERHEAD
  for (const text of raw) size += text.length
  return size > head || raw.length > 2 * (fields + PSEUDO)
}

const TARGET = /^(?:\/[\x21-\x7e\x80-\xff]*|\*)$/

/** The status with which it is refused; 0: it is not. */
export const faultOf = (raw: readonly string[], said: Said, limits: ListenLimits): number => {
  const { method, target, protocol, expects } = said
  if (method === 'CONNECT' && protocol === '') return 405
  if (protocol !== '' && protocol !== 'websocket') return 501
  if (target.length > limits.target) return 414
  if (isTooLong(raw, limits)) return 431
  if (!TARGET.test(target)) return 400
  return expects === '' || expects === '100-continue' ? 0 : 417
}
