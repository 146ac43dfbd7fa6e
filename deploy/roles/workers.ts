/**
 * The ingress in several processes that share its port. Each accepts, serves and captures for itself; a dead one is started
 * again while the others go on. On the embedded log, which one process writes, this one writes for all of them.
 */
import cluster from 'node:cluster'
import type { ChildProcess } from 'node:child_process'
import type { Config } from '../../schemas/config.ts'
import { superviseRole, type Supervised } from '../dev/supervise.ts'
import { WORKER } from './child.ts'
import { closeAll } from './ingress.ts'
import { openTheLog, type OpenedLog } from './open-log.ts'
import { allOf, type Readiness } from './readiness.ts'
import { never, type Role, type RoleContext } from './role.ts'
import { appendFor } from './shared-log.ts'

/** How the processes are started; each gets the listening socket from this one and accepts on it itself. */
const spawner = (): ((number: number) => ChildProcess) => {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({
    exec: process.argv[1] as string,
    args: ['role', 'ingress'],
    execArgv: process.execArgv,
    silent: true,
    serialization: 'advanced',
  })
  return (number) => {
    const child = cluster.fork({ [WORKER]: String(number) }).process
    child.stdout?.resume()
    return child
  }
}

const sum = (all: readonly Readonly<Record<string, number>>[]): Record<string, number> => {
  const total: Record<string, number> = {}
  for (const figures of all)
    for (const [name, value] of Object.entries(figures)) total[name] = (total[name] ?? 0) + value
  return total
}

const readyOf = async (worker: Supervised, number: number): Promise<Readiness> => {
  const { ready, reasons } = await worker
    .call<Readiness>('ready')
    .catch((error: Error) => ({ ready: false, reasons: [error.message] }))
  return { ready, reasons: reasons.map((reason) => `worker ${number}: ${reason}`) }
}

/** Ready when one of them can serve: the others are started again meanwhile. */
const together = (all: readonly Readiness[]): Readiness => ({
  ready: all.some(({ ready }) => ready),
  reasons: all.flatMap(({ reasons }) => reasons),
})

const superviseAll = (context: RoleContext, count: number, opened: OpenedLog | undefined): Supervised[] => {
  const spawn = spawner()
  const { config, logger, onNotice } = context
  const all: Supervised[] = []
  /** One that does not run has nobody to let through. */
  const tellOthers = (from: number, counts: unknown): void => {
    for (const [index, worker] of all.entries())
      if (index !== from) worker.call('counts', counts).catch(() => undefined)
  }
  for (let index = 0; index < count; index++)
    all[index] = superviseRole({
      role: 'ingress',
      config,
      logger,
      onNotice,
      allMetrics: () => Promise.resolve([]),
      onCommand: () => undefined,
      spawn: () => spawn(index + 1),
      handlers: {
        ...(opened === undefined ? {} : appendFor(opened.log)),
        counts: (counts: unknown) => tellOthers(index, counts),
      },
    })
  return all
}

/** Starts `count` processes of the ingress. Rejects when one of them cannot start and trying again would not help. */
export const startWorkers = async (context: RoleContext, count: number): Promise<Role> => {
  const closers: (() => Promise<unknown>)[] = []
  let last: readonly Readonly<Record<string, number>>[] = []
  try {
    const opened = context.config.log.kind === 'embedded' ? await openTheLog(context, 'ingress') : undefined
    if (opened !== undefined) closers.push(() => opened.close())
    const workers = superviseAll(context, count, opened)
    closers.push(async () => (last = await Promise.all(workers.map((worker) => worker.stop()))))
    const [facts] = await Promise.all(workers.map(({ started }) => started))
    const checked = async (): Promise<Readiness> => await allOf(opened?.checks ?? [])
    return {
      facts: { ...facts, workers: count },
      failed: never,
      ready: async () => {
        const all = await Promise.all(workers.map((worker, index) => readyOf(worker, index + 1)))
        const { ready, reasons } = together(all)
        return { ready, reasons: [...reasons, ...(await checked()).reasons] }
      },
      figures: () => sum(last),
      metrics: () => Promise.all(workers.map((worker) => worker.metrics())),
      reload: async (config: Config) => {
        await Promise.all(workers.map((worker) => worker.call('reload', config)))
      },
      close: () => closeAll(closers),
    }
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}
