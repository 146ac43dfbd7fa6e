/** What kafkajs and librdkafka throw, as the port's closed list of codes. */
import { LogError, type LogErrorCode } from '../../../../schemas/log.ts'

interface KafkaError {
  readonly type?: string
  readonly name: string
  readonly message: string
  readonly cause?: unknown
  readonly retriable?: boolean
}

/** Another producer has our transactional id, or the broker has given up on our transaction: either way we are past. */
const FENCED = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'TRANSACTIONAL_ID_NOT_FOUND',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
])
const REFUSED = new Set(['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'])

/** The error that started it: kafkajs wraps what it has retried too often. */
export const rootOf = (error: unknown): KafkaError => {
  const known = error as KafkaError
  return known.cause instanceof Error && known.cause !== error ? rootOf(known.cause) : known
}

const codeOf = ({ type = '', message }: KafkaError): LogErrorCode => {
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return 'unknown-topic'
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') return 'too-large'
  if (FENCED.has(type)) return 'fenced'
  return message.includes('is disconnecting') ? 'closed' : 'unavailable'
}

const CURES: Partial<Record<LogErrorCode, string>> = {
  'unknown-topic': 'create it first (`chaos-proxy topics create`)',
  'too-large': 'make the record smaller or raise max.message.bytes of the topic and message.max.bytes of the brokers',
  unavailable: 'is the broker up, and reachable under its advertised listener?',
  fenced: 'another instance took over; this one drops what it has not committed',
}

/** `what` names the operation and where it happened. */
export const toLogError = (error: unknown, what: string): LogError => {
  if (error instanceof LogError) return error
  const root = rootOf(error)
  const code = codeOf(root)
  const refused = root.name === 'KafkaJSSASLAuthenticationError' || REFUSED.has(root.type ?? '')
  const cure = refused ? 'check the credentials and the ACLs of this client' : CURES[code]
  const message = `${what}: ${root.message}${cure === undefined ? '' : `; ${cure}`}`
  return new LogError(code, message, { cause: error, ...(refused ? { retry: false } : {}) })
}
