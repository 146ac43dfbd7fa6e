/** Signs a message as Standard Webhooks asks (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body. */
import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/** A secret with the prefix is base64; any other is taken as it is. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret, 'utf8')

export interface Message {
  /** The same at every attempt, so that the receiver can tell what it has. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly timestamp: number
  readonly body: string
}

/** The header fields of a message; without a secret it is not signed. */
export const headersOf = ({ id, timestamp, body }: Message, secret: string): Record<string, string> => {
  const signed = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'user-agent': 'chaos-proxy',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    ...(secret === '' ? {} : { 'webhook-signature': `v1,${signed}` }),
  }
}
