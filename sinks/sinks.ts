/** The face of the sinks: what follows the log into a database. The console is a face of its own (console/console.ts). */
import { Counter, Histogram, type Registry } from 'prom-client'
import type { Codecs } from '../schemas/codecs.ts'
import type { EventLog } from '../schemas/log.ts'
import type { Database } from './kit/database.ts'
import { runSink, type Running } from './kit/host.ts'
import type { Logger } from './kit/logger.ts'
import { followEndpoints } from './kit/locate.ts'
import { untilItWorks } from './kit/retry.ts'
import { migrate } from './postgres/migrate.ts'
import { postgresSink, prune } from './postgres/sink.ts'
import { tables } from './postgres/tables.ts'

export { openDatabase, type DatabaseOptions } from './postgres/database.ts'
export { migrate, migrationStatus } from './postgres/migrate.ts'
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
  seconds: new Histogram({
    name: 'chaosproxy_sink_write_seconds',
    help: 'Time of one transaction, retries included',
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  }),
})

/** Migrates, then follows the log from where the database says it stopped. Waits for a database that is away. */
export const startSinks = async (options: SinksOptions): Promise<Sinks> => {
  const { log, codecs, database, logger } = options
  const count = metrics(options.registry)
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
  await untilItWorks('migrating the database', { logger, onRetry: () => count.retries.inc() }, () => migrate(database))
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
  const pruning = setInterval(() => {
    prune(database, options.retentionMs ?? 7 * 24 * HOUR).catch((err: unknown) =>
      logger.warn({ err }, 'old rows could not be deleted; trying again in an hour'),
    )
  }, HOUR)
  pruning.unref()
  return {
    ...running,
    close: async () => {
      clearInterval(pruning)
      await running.close()
      await locator.close()
    },
  }
}
