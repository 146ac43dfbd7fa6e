/** One role per process: how it runs on several machines, over Kafka. */
import type { Command } from 'commander'
import { Registry } from 'prom-client'
import { watchProcess } from '../../roles/metrics.ts'
import type { RoleName } from '../../roles/role.ts'
import { startRole } from '../../roles/start.ts'
import { startVitals, type Vitals } from '../../roles/vitals.ts'
import { CliError, EXIT } from '../failure.ts'
import { jsonLogger, terminalLogger } from '../logger.ts'
import { configOf, withPlace, withTarget, type CommonFlags } from '../options.ts'
import { untilInterrupted } from '../signals.ts'
import { openTerminal } from '../terminal.ts'
import { noticePrinter } from './dev.ts'

/** The console serves its own; the others get theirs only where a port is named, so that several fit on one machine. */
const vitalsOf = async (role: RoleName, flags: CommonFlags, registry: Registry): Promise<Vitals | undefined> => {
  const loaded = configOf(flags)
  if (role === 'console' || !loaded.named(['admin', 'port'])) return undefined
  return await startVitals({ ...loaded.config.admin, ready: () => true, metrics: () => registry.metrics() })
}

const run = async (role: RoleName, flags: CommonFlags): Promise<void> => {
  const { config } = configOf(flags)
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
  const onNotice = noticePrinter(terminal, json ? logger : undefined, flags.verbose === true)
  const running = await startRole(role, { config, logger, registry, onNotice, metrics: () => registry.metrics() })
  const vitals = await vitalsOf(role, flags, registry)
  logger.info(running.facts, `${role} is ready`)
  const stopped = await Promise.race([untilInterrupted(), running.failed])
  await vitals?.close()
  await running.close()
  logger.info(running.figures(), `${role} stopped`)
  process.exitCode = stopped === 'interrupted' ? EXIT.interrupted : EXIT.ok
}

const WORDS: Readonly<Record<RoleName, string>> = {
  ingress: 'only the proxy',
  processors: 'only the learners',
  sinks: 'only what fills the database',
  console: 'only the web page and the admin API',
}

export const registerRoles = (program: Command): void => {
  for (const role of ['ingress', 'processors', 'sinks', 'console'] as const)
    withPlace(withTarget(program.command(role)))
      .description(WORDS[role])
      .action((flags: CommonFlags) => run(role, flags))
}
