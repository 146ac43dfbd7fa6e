/** The processors over the log. */
import { startProcessors } from '../../processors/runtime/host.ts'
import { topology } from '../../processors/topology.ts'
import { closeAll } from './ingress.ts'
import { openTheLog } from './open-log.ts'
import type { Role, RoleContext } from './role.ts'

export const startProcessorsRole = async (context: RoleContext): Promise<Role> => {
  const opened = await openTheLog(context, 'processors')
  try {
    const running = await startProcessors({
      log: opened.log,
      codecs: opened.codecs,
      topology,
      registry: context.registry,
      logger: context.logger,
    })
    return {
      facts: { partitions: running.positions().size },
      failed: running.done.then(() => new Promise<never>(() => undefined)),
      figures: () => ({ events: [...running.positions().values()].reduce((sum, at) => sum + at, 0) }),
      close: () => closeAll([() => opened.close(), () => running.close()]),
    }
  } catch (error) {
    await opened.close().catch(() => undefined)
    throw error
  }
}
