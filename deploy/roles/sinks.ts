/** The sinks over the log. */
import { startSinks } from '../../sinks/sinks.ts'
import { openTheDatabase } from './database.ts'
import { closeAll } from './ingress.ts'
import { openTheLog } from './open-log.ts'
import { allOf, databaseAnswers } from './readiness.ts'
import { never, type Role, type RoleContext } from './role.ts'

export const startSinksRole = async (context: RoleContext): Promise<Role> => {
  const closers: (() => Promise<unknown>)[] = []
  try {
    const { log, codecs, checks, close } = await openTheLog(context, 'console')
    closers.push(close)
    if (context.config.database.url === '')
      context.logger.warn(
        {},
        'the embedded database has one owner: a console will find it locked; give both --database postgres://…',
      )
    const database = await openTheDatabase(context)
    closers.push(() => database.close())
    const sinks = await startSinks({
      log,
      codecs,
      database,
      registry: context.registry,
      logger: context.logger,
      retentionMs: context.config.log.retention,
      webhooks: context.config.alerts.webhooks,
    })
    closers.push(() => sinks.close())
    return {
      facts: { database: database.where },
      ready: () => allOf([...checks, databaseAnswers(database)]),
      failed: sinks.done.then(() => never),
      figures: () => ({}),
      close: () => closeAll(closers),
    }
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}
