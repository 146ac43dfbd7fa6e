import { createHmac } from 'node:crypto'
import type { Keyed } from '../../schemas/semantics/redaction.ts'

/** Keyed functions for tests: a real HMAC, and a seal that can be told apart from its input. */
export const testKeyed: Keyed = {
  pseudonym: (secret) => createHmac('sha256', 'test').update(secret).digest('base64url').slice(0, 22),
  seal: (text) => Buffer.from(text).toString('base64url'),
  toText: (bytes) => Buffer.from(bytes).toString('latin1'),
  toBytes: (text) => Buffer.from(text, 'latin1'),
  same: (a, b) => Buffer.compare(a, b) === 0,
}
