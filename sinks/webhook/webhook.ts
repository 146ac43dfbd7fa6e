/**
 * Tells a URL of drift alerts. A sink of its own, so a hook that is down holds up nobody else: its position and what it was
 * told stand in the database, each message is stored as told only once the receiver has said 2xx, and is sent again until
 * then (at least once; the id stays the same). A receiver that refuses a message for good is told the next one.
 */
import { createHash } from 'node:crypto'
import type { Codecs } from '../../schemas/codecs.ts'
import type { Alert } from '../../schemas/events.ts'
import type { LogRecord } from '../../schemas/log.ts'
import { DatabaseError, type Database, type Step } from '../kit/database.ts'
import type { Logger } from '../kit/logger.ts'
import { positionKey, type Batch, type Sink } from '../kit/sink.ts'
import { isGrave, newsOf, payloadOf, type Severity, type Told } from './payload.ts'
import { headersOf } from './signature.ts'

export interface WebhookSettings {
  readonly url: string
  /** Empty: not signed. */
  readonly secret: string
  readonly minSeverity: Severity
  /** Empty: of all. */
  readonly services: readonly string[]
}

export interface WebhookOptions {
  readonly settings: WebhookSettings
  readonly database: Database
  readonly codecs: Codecs
  readonly logger: Logger
  readonly onOutcome?: (outcome: 'delivered' | 'failed' | 'refused') => void
}

const TIMEOUT_MS = 10_000
/** A 4xx may be a slip that is mended within a minute; after so many it is meant. */
const MAX_REFUSALS = 12
/** 4xx that ask to come again (RFC 9110 15.5.9, RFC 8470, RFC 6585). */
const COME_AGAIN = new Set([408, 425, 429])
const GONE = 410

/** For people and for names: no credentials, no query. */
const shown = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** The name under which a hook's position is kept: another URL is another hook. */
export const hookName = (url: string): string => `webhook-${digest(url)}`

interface Hook {
  readonly options: WebhookOptions
  readonly name: string
  /** Attempts that were refused, by message. */
  readonly refusals: Map<string, number>
}

/** `refused`: it will hardly be taken next time either; `gone`: never (RFC 9110 15.5.11); `away`: it may be, any time. */
interface Outcome {
  readonly kind: 'delivered' | 'refused' | 'gone' | 'away'
  readonly reason: string
}

const outcomeOf = (status: number): Outcome => {
  const reason = `it answers ${status}`
  if (status >= 200 && status < 300) return { kind: 'delivered', reason }
  if (status === GONE) return { kind: 'gone', reason }
  return { kind: status >= 300 && status < 500 && !COME_AGAIN.has(status) ? 'refused' : 'away', reason }
}

const send = async ({ settings }: WebhookOptions, id: string, body: string): Promise<Outcome> => {
  const message = { id, timestamp: Math.floor(Date.now() / 1000), body }
  try {
    const response = await fetch(settings.url, {
      method: 'POST',
      headers: headersOf(message, settings.secret),
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await response.body?.cancel()
    return outcomeOf(response.status)
  } catch (error) {
    const { cause, message: text } = error as Error & { readonly cause?: { readonly code?: string } }
    return { kind: 'away', reason: cause?.code ?? text }
  }
}

/** Whether a message is passed over, refused too often. */
const isHopeless = ({ refusals }: Hook, id: string, { kind }: Outcome): boolean => {
  const count = (refusals.get(id) ?? 0) + (kind === 'refused' ? 1 : 0)
  refusals.set(id, count)
  return kind === 'gone' || count >= MAX_REFUSALS
}

/** Resolves once the message is delivered or passed over; else rejects with what is worth another attempt. */
const deliver = async (hook: Hook, id: string, body: string): Promise<void> => {
  const { settings, logger, onOutcome } = hook.options
  const outcome = await send(hook.options, id, body)
  const { reason } = outcome
  if (outcome.kind !== 'delivered' && !isHopeless(hook, id, outcome)) {
    onOutcome?.('failed')
    throw new DatabaseError('unavailable', `the webhook ${shown(settings.url)} takes no message: ${reason}`)
  }
  hook.refusals.delete(id)
  if (outcome.kind === 'delivered') return onOutcome?.('delivered')
  logger.error({ hook: shown(settings.url), message: id, reason }, 'a webhook refuses a message, which is passed over')
  onOutcome?.('refused')
}

const toldStep = (name: string, alert: Alert): Step => ({
  kind: 'query',
  sql: `insert into webhook_told (hook, alert, status, severity) values ($1, $2, $3, $4)
    on conflict (hook, alert) do update set status = excluded.status, severity = excluded.severity, told_at = now()`,
  params: [name, alert.id, alert.status, alert.severity],
})

const positionStep = (name: string, batches: readonly Batch[]): Step => ({
  kind: 'query',
  sql: `insert into sink_offsets as s (sink, topic, partition, position) select $1, * from unnest($2::text[], $3::integer[], $4::bigint[])
    on conflict (sink, topic, partition) do update set position = greatest(s.position, excluded.position), updated_at = now()`,
  params: [
    name,
    batches.map(({ topic }) => topic),
    batches.map(({ partition }) => partition),
    batches.map(({ records }) => (records.at(-1)?.offset ?? -1) + 1),
  ],
})

const toldOf = async ({ options, name }: Hook, alerts: readonly string[]): Promise<ReadonlyMap<string, Told>> => {
  const sql = 'select alert, status, severity from webhook_told where hook = $1 and alert = any($2::text[])'
  const rows = await options.database.query(sql, [name, alerts])
  return new Map(
    rows.map((row) => [String(row['alert']), { status: String(row['status']), severity: String(row['severity']) }]),
  )
}

interface Heard {
  readonly alert: Alert
  readonly record: LogRecord
}

/** The last word of each alert: what came before it while the hook was away is no news any more. */
const lastWords = ({ options }: Hook, batches: readonly Batch[]): readonly Heard[] => {
  const heard = new Map<string, Heard>()
  for (const record of batches.flatMap(({ records }) => records)) {
    heard.delete(record.key)
    if (record.value === null) continue
    try {
      heard.set(record.key, { alert: options.codecs.decode('alerts', record.value), record })
    } catch (error) {
      options.logger.warn(
        { err: error, offset: record.offset },
        'an alert cannot be read, and no webhook is told of it',
      )
    }
  }
  return [...heard.values()]
}

const isAsked = ({ minSeverity, services }: WebhookSettings, alert: Alert): boolean =>
  isGrave(alert, minSeverity) && (services.length === 0 || services.includes(alert.service))

const write = async (hook: Hook, batches: readonly Batch[]): Promise<void> => {
  const { options, name } = hook
  const heard = lastWords(hook, batches).filter(({ alert }) => isAsked(options.settings, alert))
  const told = await toldOf(
    hook,
    heard.map(({ alert }) => alert.id),
  )
  for (const { alert, record } of heard) {
    const type = newsOf(told.get(alert.id), alert)
    if (type === undefined) continue
    await deliver(hook, `msg_${digest(`${name} ${record.partition} ${record.offset}`)}`, payloadOf(type, alert))
    await options.database.transaction([toldStep(name, alert)])
  }
  await options.database.transaction([positionStep(name, batches)])
}

const positions = async ({ options, name }: Hook): Promise<ReadonlyMap<string, number>> => {
  const rows = await options.database.query('select partition, position from sink_offsets where sink = $1', [name])
  return new Map(rows.map((row) => [positionKey('alerts', Number(row['partition'])), Number(row['position'])]))
}

/** The sink of one hook, into migrated tables. */
export const webhookSink = (options: WebhookOptions): Sink => {
  const hook: Hook = { options, name: hookName(options.settings.url), refusals: new Map() }
  return {
    name: hook.name,
    topics: ['alerts'],
    positions: () => positions(hook),
    write: (batches) => write(hook, batches),
    reset: () =>
      options.database.transaction([
        { kind: 'query', sql: 'delete from sink_offsets where sink = $1', params: [hook.name] },
        { kind: 'query', sql: 'delete from webhook_told where hook = $1', params: [hook.name] },
      ]),
  }
}
