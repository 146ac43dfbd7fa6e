/** The proof that a server means WebSocket (RFC 6455 section 4.2.2), which HTTP/2 does without (RFC 8441 section 5). */
import { createHash, randomBytes } from 'node:crypto'
import { fieldOf, without } from '../../phases/fields.ts'
import type { FieldLines } from '../../phases/context.ts'

const KEY = 'sec-websocket-key'
const ACCEPT = 'sec-websocket-accept'
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

const acceptOf = (key: string): string =>
  createHash('sha1')
    .update(key + GUID)
    .digest('base64')

/** What a client of HTTP/2 asks, as HTTP/1.1 says it; the key is ours. */
export const withKey = (lines: FieldLines): { readonly lines: string[]; readonly key: string } => {
  const key = randomBytes(16).toString('base64')
  return { lines: [...without(lines, new Set([KEY])), KEY, key], key }
}

/** The fields for an upstream that wants no proof, and the proof in its place for a client that does. */
export const withoutKey = (lines: FieldLines): { readonly lines: string[]; readonly proof: string[] } => {
  const key = fieldOf(lines, KEY)
  return { lines: without(lines, new Set([KEY])), proof: key === undefined ? [] : [ACCEPT, acceptOf(key)] }
}

/** The fields of an answer without its proof; undefined when the proof is wrong. */
export const proven = (lines: FieldLines, key: string): string[] | undefined =>
  fieldOf(lines, ACCEPT) === acceptOf(key) ? without(lines, new Set([ACCEPT])) : undefined
