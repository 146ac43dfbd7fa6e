/**
 * What the secret key does. Pseudonyms are HMAC-SHA256 and one-way. Seals are deterministic authenticated encryption in the
 * manner of AES-SIV (RFC 5297): the first half of an HMAC over the text is both the tag and the counter's start, so the same
 * text always gives the same seal (joins still work) and a seal made up by somebody else does not open.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { SEALED_DOMAIN, type Keyed } from '../../schemas/semantics/redaction.ts'
import { shortLived } from './slab.ts'

export interface Keys extends Keyed {
  /** Opens every sealed value in a text; what does not open stays. */
  readonly unseal: (text: string) => string
  readonly unsealBody: (body: Uint8Array) => Uint8Array
}

const CACHED = 20_000
const TAG = 16
const SEALED_BYTES = Buffer.from(SEALED_DOMAIN)
const SEALED = /([A-Za-z0-9_-]{23,})@sealed\.invalid/g

/** Remembers the newest answers; two generations, so that a full one is not thrown away at once. */
const cached = (compute: (text: string) => string): ((text: string) => string) => {
  let young = new Map<string, string>()
  let old = new Map<string, string>()
  return (text) => {
    const known = young.get(text)
    if (known !== undefined) return known
    const found = old.get(text) ?? compute(text)
    if (young.size >= CACHED) {
      old = young
      young = new Map()
    }
    if (text.length <= 4096) young.set(text, found)
    return found
  }
}

/** A key for one purpose only (HKDF, RFC 5869). */
export const derive = (secret: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `chaos-proxy ${purpose} v1`, 32))

/** Throws when the secret is too short to be one. */
export const openKeys = (secret: Uint8Array): Keys => {
  if (secret.length < 16)
    throw new Error(
      `the ingress's secret has ${secret.length} bytes: give at least 16 random ones, the same at every start`,
    )
  const pseudonymKey = derive(secret, 'pseudonym')
  const tagKey = derive(secret, 'seal tag')
  const sealKey = derive(secret, 'seal')
  const tagOf = (text: Uint8Array): Buffer => createHmac('sha256', tagKey).update(text).digest().subarray(0, TAG)

  const seal = (text: string): string => {
    const bytes = Buffer.from(text, 'latin1')
    const tag = tagOf(bytes)
    const cipher = createCipheriv('aes-256-ctr', sealKey, tag)
    return Buffer.concat([tag, cipher.update(bytes), cipher.final()]).toString('base64url')
  }
  const open = (token: string): string | undefined => {
    const bytes = Buffer.from(token, 'base64url')
    if (bytes.length <= TAG) return undefined
    const tag = bytes.subarray(0, TAG)
    const decipher = createDecipheriv('aes-256-ctr', sealKey, tag)
    const text = Buffer.concat([decipher.update(bytes.subarray(TAG)), decipher.final()])
    return timingSafeEqual(tagOf(text), tag) ? text.toString('latin1') : undefined
  }
  const unseal = (text: string): string =>
    text.includes(SEALED_DOMAIN) ? text.replace(SEALED, (all, token: string) => open(token) ?? all) : text

  return {
    pseudonym: cached((text) => createHmac('sha256', pseudonymKey).update(text).digest('base64url').slice(0, 22)),
    seal: cached(seal),
    toText: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'),
    toBytes: (text) => {
      const bytes = shortLived(text.length)
      bytes.write(text, 'latin1')
      return bytes
    },
    same: (a, b) => Buffer.compare(a, b) === 0,
    unseal,
    unsealBody: (body) => {
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
      return bytes.includes(SEALED_BYTES) ? Buffer.from(unseal(bytes.toString('latin1')), 'latin1') : body
    },
  }
}
