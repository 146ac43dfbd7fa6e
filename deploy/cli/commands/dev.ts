/** `dev`: everything on this machine, in front of one backend. */
import type { Command } from 'commander'
import { startDev, type Dev } from '../../dev/dev.ts'
import { noticeLine, startLines, summaryLines } from '../../dev/wording.ts'
import type { Notice } from '../../roles/role.ts'
import { EXIT } from '../failure.ts'
import { listenToKeys } from '../keys.ts'
import { jsonLogger, terminalLogger, type Logger } from '../logger.ts'
import { configOf, withPlace, withTarget, type CommonFlags } from '../options.ts'
import { keepOnRenewal, reloadOnHangup } from '../reload.ts'
import { untilInterrupted, type Ended } from '../signals.ts'
import { openTerminal, type Terminal } from '../terminal.ts'

/** Each kind by its own words on a terminal, as data elsewhere; single requests only when asked for. */
export const noticePrinter =
  (terminal: Terminal, logger: Logger | undefined, verbose: boolean) =>
  (notice: Notice): void => {
    if (notice.kind === 'request' && !verbose) return
    if (logger) logger.info(notice, notice.kind)
    else terminal.print(noticeLine(notice, terminal.paint))
  }

const announce = (dev: Dev, terminal: Terminal, logger: Logger | undefined): void => {
  if (!logger) {
    for (const line of startLines(dev.facts, terminal.paint)) terminal.print(line)
    terminal.print()
    return
  }
  const { version, ms, proxy, admin, upstreams, profileDir, moved } = dev.facts
  logger.info({ version, ms, proxy, admin, upstreams, profileDir, ...(moved === '' ? {} : { moved }) }, 'ready')
}

const forever = new Promise<never>(() => undefined)

export const runDev = async (flags: CommonFlags): Promise<void> => {
  const loaded = configOf(flags)
  const terminal = openTerminal()
  const json = flags.json === true || !terminal.interactive
  const level = loaded.config.telemetry.logLevel
  const forPeople = level === 'info' && flags.verbose !== true ? 'warn' : level
  const logger = json ? jsonLogger(level) : terminalLogger(terminal, forPeople)
  const dev = await startDev({
    loaded,
    logger,
    onNotice: noticePrinter(terminal, json ? logger : undefined, flags.verbose === true),
  })
  announce(dev, terminal, json ? logger : undefined)
  const keys = (stop: () => void): (() => void) =>
    json ? () => undefined : listenToKeys({ dev, terminal, quit: stop })
  const stopReloading = reloadOnHangup({ loaded, load: () => configOf(flags), apply: dev.reload, logger })
  keepOnRenewal(logger)
  let how: Ended
  try {
    dev.complete.then(() => logger.info({}, 'all roles run')).catch(() => undefined)
    how = await Promise.race([untilInterrupted(keys), dev.complete.then(() => forever)])
  } catch (error) {
    await dev.close()
    throw error
  }
  stopReloading()
  const summary = await dev.close()
  if (json) logger.info(summary, 'stopped')
  else for (const line of ['', ...summaryLines(summary)]) terminal.print(line)
  process.exitCode = how === 'interrupted' ? EXIT.interrupted : EXIT.ok
}

export const registerDev = (program: Command): void => {
  withPlace(withTarget(program.command('dev')))
    .description('all of it on this machine (the default)')
    .action(runDev)
}
