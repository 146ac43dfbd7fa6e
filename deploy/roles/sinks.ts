/** The sinks over the log. */
import { startSinks } from '../../sinks/sinks.ts'
import { openTheDatabase } from './database.ts'
import { closeAll } from './ingress.ts'
import { openTheLog } from './open-log.ts'
import type { Role, RoleContext } from './role.ts'

export const startSinksRole = async (context: RoleContext): Promise<Role> => {
  const closers: (() => Promise<unknown>)[] = []
  try {
    const { log, codecs, close } = await openTheLog(context, 'console')
    closers.push(close)
    const database = await openTheDatabase(context)
    closers.push(() => database.close())
    const sinks = await startSinks({
      log,
      codecs,
      database,
      registry: context.registry,
      logger: context.logger,
      retentionMs: context.config.log.retention,
    })
    closers.push(() => sinks.close())
    return {
      facts: { database: database.where },
      failed: sinks.done.then(() => new Promise<never>(() => undefined)),
      figures: () => ({}),
      close: () => closeAll(closers),
    }
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}
