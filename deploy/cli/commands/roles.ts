/** One role per process: how it runs on several machines, over Kafka. */
import type { Command } from 'commander'
import { Registry } from 'prom-client'
import type { Loaded } from '../../config/load.ts'
import { mergeMetrics, metricsOf, watchProcess } from '../../roles/metrics.ts'
import { placeOf, removeRunFile, writeRunFile } from '../../roles/place.ts'
import type { Readiness } from '../../roles/readiness.ts'
import type { Role, RoleContext, RoleName } from '../../roles/role.ts'
import { startRole } from '../../roles/start.ts'
import { startWorkers } from '../../roles/workers.ts'
import { startVitals, type Vitals } from '../../roles/vitals.ts'
import { CliError, EXIT } from '../failure.ts'
import { jsonLogger, terminalLogger, type Logger } from '../logger.ts'
import { configOf, withPlace, withTarget, type CommonFlags } from '../options.ts'
import { keepOnRenewal, reloadOnHangup } from '../reload.ts'
import { untilInterrupted, type Ended } from '../signals.ts'
import { openTerminal } from '../terminal.ts'
import { noticePrinter } from './dev.ts'

interface Setting {
  readonly role: RoleName
  readonly loaded: Loaded
  readonly load: () => Loaded
  readonly logger: Logger
  readonly context: RoleContext
}

const metricsOfAll = async ({ registry, metrics }: RoleContext, role: Role | undefined): Promise<string> =>
  role?.metrics === undefined
    ? await metrics()
    : await mergeMetrics([await metricsOf(registry), ...(await role.metrics())])

/** The console serves its own; the others get theirs only where a port is named, so that several fit on one machine. */
const vitalsOf = async (
  { role, loaded, context }: Setting,
  now: () => Role | undefined,
): Promise<Vitals | undefined> => {
  if (role === 'console' || !loaded.named(['admin', 'port'])) return undefined
  const starting: Readiness = { ready: false, reasons: ['starting'] }
  return await startVitals({
    ...loaded.config.admin,
    ready: async () => (await now()?.ready()) ?? starting,
    metrics: async () => await metricsOfAll(context, now()),
  })
}

/** A role that cannot go on must not stay: whoever started the process starts it again. */
const failing = async (role: Role): Promise<never> =>
  await role.failed.catch((cause: unknown) => {
    throw new CliError((cause as Error).message, {
      cure: 'this process ends, so that it can be started again; its log above says what came before',
      cause,
    })
  })

/** Closing waits for the log and for clients; what hangs then is left behind. */
const CLOSE_MS = 15_000
const closeWithin = async (role: Role): Promise<void> => {
  const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
  await Promise.race([role.close().catch(() => undefined), late])
}

const STILL_MS = 6_000
const STILL = 'still starting: log or database have not answered yet (chaos-proxy doctor asks them)'
const IS: Readonly<Record<RoleName, string>> = { ingress: 'is', processors: 'are', sinks: 'are', console: 'is' }

/** Processes end with their role: nobody has to stop listening. */
const listenForReloads = ({ loaded, load, logger }: Setting, running: Role): void => {
  if (running.reload === undefined) return
  reloadOnHangup({ loaded, load, apply: running.reload, logger })
}

/** The ingress may have several processes. */
const startAll = async (role: RoleName, context: RoleContext): Promise<Role> => {
  const { workers } = context.config.listen
  if (role === 'ingress' && workers > 1) return await startWorkers(context, workers)
  keepOnRenewal(context.logger)
  return await startRole(role, context)
}

const runUntilEnded = async (setting: Setting): Promise<Ended> => {
  const { role, logger, loaded, context } = setting
  let running: Role | undefined
  const vitals = await vitalsOf(setting, () => running)
  const place = placeOf(loaded.config)
  const waiting = setTimeout(() => logger.warn({ brokers: context.config.log.brokers }, STILL), STILL_MS)
  try {
    running = await startAll(role, context)
    clearTimeout(waiting)
    const { url } = running.facts
    if (role === 'console' && typeof url === 'string') writeRunFile(place, { pid: process.pid, proxy: '', admin: url })
    listenForReloads(setting, running)
    logger.info({ ...running.facts, ...(vitals ? { vitals: vitals.port } : {}) }, `${role} ${IS[role]} ready`)
    return await Promise.race([untilInterrupted(), failing(running)])
  } finally {
    clearTimeout(waiting)
    if (running) await closeWithin(running)
    if (running && role === 'console') removeRunFile(place)
    await vitals?.close()
    if (running) logger.info(running.figures(), `${role} stopped`)
  }
}

const run = async (role: RoleName, flags: CommonFlags): Promise<void> => {
  const loaded = configOf(flags)
  const { config } = loaded
  if (role === 'ingress' && config.services.length === 0)
    throw new CliError('there is nothing to stand in front of', {
      cure: 'give --target, or services: in chaos-proxy.yaml',
      exit: EXIT.usage,
    })
  const terminal = openTerminal()
  const json = flags.json === true || !terminal.interactive
  const logger = json ? jsonLogger(config.telemetry.logLevel) : terminalLogger(terminal, config.telemetry.logLevel)
  const registry = new Registry()
  watchProcess(registry, role)
  const verbose = flags.verbose === true
  const onNotice = noticePrinter(terminal, json ? logger : undefined, verbose)
  const metrics = (): Promise<string> => registry.metrics()
  const context = { config, logger, registry, onNotice, verbose, metrics, alone: true }
  const ended = await runUntilEnded({ role, loaded, load: () => configOf(flags), logger, context })
  process.exitCode = ended === 'interrupted' ? EXIT.interrupted : EXIT.ok
}

const WORDS: Readonly<Record<RoleName, string>> = {
  ingress: 'only the proxy',
  processors: 'only the learners',
  sinks: 'only what fills the database',
  console: 'only the web page and the admin API',
}

export const registerRoles = (program: Command): void => {
  for (const role of ['ingress', 'processors', 'sinks', 'console'] as const) {
    const command = withPlace(withTarget(program.command(role)))
      .description(WORDS[role])
      .action((flags: CommonFlags) => run(role, flags))
    if (role === 'ingress') command.option('--workers <n>', 'processes that share the port (default: 1)')
  }
}
