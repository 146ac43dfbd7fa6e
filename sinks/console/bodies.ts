/** Bodies as a person reads them: text where it is text, base64 otherwise. */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import type { Body } from '../../schemas/events.ts'

/** More than this is not unpacked for display: a small body may hide a large one. */
const LIMIT = { maxOutputLength: 1 << 20 }

const unpack = (bytes: Uint8Array, coding: string): Uint8Array | undefined => {
  try {
    if (coding === '' || coding === 'identity') return bytes
    if (coding === 'gzip' || coding === 'x-gzip') return gunzipSync(bytes, LIMIT)
    if (coding === 'br') return brotliDecompressSync(bytes, LIMIT)
    if (coding === 'deflate') return inflateSync(bytes, LIMIT)
  } catch {
    // cut, broken or too large: shown as it is
  }
  return undefined
}

const asText = (bytes: Uint8Array | undefined): string | null => {
  try {
    return bytes === undefined ? null : new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

export interface ShownBody {
  readonly media_type: string
  readonly coding: string
  readonly length: number
  readonly cut: boolean
  /** Null where the bytes are no UTF-8 text; `base64` then holds them. */
  readonly text: string | null
  readonly base64: string | null
}

export const showBody = ({ mediaType, coding, bytes, length, cut }: Body): ShownBody => {
  const text = asText(unpack(bytes, coding.toLowerCase()))
  return {
    media_type: mediaType,
    coding,
    length,
    cut,
    text,
    base64: text === null ? Buffer.from(bytes).toString('base64') : null,
  }
}
