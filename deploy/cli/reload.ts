/**
 * SIGHUP reads the configuration again. A terminal that closes sends the same signal: that still ends the program, after
 * it has drained.
 */
import { closeSync, openSync } from 'node:fs'
import type { Config } from '../../schemas/config.ts'
import type { Loaded } from '../config/load.ts'
import { explain } from './failure.ts'
import type { Logger } from './logger.ts'

export interface ReloadSettings {
  /** What runs now. */
  readonly loaded: Loaded
  /** Reads all sources again; throws with every problem. */
  readonly load: () => Loaded
  /** Takes over what it says of services; throws when that is wrong. */
  readonly apply: (config: Config) => void | Promise<void>
  readonly logger: Logger
}

/** Settings besides the services' that changed: they are read at a start only. */
const fixed = (before: Config, after: Config): string[] =>
  (Object.keys(after) as (keyof Config)[])
    .filter((key) => key !== 'services' && JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => `${key} changed`)

/** One reload. A configuration that is wrong is told and changes nothing. */
export const reloadOnce = async ({ loaded, load, apply, logger }: ReloadSettings): Promise<void> => {
  try {
    const { config, file } = load()
    await apply(config)
    const left = fixed(loaded.config, config)
    logger.info({ file: file ?? '' }, 'the configuration was read again')
    if (left.length > 0) logger.warn({ left }, 'some of it waits for a restart')
  } catch (error) {
    logger.error({ problems: explain(error) }, 'the new configuration is not used; the one before holds')
  }
}

const onTerminal = process.stdin.isTTY || process.stdout.isTTY

/** Whether the terminal on which this was started is there no more. */
const terminalClosed = (): boolean => {
  if (process.platform === 'win32') return true
  if (!onTerminal) return false
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return false
  } catch {
    return true
  }
}

const ALONE = 'SIGUSR2 replaces the processes of ingress --workers N, one by one; this one has none, and goes on'

/** Where nobody can take over; a process that does not listen for SIGUSR2 would end by it, requests and all. */
export const keepOnRenewal = (logger: Logger): void => void process.on('SIGUSR2', () => logger.warn({}, ALONE))

/** Listens for SIGHUP; returns how to stop. */
export const reloadOnHangup = (settings: ReloadSettings): (() => void) => {
  const hear = (): void => {
    if (terminalClosed()) process.kill(process.pid, 'SIGTERM')
    else void reloadOnce(settings)
  }
  process.on('SIGHUP', hear)
  return () => void process.off('SIGHUP', hear)
}
