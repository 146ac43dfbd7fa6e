/**
 * Keeps a role's process alive: forks it, waits until it is ready, restarts it with back-off when it dies. Its first start
 * must succeed; after that a death is an event, not the end.
 */
import { fork, type ChildProcess } from 'node:child_process'
import type { Config } from '../../schemas/config.ts'
import type { Level, Logger } from '../cli/logger.ts'
import type { MetricsJson } from '../roles/metrics.ts'
import type { Notice, RoleName } from '../roles/role.ts'
import { openChannel, type Channel, type Pipe, RemoteError } from './channel.ts'

export interface Supervised {
  readonly facts: Readonly<Record<string, string | number>>
  /** The process now, for those who want to look at it. */
  pid(): number | undefined
  metrics(): Promise<MetricsJson>
  /** Drains, then ends; killed when it takes too long. Resolves with its last figures. */
  stop(): Promise<Readonly<Record<string, number>>>
}

export interface SuperviseOptions {
  readonly role: RoleName
  readonly config: Config
  readonly logger: Logger
  readonly onNotice: (notice: Notice) => void
  readonly allMetrics: () => Promise<MetricsJson[]>
  readonly onState?: (state: 'ready' | 'lost') => void
}

const FIRST_WAIT = 200
const LONGEST_WAIT = 10_000
const STOP_MS = 15_000
const METRICS_MS = 2_000

interface Running {
  readonly child: ChildProcess
  readonly channel: Channel
  readonly exited: Promise<string>
}

interface Logged {
  readonly level: Level
  readonly obj: object
  readonly msg: string
}

const launch = (options: SuperviseOptions): Running => {
  const entry = process.argv[1] as string
  const child = fork(entry, ['role', options.role], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: process.execArgv,
  })
  let complaint = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString('utf8')).slice(-2000)
  })
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(`${signal ?? `exit code ${code}`}${complaint === '' ? '' : `: ${complaint.trim()}`}`),
    )
  })
  const channel = openChannel(child as Pipe, {
    log: (entry: Logged) => options.logger[entry.level]({ role: options.role, ...entry.obj }, entry.msg),
    notice: (notice: Notice) => options.onNotice(notice),
    'all-metrics': () => options.allMetrics(),
  })
  return { child, channel, exited }
}

const within = async <T>(promise: Promise<T>, ms: number, otherwise: T): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ms)
  })
  return await Promise.race([promise.catch(() => otherwise), late]).finally(() => clearTimeout(timer))
}

const begin = async (options: SuperviseOptions): Promise<{ running: Running; facts: Supervised['facts'] }> => {
  const running = launch(options)
  const ready = running.channel.call<Supervised['facts']>('start', options.config)
  ready.catch(() => undefined)
  const facts = await Promise.race([
    ready,
    running.exited.then((how): never => {
      throw new RemoteError(`${options.role} ended while it started (${how})`, 'gone')
    }),
  ]).catch((error: unknown) => {
    running.child.kill('SIGKILL')
    throw error
  })
  return { running, facts }
}

/** Starts the role's process; rejects when it cannot start at all. */
export const superviseRole = async (options: SuperviseOptions): Promise<Supervised> => {
  const { logger, role } = options
  const first = await begin(options)
  let { running } = first
  let stopping = false
  let timer: NodeJS.Timeout | undefined
  let wait = FIRST_WAIT

  const again = async (): Promise<void> => {
    try {
      const next = await begin(options)
      running = next.running
      if (stopping) running.child.kill('SIGKILL')
      logger.info({ pid: running.child.pid ?? 0 }, `${role} runs again`)
      options.onState?.('ready')
      wait = FIRST_WAIT
      watch()
    } catch (error) {
      logger.error({ reason: (error as Error).message }, `${role} does not start; next try in ${wait} ms`)
      retry()
    }
  }
  const retry = (): void => {
    if (stopping) return
    timer = setTimeout(() => void again(), wait)
    wait = Math.min(LONGEST_WAIT, wait * 2)
  }
  const watch = (): void => {
    void running.exited.then((how) => {
      if (stopping) return
      logger.warn({ how }, `${role} died; starting it again in ${wait} ms`)
      options.onState?.('lost')
      retry()
    })
  }
  watch()
  return {
    facts: first.facts,
    pid: () => running.child.pid,
    metrics: () => within(running.channel.call<MetricsJson>('metrics'), METRICS_MS, []),
    stop: async () => {
      stopping = true
      clearTimeout(timer)
      const figures = await within(running.channel.call<Readonly<Record<string, number>>>('stop'), STOP_MS, {})
      running.channel.tell('exit', null)
      if ((await within(running.exited, 2_000, 'late')) === 'late') running.child.kill('SIGKILL')
      return figures
    },
  }
}
