/** The console with its database; in `dev` the sinks run beside it, since the embedded database has one owner. */
import { DEFAULT_APP } from '../../processors/runtime/host.ts'
import { startConsole, type Mode } from '../../sinks/console/console.ts'
import { startSinks } from '../../sinks/sinks.ts'
import type { Config } from '../../schemas/config.ts'
import { maskedConfig } from '../config/masked.ts'
import { openTheDatabase } from './database.ts'
import { closeAll } from './ingress.ts'
import { watchKnowledge } from './notices.ts'
import { openTheLog } from './open-log.ts'
import type { Role, RoleContext } from './role.ts'

/** What services say when nobody has set a mode. */
const defaultsOf = ({ services }: Config): { defaultMode?: Mode; minConfidence?: number } => {
  const ghost = services[0]?.ghost
  return ghost ? { defaultMode: ghost.mode, minConfidence: ghost.minConfidence } : {}
}

export const startConsoleRole = async (context: RoleContext): Promise<Role> => {
  const { config, logger, registry } = context
  const closers: (() => Promise<unknown>)[] = []
  const opened = <T extends { close(): Promise<unknown> }>(thing: T): T => {
    closers.push(() => thing.close())
    return thing
  }
  try {
    const { log, codecs } = opened(await openTheLog(context, 'console'))
    const database = opened(await openTheDatabase(context))
    const retentionMs = config.log.retention
    const sinks = opened(await startSinks({ log, codecs, database, registry, logger, retentionMs }))
    const watching = opened(await watchKnowledge({ log, codecs, logger, onNotice: context.onNotice }))
    const console = opened(
      await startConsole({
        log,
        codecs,
        database,
        registry,
        logger,
        ...config.admin,
        metricsText: context.metrics,
        config: maskedConfig(config),
        app: DEFAULT_APP,
        ...defaultsOf(config),
      }),
    )
    return {
      facts: { port: console.port, database: database.where },
      failed: sinks.done.then(() => new Promise<never>(() => undefined)),
      figures: () => ({ endpoints: watching.endpoints }),
      close: () => closeAll(closers),
    }
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}
