/**
 * The process of a role that `dev` forked. The parent starts it, stops it and asks it through the channel; when the
 * parent goes away, it ends too.
 */
import type { Server } from 'node:http'
import { Socket } from 'node:net'
import { Registry } from 'prom-client'
import type { LimitCount, News } from '../../ingress/options.ts'
import type { Config } from '../../schemas/config.ts'
import { loggerOf } from '../cli/logger.ts'
import { openChannel, type Channel, type Pipe } from '../processes/channel.ts'
import { openShare, type Share } from '../processes/share.ts'
import { mergeMetrics, metricsOf, watchProcess, type MetricsJson } from './metrics.ts'
import type { Role, RoleContext, RoleName } from './role.ts'
import { startRole } from './start.ts'

const DRAIN_MS = 12_000
/** Between two looks whether the parent is there. */
const PARENT_MS = 1_000

/** What a terminal or `systemctl kill` sends to all processes at once is left to the parent, which asks through the channel. */
const PARENTS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const

/** Set for one of several ingress processes. */
export const WORKER = 'CHAOS_PROXY_WORKER'

/** Set where nobody reads of single requests: to tell of each would cost as much as to serve it. */
export const QUIET = 'CHAOS_PROXY_QUIET'

/** Where such a process has its pipe to the writer of the embedded log: behind the three of all and the channel. */
export const WRITER_FD = 4

const workerOf = (channel: Channel, accepting: Share): Pick<RoleContext, 'worker'> => {
  const number = Number(process.env[WORKER] ?? 0)
  return number === 0
    ? {}
    : {
        worker: {
          number,
          writer: () => new Socket({ fd: WRITER_FD }),
          tellCounts: (counts) => channel.tell('counts', counts),
          tellNews: (news) => channel.tell('news', news),
          accepting,
          numbers: () => channel.call('numbers'),
          ticketSeed: () => channel.call('ticket-seed'),
        },
      }
}

/** Behind the address that the parent holds open for a server (`dev/doorway.ts`): first it gives that, then who waited. */
const openDoor = (knock: () => Promise<boolean>) => {
  let inside: Server | undefined
  return {
    enter: (server: Server): Promise<boolean> => {
      inside = server
      return knock()
    },
    letIn: async (handle: Socket | undefined): Promise<void> => {
      if (handle instanceof Socket) inside?.emit('connection', handle)
      else await new Promise<void>((resolve) => inside?.listen(handle, resolve))
    },
  }
}

/** The parent is gone. Node does not say `disconnect` while a socket that was sent waits to be acknowledged. */
const onOrphaned = (end: () => void): void => {
  const timer = setInterval(() => {
    if (!process.connected) gone()
  }, PARENT_MS).unref()
  const gone = (): void => {
    clearInterval(timer)
    process.off('disconnect', gone)
    end()
  }
  process.once('disconnect', gone)
}

const endWith = (starting: Promise<Role> | undefined): void => {
  setTimeout(() => process.exit(1), DRAIN_MS).unref()
  void (starting ?? Promise.resolve(undefined))
    .then((started) => started?.close())
    .catch(() => undefined)
    .then(() => process.exit(0))
}

/** Runs `name` until the parent says otherwise. */
export const runChild = (name: RoleName): void => {
  for (const signal of PARENTS) process.on(signal, () => undefined)
  const registry = new Registry()
  watchProcess(registry, name)
  let role: Role | undefined
  let starting: Promise<Role> | undefined

  const start = async (config: Config): Promise<Role['facts']> => {
    starting = startRole(name, {
      ...workerOf(channel, share),
      config,
      registry,
      alone: false,
      logger: loggerOf((level, obj, msg) => channel.tell('log', { level, obj: plain(obj), msg })),
      onNotice: (notice) => {
        if (notice.kind !== 'request' || process.env[QUIET] === undefined) channel.tell('notice', notice)
      },
      tellIngress: (service, command) => channel.call('command', { service, command }),
      enter: door.enter,
      metrics: async () => await mergeMetrics(await channel.call<MetricsJson[]>('all-metrics')),
    })
    role = await starting
    role.failed.catch((error: unknown) => die(error as Error))
    return role.facts
  }
  const die = (error: Error): void => {
    channel.tell('log', { level: 'error', obj: {}, msg: `${name} cannot go on: ${error.message}` })
    setTimeout(() => process.exit(1), 100).unref()
  }
  const stop = async (): Promise<Readonly<Record<string, number>>> => {
    const before = role?.figures() ?? {}
    await role?.close()
    // What it served while it drained counts, too; the others' figures end with what they closed.
    return name === 'ingress' ? { ...before, ...role?.figures() } : before
  }
  const share = openShare({
    tellOpen: (open) => channel.tell('open', open),
    give: (socket) => channel.tell('connection', null, socket),
  })
  const door = openDoor(() => channel.call<boolean>('knock').catch(() => false))
  const channel = openChannel(process as Pipe, {
    start,
    stop,
    exit: () => process.exit(0),
    ping: () => 'pong',
    metrics: () => metricsOf(registry),
    ready: () => role?.ready(),
    reload: (config: Config) => role?.reload?.(config),
    counts: (counts: readonly LimitCount[]) => role?.absorb?.(counts),
    news: (news: News) => role?.hear?.(news),
    connection: (_: unknown, socket?: Socket) => share.take(socket),
    door: (_: unknown, handle?: Socket) => door.letIn(handle),
    least: share.hearLeast,
  })
  channel.tell('awake', null)
  onOrphaned(() => endWith(starting))
}

/** Errors do not survive the pipe as they are. */
const plain = (obj: object): object =>
  Object.fromEntries(
    Object.entries(obj).map(([key, value]) => [
      key,
      value instanceof Error ? `${value.name}: ${value.message}` : value,
    ]),
  )
