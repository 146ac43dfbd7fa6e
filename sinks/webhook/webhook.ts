/**
 * Tells a URL of drift alerts and incidents. A sink of its own, so a hook that is down holds up nobody else: its position and
 * what it was told stand in the database, each message is stored as told only once the receiver has said 2xx, and is sent
 * again until then (at least once; the id stays the same). A receiver that refuses a message for good is told the next one.
 */
import { createHash } from 'node:crypto'
import type { Codecs } from '../../schemas/codecs.ts'
import type { LogRecord } from '../../schemas/log.ts'
import type { Topic } from '../../schemas/topics.ts'
import type { Level } from '../../schemas/webhooks.ts'
import { DatabaseError, type Database, type Step } from '../kit/database.ts'
import type { Logger } from '../kit/logger.ts'
import { positionKey, type Batch, type Sink } from '../kit/sink.ts'
import { send, shown, type Address, type Outcome } from './delivery.ts'
import { driftWord } from './drift.ts'
import { incidentWord } from './incident.ts'
import { newsOf, type Told, type Word } from './word.ts'

export interface WebhookSettings extends Address {
  readonly about: readonly ('drift' | 'incidents')[]
  readonly minSeverity: Level
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

/** A 4xx may be a slip that is mended within a minute; after so many it is meant. */
const MAX_REFUSALS = 12

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** The name under which a hook's position is kept: another URL is another hook. */
export const hookName = (url: string): string => `webhook-${digest(url)}`

interface Hook {
  readonly options: WebhookOptions
  readonly name: string
  /** Attempts that were refused, by message. */
  readonly refusals: Map<string, number>
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
  const outcome = await send(settings, id, body)
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

const toldStep = (name: string, { subject, status, severity }: Word): Step => ({
  kind: 'query',
  sql: `insert into webhook_told (hook, alert, status, severity) values ($1, $2, $3, $4)
    on conflict (hook, alert) do update set status = excluded.status, severity = excluded.severity, told_at = now()`,
  params: [name, subject, status, severity],
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

const toldOf = async ({ options, name }: Hook, subjects: readonly string[]): Promise<ReadonlyMap<string, Told>> => {
  const sql = 'select alert, status, severity from webhook_told where hook = $1 and alert = any($2::text[])'
  const rows = await options.database.query(sql, [name, subjects])
  return new Map(
    rows.map((row) => [String(row['alert']), { status: String(row['status']), severity: String(row['severity']) }]),
  )
}

interface Heard {
  readonly word: Word
  /** Where it stands on the log: the same at every attempt. */
  readonly place: string
}

const wordOf = (codecs: Codecs, topic: string, value: Uint8Array): Word | undefined =>
  topic === 'alerts' ? driftWord(codecs.decode('alerts', value)) : incidentWord(codecs.decode('anomalies', value))

const read = ({ options }: Hook, topic: string, { value, offset }: LogRecord): Word | undefined => {
  try {
    return value === null ? undefined : wordOf(options.codecs, topic, value)
  } catch (error) {
    options.logger.warn({ err: error, topic, offset }, 'news cannot be read, and no webhook is told of it')
    return undefined
  }
}

/** The last word of each thing: what came before it while the hook was away is no news any more. */
const lastWords = (hook: Hook, batches: readonly Batch[]): readonly Heard[] => {
  const heard = new Map<string, Heard>()
  for (const { topic, partition, records } of batches)
    for (const record of records) {
      if (record.value === null) heard.delete(record.key)
      const word = read(hook, topic, record)
      if (word === undefined) continue
      heard.delete(word.subject)
      heard.set(word.subject, { word, place: `${topic} ${partition} ${record.offset}` })
    }
  return [...heard.values()]
}

const isAsked = ({ services, about }: WebhookSettings, { service, kind }: Word): boolean =>
  about.includes(kind === 'drift' ? 'drift' : 'incidents') && (services.length === 0 || services.includes(service))

const DAY_MS = 86_400_000
/** That an incident of the past began is no news; its end is for who was told of it. */
const isPast = ({ kind, at }: Word): boolean => kind === 'incident' && at / 1000 < Date.now() - DAY_MS

const write = async (hook: Hook, batches: readonly Batch[]): Promise<void> => {
  const { options, name } = hook
  const { settings, database } = options
  const heard = lastWords(hook, batches).filter(({ word }) => isAsked(settings, word))
  const subjects = heard.map(({ word }) => word.subject)
  const told = await toldOf(hook, subjects)
  for (const { word, place } of heard) {
    const before = told.get(word.subject)
    const type = before === undefined && isPast(word) ? undefined : newsOf(before, word, settings.minSeverity)
    if (type === undefined) continue
    await deliver(hook, `msg_${digest(`${name} ${place}`)}`, JSON.stringify(word.message(type)))
    await database.transaction([toldStep(name, word)])
  }
  await database.transaction([positionStep(name, batches)])
}

const positions = async ({ options, name }: Hook): Promise<ReadonlyMap<string, number>> => {
  const sql = 'select topic, partition, position from sink_offsets where sink = $1'
  const rows = await options.database.query(sql, [name])
  return new Map(
    rows.map((row) => [positionKey(row['topic'] as Topic, Number(row['partition'])), Number(row['position'])]),
  )
}

/** The sink of one hook, into migrated tables. */
export const webhookSink = (options: WebhookOptions): Sink => {
  const hook: Hook = { options, name: hookName(options.settings.url), refusals: new Map() }
  return {
    name: hook.name,
    topics: ['alerts', 'anomalies'],
    positions: () => positions(hook),
    write: (batches) => write(hook, batches),
    reset: () =>
      options.database.transaction([
        { kind: 'query', sql: 'delete from sink_offsets where sink = $1', params: [hook.name] },
        { kind: 'query', sql: 'delete from webhook_told where hook = $1', params: [hook.name] },
      ]),
  }
}
