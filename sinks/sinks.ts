/** The face of the sinks: what follows the log into a database. The console is a face of its own (console/console.ts). */
import { Counter, Histogram, type Registry } from 'prom-client'
import type { Codecs } from '../schemas/codecs.ts'
import type { EventLog } from '../schemas/log.ts'
import { driftMetrics } from './drift-metrics.ts'
import { endpointMetrics } from './endpoint-metrics.ts'
import type { Database } from './kit/database.ts'
import { runSink, type Running } from './kit/host.ts'
import type { Logger } from './kit/logger.ts'
import { followEndpoints } from './kit/locate.ts'
import { untilItWorks } from './kit/retry.ts'
import { migrate } from './postgres/migrate.ts'
import { keepTables } from './postgres/retention.ts'
import { postgresSink } from './postgres/sink.ts'
import { tables } from './postgres/tables.ts'
import { webhookSink, type WebhookSettings } from './webhook/webhook.ts'

export { openDatabase, type DatabaseOptions } from './postgres/database.ts'
export { migrate, migrationStatus } from './postgres/migrate.ts'
export { rebuildable, rebuildTable } from './postgres/rebuild.ts'
export { storeState, type StoreState } from './postgres/status.ts'
export type { Database } from './kit/database.ts'

export interface SinksOptions {
  readonly log: EventLog
  readonly codecs: Codecs
  readonly database: Database
  readonly registry: Registry
  readonly logger: Logger
  /** How long exchanges stay in the database, ms; as long as on the log (7 days). */
  readonly retentionMs?: number
  readonly lingerMs?: number
  /** Told of drift alerts. */
  readonly webhooks?: readonly WebhookSettings[]
}

export interface Sinks extends Running {}

const HOUR = 3_600_000

const metrics = (registry: Registry) => ({
  rows: new Counter({
    name: 'chaosproxy_sink_rows_total',
    help: 'Rows written, by table',
    labelNames: ['table'],
    registers: [registry],
  }),
  letters: new Counter({
    name: 'chaosproxy_sink_dead_letters_total',
    help: 'Records put aside by the sink',
    registers: [registry],
  }),
  retries: new Counter({
    name: 'chaosproxy_sink_retries_total',
    help: 'Attempts that failed and were made again',
    registers: [registry],
  }),
  hooks: new Counter({
    name: 'chaosproxy_webhook_messages_total',
    help: 'Messages to webhooks by outcome: delivered, failed (sent again), refused (passed over)',
    labelNames: ['outcome'],
    registers: [registry],
  }),
  seconds: new Histogram({
    name: 'chaosproxy_sink_write_seconds',
    help: 'Time of one transaction, retries included',
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  }),
})

/** Alerts gather for so long, so that what comes together is told as one. */
const HOOK_LINGER_MS = 1_000

/** Starts a hook in its own time: nobody waits for it, and its failure is nobody else's. */
const startHook = (
  { log, codecs, database, logger, lingerMs }: SinksOptions,
  settings: WebhookSettings,
  onOutcome: (outcome: string) => void,
): Pick<Running, 'close'> => {
  const sink = webhookSink({ settings, database, codecs, logger, onOutcome })
  const starting = runSink({ log, codecs, sink, logger, rebuild: true, lingerMs: lingerMs ?? HOOK_LINGER_MS })
  const fail = (err: unknown): void => logger.error({ err, sink: sink.name }, 'a webhook is told nothing any more')
  starting.then(({ done }) => done.catch(fail), fail)
  return { close: async () => (await starting.catch(() => undefined))?.close() }
}

/** Migrates, then follows the log from where the database says it stopped. Waits for a database that is away. */
export const startSinks = async (options: SinksOptions): Promise<Sinks> => {
  const { log, codecs, database, logger } = options
  const count = metrics(options.registry)
  driftMetrics(options.registry, database)
  endpointMetrics(options.registry, database)
  const locator = await untilItWorks('following the endpoints', { logger }, () => followEndpoints(log, codecs))
  const sink = postgresSink({
    database,
    codecs,
    tables: tables(locator.find),
    onRows: (table, rows) => count.rows.inc({ table }, rows),
    onDeadLetter: ({ topic, partition, offset }, reason) => {
      count.letters.inc()
      logger.warn({ topic, partition, offset, reason }, 'a record was put aside: it cannot be stored')
    },
  })
  const keep = (drop: boolean): Promise<void> => keepTables(database, options.retentionMs ?? 7 * 24 * HOUR, drop)
  const prepare = (): Promise<void> => migrate(database).then(() => keep(false))
  await untilItWorks('migrating the database', { logger, onRetry: () => count.retries.inc() }, prepare)
  const running = await runSink({
    log,
    codecs,
    sink,
    logger,
    rebuild: database.kind === 'pglite',
    ...(options.lingerMs === undefined ? {} : { lingerMs: options.lingerMs }),
    onWrite: ({ seconds }) => count.seconds.observe(seconds),
    onRetry: () => count.retries.inc(),
  })
  const hooks = (options.webhooks ?? []).map((settings) =>
    startHook(options, settings, (outcome) => count.hooks.inc({ outcome })),
  )
  const pruning = setInterval(() => {
    keep(true).catch((err: unknown) => logger.warn({ err }, 'old rows could not be dropped; trying again in an hour'))
  }, HOUR)
  pruning.unref()
  return {
    ...running,
    close: async () => {
      clearInterval(pruning)
      await Promise.all([running, ...hooks].map((one) => one.close()))
      await locator.close()
    },
  }
}
