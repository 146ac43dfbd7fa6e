/**
 * The console with its database. The sinks run beside it, since the embedded database has one owner; not so where the
 * console is alone with a Postgres: there the `sinks` role fills it.
 */
import { DEFAULT_APP } from '../../processors/runtime/host.ts'
import { startConsole, type Mode } from '../../sinks/console/console.ts'
import { startSinks } from '../../sinks/sinks.ts'
import type { Config } from '../../schemas/config.ts'
import { maskedConfig } from '../config/masked.ts'
import { openDatabaseSoon } from './database.ts'
import { closeAll } from './ingress.ts'
import { watchKnowledge } from './notices.ts'
import { openTheLog } from './open-log.ts'
import { allOf, databaseAnswers, type Readiness } from './readiness.ts'
import { never, type Role, type RoleContext } from './role.ts'

/** What services say when nobody has set a mode. */
const defaultsOf = ({ services }: Config): { defaultMode?: Mode; minConfidence?: number } => {
  const ghost = services[0]?.ghost
  return ghost ? { defaultMode: ghost.mode, minConfidence: ghost.minConfidence } : {}
}

const sinksOf = ({ log, alerts }: RoleContext['config']) => ({ retentionMs: log.retention, webhooks: alerts.webhooks })

const fills = ({ alone, config }: RoleContext): boolean => !alone || config.database.url === ''

export const startConsoleRole = async (context: RoleContext): Promise<Role> => {
  const { config, logger, registry } = context
  const closers: (() => Promise<unknown>)[] = []
  const opened = <T extends { close(): Promise<unknown> }>(thing: T): T => {
    closers.push(() => thing.close())
    return thing
  }
  try {
    const { log, codecs, checks } = opened(await openTheLog(context, 'console'))
    const coming = openDatabaseSoon(context)
    const database = opened(coming.database)
    const watching = opened(await watchKnowledge({ log, codecs, logger, onNotice: context.onNotice }))
    const ready = (): Promise<Readiness> => allOf([...checks, databaseAnswers(database)])
    // Before the database is open: live figures, modes and endpoints do not need it.
    const console = opened(
      await startConsole({
        log,
        codecs,
        database,
        registry,
        logger,
        ...config.admin,
        ...(context.enter ? { enter: context.enter } : {}),
        metricsText: context.metrics,
        config: maskedConfig(config),
        app: DEFAULT_APP,
        faultsAlarm: config.alerts.faults,
        unready: async () => (await ready()).reasons,
        ...(config.log.kind === 'embedded' && context.tellIngress ? { handOver: context.tellIngress } : {}),
        ...defaultsOf(config),
      }),
    )
    await coming.opened
    const sinks = fills(context)
      ? opened(await startSinks({ log, codecs, database, registry, logger, ...sinksOf(config) }))
      : undefined
    return {
      facts: { port: console.port, url: console.url, database: database.where },
      ready,
      failed: sinks ? sinks.done.then(() => never) : never,
      figures: () => ({ endpoints: watching.endpoints }),
      close: () => closeAll(closers),
    }
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}
