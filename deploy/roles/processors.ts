/** The processors over the log, and the trainer of response models beside them. */
import { createHash } from 'node:crypto'
import { shippedPrior } from '../../processors/model/shipped.ts'
import { openTraining } from '../../processors/model/tfjs/spawn.ts'
import { startTrainer, type Trainer } from '../../processors/model/trainer.ts'
import { startProcessors, type Running } from '../../processors/runtime/host.ts'
import { topology } from '../../processors/topology.ts'
import { LogError, type EventLog } from '../../schemas/log.ts'
import { topicName } from '../../schemas/topics.ts'
import { closeAll } from './ingress.ts'
import { openTheLog, type OpenedLog } from './open-log.ts'
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

/** Where several processes run, the one that has the first partition trains. */
const trainerBeside = (running: Running, { log, codecs }: OpenedLog, { registry, logger }: RoleContext): Trainer =>
  startTrainer({
    log,
    codecs,
    registry,
    logger,
    prior: shippedPrior(),
    digest: (text, bytes) => createHash('sha256').update(text).update(bytes).digest('hex'),
    openTraining,
    leads: () => running.positions().has(0),
    clock: () => performance.now(),
  })

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
    const trainer = trainerBeside(running, opened, context)
    return {
      facts: { partitions: running.positions().size },
      ready: () => allOf(opened.checks),
      failed: Promise.race([running.done.then(() => never), input.gone]),
      figures: () => ({ events: [...running.positions().values()].reduce((sum, at) => sum + at, 0) }),
      close: () =>
        closeAll([() => opened.close(), () => running.close(), async () => input.stop(), () => trainer.close()]),
    }
  } catch (error) {
    await opened.close().catch(() => undefined)
    throw error
  }
}
