/**
 * All of chaos-proxy on one machine: the ingress here, processors and console in processes of their own, so that learning
 * and looking never take time from requests.
 */
import { performance } from 'node:perf_hooks'
import { Registry } from 'prom-client'
import type { Config } from '../../schemas/config.ts'
import { CliError, EXIT } from '../cli/failure.ts'
import type { Logger } from '../cli/logger.ts'
import { version } from '../cli/version.ts'
import type { Loaded } from '../config/load.ts'
import { startIngressRole, type IngressRole } from '../roles/ingress.ts'
import { metricsOf, type MetricsJson, watchProcess } from '../roles/metrics.ts'
import { makePlace, placeOf, removeRunFile, writeRunFile } from '../roles/place.ts'
import type { Notice, RoleName } from '../roles/role.ts'
import { adminClient, type AdminClient } from '../cli/admin.ts'
import { openDoorway, type Doorway } from './doorway.ts'
import { choosePort } from './ports.ts'
import type { Handler } from '../processes/channel.ts'
import { superviseRole, type Supervised } from '../processes/supervise.ts'
import type { StartFacts, Summary } from './wording.ts'
import { displayPath } from '../cli/terminal.ts'

export interface DevOptions {
  readonly loaded: Loaded
  readonly logger: Logger
  readonly onNotice: (notice: Notice) => void
}

export interface Dev {
  readonly facts: StartFacts
  /** Resolves when learners and console run too; rejects when one of them never will. */
  readonly complete: Promise<void>
  readonly admin: AdminClient
  /** Takes over a new configuration of the services. */
  reload(config: Config): void
  /** Of the forked roles, now. */
  pids(): readonly number[]
  /** Drains: no request is cut off, no event is lost. */
  close(): Promise<Summary>
}

const withPorts = async (loaded: Loaded): Promise<{ config: Config; moved: string }> => {
  const { listen, admin } = loaded.config
  const named = (name: 'listen' | 'admin'): boolean => loaded.named([name, 'port'])
  // The ingress takes any port itself; the console's must be known before its process is there.
  const port =
    listen.port === 0 ? 0 : await choosePort({ ...listen, named: named('listen'), flag: '--port', taken: [] })
  const adminPort = await choosePort({
    ...admin,
    named: named('admin'),
    flag: '--admin-port',
    taken: port === 0 ? [] : [port],
  })
  const busy = [
    ...(port === listen.port ? [] : [listen.port]),
    ...(admin.port === 0 || adminPort === admin.port ? [] : [admin.port]),
  ]
  return {
    config: { ...loaded.config, listen: { ...listen, port }, admin: { ...admin, port: adminPort } },
    moved: busy.length === 0 ? '' : `(port ${busy.join(' and ')} busy, moved on)`,
  }
}

/** Whoever develops is told where the time went, unless that was said otherwise. */
const withTiming = (config: Config, { named }: Loaded): Config =>
  named(['telemetry', 'serverTiming']) ? config : { ...config, telemetry: { ...config.telemetry, serverTiming: true } }

interface Parts {
  readonly ingress: IngressRole
  readonly processors: Supervised
  readonly console: Supervised
  readonly doorway: Doorway
}

/** The ingress first and alone: it serves as soon as it can, and what learns and shows follows. */
const startParts = async (config: Config, options: DevOptions): Promise<Parts> => {
  const { logger, onNotice } = options
  const registry = new Registry()
  watchProcess(registry, 'ingress')
  const ingress = await startIngressRole({
    config,
    registry,
    logger,
    onNotice,
    metrics: () => registry.metrics(),
    alone: false,
  })
  const children: Supervised[] = []
  const allMetrics = async (): Promise<MetricsJson[]> =>
    await Promise.all([metricsOf(registry), ...children.map((child) => child.metrics())])
  const doorway = await openDoorway(config.admin)
  const supervise = (role: RoleName, handlers: Readonly<Record<string, Handler>> = {}): Supervised => {
    const onCommand = ingress.ingress.command
    const child = superviseRole({ role, config, allMetrics, onCommand, logger, onNotice, handlers })
    children.push(child)
    return child
  }
  const processors = supervise('processors')
  const console: Supervised = supervise('console', {
    knock: () => doorway.handOver((handle) => console.call('door', null, handle)),
  })
  return { ingress, processors, console, doorway }
}

/** A first health check takes a moment; nobody waits longer than this for it. */
const FIRST_HEALTH_MS = 400
const settledHealth = async (ingress: IngressRole['ingress']): Promise<StartFacts['upstreams']> => {
  const end = performance.now() + FIRST_HEALTH_MS
  const upstreams = (): StartFacts['upstreams'] => ingress.status().services.flatMap((s) => s.upstreams)
  while (upstreams().some((u) => u.health === 'unknown') && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 20))
  return upstreams()
}

const origin = (host: string, port: number, scheme = 'http'): string =>
  `${scheme}://${host === '127.0.0.1' ? 'localhost' : host}:${port}`

const summaryOf = async (parts: Parts, started: number, config: Config): Promise<Summary> => {
  // The ingress first, so that the learners still hear the last of it.
  const before = parts.ingress.figures()
  await parts.ingress.close()
  const figures = { ...before, ...parts.ingress.figures() }
  const learned = await parts.processors.stop()
  parts.doorway.close()
  const seen = await parts.console.stop()
  return {
    seconds: (performance.now() - started) / 1000,
    requests: figures['requests'] ?? 0,
    ghosts: figures['ghosts'] ?? 0,
    refused: figures['refused'] ?? 0,
    events: figures['events'] ?? 0,
    lost: figures['dropped'] ?? 0,
    spooled: figures['spooled'] ?? 0,
    endpoints: seen['endpoints'] ?? learned['endpoints'] ?? 0,
    profileDir: config.log.kind === 'kafka' ? 'Kafka' : displayPath(placeOf(config).root),
  }
}

/** Starts everything and resolves as soon as requests are served. A backend that is away is no error. */
export const startDev = async (options: DevOptions): Promise<Dev> => {
  const began = performance.now()
  if (options.loaded.config.services.length === 0)
    throw new CliError('there is nothing to stand in front of', {
      cure: 'name the backend: chaos-proxy --target http://localhost:3000   (or services: in chaos-proxy.yaml)',
      exit: EXIT.usage,
    })
  const { config: configured, moved } = await withPorts(options.loaded)
  const config = withTiming(configured, options.loaded)
  const place = placeOf(config)
  makePlace(place)
  const parts = await startParts(config, options)
  const facts: StartFacts = {
    version,
    ms: Math.round(performance.now() - began),
    proxy: origin(config.listen.host, parts.ingress.ingress.port, config.listen.tls.enabled ? 'https' : 'http'),
    admin: origin(config.admin.host, config.admin.port),
    upstreams: await settledHealth(parts.ingress.ingress),
    config,
    moved,
    profileDir: displayPath(place.root),
  }
  writeRunFile(place, { pid: process.pid, proxy: facts.proxy, admin: facts.admin })
  let closing: Promise<Summary> | undefined
  const complete = Promise.all([parts.processors.started, parts.console.started]).then(() => undefined)
  complete.catch((error: unknown) => options.logger.error({ reason: (error as Error).message }, 'a role cannot start'))
  return {
    facts,
    complete,
    admin: adminClient(facts.admin, config.admin.token),
    reload: parts.ingress.reload,
    pids: () => [parts.processors.pid(), parts.console.pid()].filter((pid) => pid !== undefined),
    close: () => (closing ??= summaryOf(parts, began, config).finally(() => removeRunFile(place))),
  }
}
