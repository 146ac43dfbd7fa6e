/** The processors over the log. */
import { startProcessors } from '../../processors/runtime/host.ts'
import { topology } from '../../processors/topology.ts'
import { LogError, type EventLog } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import { closeAll } from './ingress.ts'
import { openTheLog } from './open-log.ts'
import { allOf } from './readiness.ts'
import { never, type Role, type RoleContext } from './role.ts'

const LOOK_MS = 5_000

/** A consumer of a topic that was deleted waits for it in silence, for ever: so it is looked after. */
const watchInput = (log: EventLog): { readonly gone: Promise<never>; stop(): void } => {
  let timer: NodeJS.Timeout | undefined
  const gone = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      log.ranges(topicName('exchanges')).catch((error: unknown) => {
        if (error instanceof LogError && !error.retry && error.code !== 'closed') reject(error)
      })
    }, LOOK_MS)
    timer.unref()
  })
  gone.catch(() => undefined)
  return { gone, stop: () => clearInterval(timer) }
}

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
    const input = watchInput(opened.log)
    return {
      facts: { partitions: running.positions().size },
      ready: () => allOf(opened.checks),
      failed: Promise.race([running.done.then(() => never), input.gone]),
      figures: () => ({ events: [...running.positions().values()].reduce((sum, at) => sum + at, 0) }),
      close: () => closeAll([() => opened.close(), () => running.close(), async () => input.stop()]),
    }
  } catch (error) {
    await opened.close().catch(() => undefined)
    throw error
  }
}
