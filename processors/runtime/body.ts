/** From a captured body to a JSON value, safely: nothing here throws, and nothing grows beyond its bounds. */
import { isUtf8 } from 'node:buffer'
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import type { Body } from '../../schemas/events.ts'
import type { JsonValue } from '../kit/processor.ts'

/** Decoded size at most; the ingress captures 64 KiB unless told otherwise, so this is generous for JSON and small for a bomb. */
export const MAX_DECODED = 4 * 1024 * 1024
export const MAX_DEPTH = 200
/** RFC 9110 8.4 allows a list of codings; more than two is no honest sender. */
const MAX_CODINGS = 2

const bound = { maxOutputLength: MAX_DECODED }

/** RFC 9110 8.4.1.2: some senders mean raw deflate when they say `deflate`. */
const inflate = (bytes: Uint8Array): Uint8Array => {
  try {
    return inflateSync(bytes, bound)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw error
    return inflateRawSync(bytes, bound)
  }
}

const decoders: ReadonlyMap<string, (bytes: Uint8Array) => Uint8Array> = new Map([
  ['gzip', (bytes: Uint8Array) => gunzipSync(bytes, bound)],
  ['x-gzip', (bytes: Uint8Array) => gunzipSync(bytes, bound)],
  ['br', (bytes: Uint8Array) => brotliDecompressSync(bytes, bound)],
  ['deflate', inflate],
  ['identity', (bytes: Uint8Array) => bytes],
])

/** Undoes content codings; undefined when one is unknown, broken, or gives more than MAX_DECODED. */
export const decodeCoding = (bytes: Uint8Array, coding: string): Uint8Array | undefined => {
  if (coding === '') return bytes
  const codings = coding.toLowerCase().split(',')
  if (codings.length > MAX_CODINGS) return undefined
  let out = bytes
  try {
    for (const name of codings.reverse()) {
      const decode = decoders.get(name.trim())
      if (decode === undefined) return undefined
      out = decode(out)
    }
  } catch {
    return undefined
  }
  return out
}

const shallow = (value: unknown, left: number): boolean => {
  if (typeof value !== 'object' || value === null) return true
  if (left === 0) return false
  if (Array.isArray(value)) {
    for (const item of value) if (!shallow(item, left - 1)) return false
    return true
  }
  const fields = value as Record<string, unknown>
  for (const name in fields) if (!shallow(fields[name], left - 1)) return false
  return true
}

const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const looksLikeJson = (mediaType: string, bytes: Uint8Array): boolean => {
  if (mediaType === '') return bytes[0] === OPEN_BRACE || bytes[0] === OPEN_BRACKET
  return mediaType.includes('json') || mediaType.toLowerCase().includes('json')
}

/** The JSON value of a body: undefined when there is none, it is cut, too deep, not UTF-8 (RFC 8259 8.1) or no JSON. */
export const parseBody = (body: Body): JsonValue | undefined => {
  if (body.bytes.length === 0 || body.cut) return undefined
  const bytes = decodeCoding(body.bytes, body.coding)
  if (bytes === undefined || !looksLikeJson(body.mediaType, bytes) || !isUtf8(bytes)) return undefined
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
    const value = JSON.parse(text) as JsonValue
    return shallow(value, MAX_DEPTH) ? value : undefined
  } catch {
    return undefined
  }
}
