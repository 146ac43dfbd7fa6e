/**
 * Keeps a role's process alive: forks it, starts it again with back-off when it dies, and kills it when it no longer
 * answers. A first start that no later try can cure is the caller's to hear of; after that a death is an event, not the end.
 */
import { fork, type ChildProcess } from 'node:child_process'
import type { Server, Socket } from 'node:net'
import type { Config } from '../../schemas/config.ts'
import type { Command } from '../../schemas/events.ts'
import type { Level, Logger } from '../cli/logger.ts'
import type { MetricsJson } from '../roles/metrics.ts'
import type { Notice, RoleName } from '../roles/role.ts'
import { openChannel, type Channel, type Handler, type Pipe, RemoteError } from './channel.ts'

type Facts = Readonly<Record<string, string | number>>

export interface Supervised {
  /** Of the first start; rejects when trying again cannot help (a locked folder, a wrong address). */
  readonly started: Promise<Facts>
  /** The process now, for those who want to look at it. */
  pid(): number | undefined
  metrics(): Promise<MetricsJson>
  /** Asks it something else; rejects when it does not run. A socket stays open here too. */
  call<T>(name: string, value?: unknown, socket?: Socket | Server): Promise<T>
  /** Drains, then ends; killed when it takes too long. Resolves with its last figures. */
  stop(): Promise<Readonly<Record<string, number>>>
}

export interface SuperviseOptions {
  readonly role: RoleName
  readonly config: Config
  readonly logger: Logger
  readonly onNotice: (notice: Notice) => void
  readonly allMetrics: () => Promise<MetricsJson[]>
  /** An operator's command, which is the ingress's to put on the log. */
  readonly onCommand: (service: string, command: Command) => void
  /** How often it is asked whether it lives, and how many answers it may owe. */
  readonly heartbeat?: { readonly everyMs: number; readonly misses: number }
  /** The program that is forked, and Node's own arguments; those of this process unless given. */
  readonly entry?: string
  readonly execArgv?: readonly string[]
  /** Starts the process; `fork` unless given. */
  readonly spawn?: () => ChildProcess
  /** What it may ask besides. */
  readonly handlers?: Readonly<Record<string, Handler>>
}

const FIRST_WAIT = 200
const LONGEST_WAIT = 10_000
/** Who lived this long is started anew without waiting. */
const LIVED_MS = 10_000
/** Counted in questions, not by the clock: a machine that slept is no reason to kill anybody. */
const HEARTBEAT = { everyMs: 3_000, misses: 5 }
const STOP_MS = 15_000
const METRICS_MS = 2_000

interface Running {
  readonly child: ChildProcess
  /** It listens: what is said before is lost when the child is one of a cluster. */
  readonly awake: Promise<void>
  readonly channel: Channel
  readonly exited: Promise<string>
}

interface Logged {
  readonly level: Level
  readonly obj: object
  readonly msg: string
}

const forkRole = ({ entry, role, execArgv }: SuperviseOptions): ChildProcess =>
  fork(entry ?? (process.argv[1] as string), ['role', role], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...(execArgv ?? process.execArgv)],
  })

const launch = (options: SuperviseOptions): Running => {
  const child = options.spawn === undefined ? forkRole(options) : options.spawn()
  let complaint = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString('utf8')).slice(-2000)
  })
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(`${signal ?? `exit code ${code}`}${complaint === '' ? '' : `: ${complaint.trim()}`}`),
    )
  })
  let wake = (): void => undefined
  const awake = new Promise<void>((resolve) => (wake = resolve))
  const channel = openChannel(child as Pipe, {
    awake: () => wake(),
    log: (entry: Logged) => options.logger[entry.level]({ role: options.role, ...entry.obj }, entry.msg),
    notice: (notice: Notice) => options.onNotice(notice),
    'all-metrics': () => options.allMetrics(),
    command: ({ service, command }: { service: string; command: Command }) => options.onCommand(service, command),
    ...options.handlers,
  })
  return { child, awake, channel, exited }
}

const within = async <T>(promise: Promise<T>, ms: number, otherwise: T): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ms)
  })
  return await Promise.race([promise.catch(() => otherwise), late]).finally(() => clearTimeout(timer))
}

/** Resolves with the role's facts; the process is killed when it cannot start. */
const begin = async ({ role, config }: SuperviseOptions, running: Running): Promise<Facts> => {
  const early = running.exited.then((how): never => {
    throw new RemoteError(
      `${role} ended while it started (${how})`,
      running.child.signalCode === null ? 'gone' : 'killed',
    )
  })
  // A channel that breaks says only that; the exit that follows says why.
  const ready = running.awake
    .then(() => running.channel.call<Facts>('start', config))
    .catch((error: RemoteError) => (error.code === 'gone' ? early : Promise.reject(error)))
  return await Promise.race([ready, early]).catch((error: unknown) => {
    running.child.kill('SIGKILL')
    throw error
  })
}

/** Kills a process that owes too many answers: it hangs, and its exit is what the supervisor waits for. */
const listenFor = (options: SuperviseOptions, { child, channel, exited }: Running): void => {
  const { everyMs, misses } = options.heartbeat ?? HEARTBEAT
  let owed = 0
  const timer = setInterval(() => {
    if (owed >= misses) {
      clearInterval(timer)
      options.logger.error({ pid: child.pid ?? 0 }, `${options.role} does not answer any more: killing it`)
      child.kill('SIGKILL')
      return
    }
    owed++
    channel.call('ping').then(
      () => (owed = 0),
      () => undefined,
    )
  }, everyMs)
  timer.unref()
  void exited.then(() => clearInterval(timer))
}

/** What passes by itself, or by making room: a log or a database that is away, a full disk, a process that somebody killed. */
const PASSES = new Set(['unavailable', 'disk-full', 'ENOSPC', 'EDQUOT', 'killed'])
const mayPass = (error: unknown): boolean => PASSES.has((error as { code?: string }).code ?? '')

interface Life {
  running: Running | undefined
  stopping: boolean
  /** It has run once. */
  proven: boolean
  wait: number
  timer?: NodeJS.Timeout
}

const liveOn = (options: SuperviseOptions, life: Life): Promise<Facts> =>
  new Promise((resolve, reject) => {
    const { logger, role } = options
    const retry = (): void => {
      life.timer = setTimeout(() => void once(), life.wait)
      life.wait = Math.min(LONGEST_WAIT, life.wait * 2)
    }
    const failed = (error: Error): void => {
      if (life.stopping) return
      if (!life.proven && !mayPass(error)) return reject(error)
      logger.error({ reason: error.message }, `${role} does not start; next try in ${life.wait} ms`)
      retry()
    }
    const lost = (how: string, since: number): void => {
      if (life.stopping) return
      if (performance.now() - since > LIVED_MS) life.wait = FIRST_WAIT
      logger.warn({ how }, `${role} died; starting it again in ${life.wait} ms`)
      retry()
    }
    const once = async (): Promise<void> => {
      const running = (life.running = launch(options))
      try {
        resolve(await begin(options, running))
      } catch (error) {
        return failed(error as Error)
      }
      if (life.proven) logger.info({ pid: running.child.pid ?? 0 }, `${role} runs again`)
      life.proven = true
      listenFor(options, running)
      const since = performance.now()
      void running.exited.then((how) => lost(how, since))
    }
    void once()
  })

const end = async ({ child, channel, exited }: Running): Promise<Readonly<Record<string, number>>> => {
  const figures = await within(channel.call<Readonly<Record<string, number>>>('stop'), STOP_MS, {})
  channel.tell('exit', null)
  if ((await within(exited, 2_000, 'late')) === 'late') child.kill('SIGKILL')
  return figures
}

/** Forks the role's process and looks after it until `stop`. */
export const superviseRole = (options: SuperviseOptions): Supervised => {
  const life: Life = { running: undefined, stopping: false, proven: false, wait: FIRST_WAIT }
  const started = liveOn(options, life)
  started.catch(() => undefined)
  const metrics = (): Promise<MetricsJson> =>
    life.running?.channel.call<MetricsJson>('metrics') ?? Promise.resolve<MetricsJson>([])
  return {
    started,
    pid: () => life.running?.child.pid,
    metrics: () => within(metrics(), METRICS_MS, []),
    call: async (name, value, socket) => {
      if (life.running === undefined) throw new RemoteError(`${options.role} does not run`, 'gone')
      return await life.running.channel.call(name, value, socket)
    },
    stop: async () => {
      life.stopping = true
      clearTimeout(life.timer)
      return life.running ? await end(life.running) : {}
    },
  }
}
