/** Bytes, text and short hashes, without Node: TextEncoder and TextDecoder are part of every JavaScript host. */
interface Encoding {
  readonly TextEncoder: new () => {
    encode(text: string): Uint8Array
    encodeInto(text: string, into: Uint8Array): { readonly written: number }
  }
  readonly TextDecoder: new (
    label: string,
    options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
  ) => { decode(bytes: Uint8Array): string }
}
const { TextEncoder, TextDecoder } = globalThis as unknown as Encoding
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const toUtf8 = (text: string): Uint8Array => encoder.encode(text)

const POOL = 64 * 1024
/** Bytes of UTF-8 that a character of JavaScript becomes at most. */
const WIDEST = 3
let pool = new Uint8Array(POOL)
let used = 0

/** The same for what is sent at once: memory of its own for each would cost more than the text. Kept, it keeps its pool. */
export const toBody = (text: string): Uint8Array => {
  const most = WIDEST * text.length
  if (most > POOL / 4) return toUtf8(text)
  if (used + most > POOL) {
    pool = new Uint8Array(POOL)
    used = 0
  }
  const from = used
  used += encoder.encodeInto(text, pool.subarray(from, from + most)).written
  return pool.subarray(from, used)
}

/** The text of well-formed UTF-8, undefined for anything else. */
export const fromUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Bytes as Latin-1 text: every byte one character, so nothing is lost. */
export const toLatin1 = (bytes: Uint8Array): string => {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return text
}

export const fromLatin1 = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i) & 255
  return bytes
}

/** FNV-1a, 32 bits: for sampling and for telling repeats apart, never for identity. */
export const hash32 = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
