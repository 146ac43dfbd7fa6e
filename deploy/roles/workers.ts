/**
 * The ingress in several processes that share its port. Each accepts, serves and captures for itself; a dead one is started
 * again while the others go on. On the embedded log, which one process writes, this one writes for all of them.
 */
import cluster from 'node:cluster'
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ticketSeeds } from '../../ingress/edge/tickets.ts'
import type { Config } from '../../schemas/config.ts'
import type { Logger } from '../cli/logger.ts'
import { openSpread, type Seat } from '../processes/spread.ts'
import { superviseRole, type Supervised } from '../processes/supervise.ts'
import { QUIET, WORKER, WRITER_FD } from './child.ts'
import { closeAll } from './ingress.ts'
import { openTheLog, type OpenedLog } from './open-log.ts'
import { allOf, type Readiness } from './readiness.ts'
import { never, type Role, type RoleContext } from './role.ts'

/** How the processes are started; each gets the listening socket from this one and accepts on it itself. */
const spawner = (verbose: boolean): ((number: number) => ChildProcess) => {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({
    exec: process.argv[1] as string,
    args: ['role', 'ingress'],
    execArgv: process.execArgv,
    // The last one is WRITER_FD's.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'overlapped'],
    serialization: 'advanced',
  })
  return (number) => cluster.fork({ [WORKER]: String(number), ...(verbose ? {} : { [QUIET]: '1' }) }).process
}

/** What the process appends goes on the log of this one. */
const takeAppends = (child: ChildProcess, opened: OpenedLog | undefined, logger: Logger): void => {
  opened?.receive?.('ingress', child.stdio[WRITER_FD] as Duplex).catch((error: unknown) => {
    logger.error({ err: error }, 'a process of the ingress cannot append to the log')
  })
}

type Figures = Readonly<Record<string, number>>

const sum = (all: readonly Figures[]): Figures => {
  const total: Record<string, number> = {}
  for (const figures of all)
    for (const [name, value] of Object.entries(figures)) total[name] = (total[name] ?? 0) + value
  return total
}

const readyOf = async ({ number, process: worker }: Worker): Promise<Readiness> => {
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

interface Worker {
  /** Chooses its spool. */
  readonly number: number
  readonly process: Supervised
  /** Where it gets connections that fell on others. */
  readonly seat: Seat
}

interface Team {
  readonly workers: readonly Worker[]
  /** Starts one beside the others; resolves when it serves. */
  join(): Promise<Readonly<Record<string, string | number>>>
  /** It drains and ends; its figures. */
  leave(worker: Worker): Promise<Readonly<Record<string, number>>>
}

const openTeam = ({ config, logger, onNotice, verbose = false }: RoleContext, opened: OpenedLog | undefined): Team => {
  const spawn = spawner(verbose)
  const workers: Worker[] = []
  const seeds = ticketSeeds(config.listen.tls.ticketRotation)
  /** No number comes twice: what one that left leaves behind may be in others' hands. */
  let newest = 0
  /** One that does not run has nobody to let through. */
  const tellOthers = (from: number, name: 'counts' | 'news', value: unknown): void => {
    for (const { number, process: other } of workers)
      if (number !== from) other.call(name, value).catch(() => undefined)
  }
  const spread = openSpread((least) => {
    for (const { process: worker } of workers) worker.call('least', least).catch(() => undefined)
  })
  const leave: Team['leave'] = async (worker) => {
    spread.leave(worker.seat)
    const figures = await worker.process.stop()
    workers.splice(workers.indexOf(worker), 1)
    return figures
  }
  const join: Team['join'] = async () => {
    const number = ++newest
    const seat: Seat = { take: (socket) => started.call<number>('connection', null, socket) }
    let runs = false
    const handlers = {
      // A dead one's last words may come after its end, and its successor does not listen yet.
      open: (open: number) => runs && spread.told(seat, open),
      connection: (_: unknown, socket?: Socket) => socket && spread.give(socket),
      counts: (counts: unknown) => tellOthers(number, 'counts', counts),
      news: (news: unknown) => tellOthers(number, 'news', news),
      numbers: () => workers.map((worker) => worker.number),
      'ticket-seed': seeds,
    }
    const rest = { allMetrics: () => Promise.resolve([]), onCommand: () => undefined, handlers }
    const start = (): ChildProcess => {
      const child = spawn(number)
      takeAppends(child, opened, logger)
      runs = true
      child.once('exit', () => {
        runs = false
        spread.drop(seat)
      })
      return child
    }
    const started = superviseRole({ role: 'ingress', config, logger, onNotice, spawn: start, ...rest })
    const worker = { number, process: started, seat }
    workers.push(worker)
    return await started.started.catch(async (error: unknown) => {
      await leave(worker)
      throw error
    })
  }
  return { workers, join, leave }
}

/**
 * Replaces the processes, one after the other: the new one serves before the old one drains, so that no client is
 * refused. They run what is on the disk now, which is how a new version comes in.
 */
const renewOn = (
  signal: NodeJS.Signals,
  team: Team,
  context: RoleContext,
  spent: (figures: Figures) => void,
): (() => void) => {
  const { logger } = context
  let running = false
  const renew = async (): Promise<void> => {
    if (running) return
    running = true
    try {
      for (const worker of team.workers.slice()) {
        await team.join()
        spent(await team.leave(worker))
        logger.info({ worker: worker.number }, 'a process of the ingress was replaced')
      }
    } catch (error) {
      logger.error({ err: error }, 'a new process does not start; the ones that run go on')
    }
    running = false
  }
  const hear = (): void => void renew()
  process.on(signal, hear)
  return () => void process.off(signal, hear)
}

/**
 * What all of them send in the time in which each sends once is one group. A group costs the same whatever is in it, here
 * and in each of them, since the next batch waits for the last one.
 */
const GROUP_MS = 25

/** Starts `count` processes of the ingress. Rejects when one of them cannot start and trying again would not help. */
export const startWorkers = async (context: RoleContext, count: number): Promise<Role> => {
  const closers: (() => Promise<unknown>)[] = []
  let total: Figures = {}
  const spent = (figures: Figures): void => void (total = sum([total, figures]))
  try {
    const opened =
      context.config.log.kind === 'embedded'
        ? await openTheLog({ ...context, commitIntervalMs: GROUP_MS }, 'ingress')
        : undefined
    if (opened !== undefined) closers.push(() => opened.close())
    const team = openTeam(context, opened)
    const { workers, join, leave } = team
    closers.push(async () => (await Promise.all(workers.slice().map(leave))).forEach(spent))
    const [facts] = await Promise.all(Array.from({ length: count }, join))
    const stopListening = renewOn('SIGUSR2', team, context, spent)
    closers.push(async () => stopListening())
    const checked = async (): Promise<Readiness> => await allOf(opened?.checks ?? [])
    return {
      facts: { ...facts, workers: count },
      failed: never,
      ready: async () => {
        const { ready, reasons } = together(await Promise.all(workers.map(readyOf)))
        return { ready, reasons: [...reasons, ...(await checked()).reasons] }
      },
      figures: () => total,
      metrics: () => Promise.all(workers.map((worker) => worker.process.metrics())),
      reload: async (config: Config) => {
        await Promise.all(workers.map((worker) => worker.process.call('reload', config)))
      },
      close: () => closeAll(closers),
    }
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}
