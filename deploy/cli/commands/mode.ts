/** `mode`: whether ghosts answer; through the admin API, as everything that changes something. */
import { Argument, type Command } from 'commander'
import { adminOf } from '../admin-of.ts'
import { withPlace, type CommonFlags } from '../options.ts'
import { openTerminal } from '../terminal.ts'

interface ModeFlags extends CommonFlags {
  readonly service?: string
}

const MEANING: Readonly<Record<string, string>> = {
  off: 'ghosts do not answer',
  failover: 'ghosts answer when no upstream can',
  mock: 'ghosts answer everything',
}

const run = async (mode: string | undefined, flags: ModeFlags): Promise<void> => {
  const admin = adminOf(flags)
  const { print } = openTerminal()
  const said =
    mode === undefined
      ? await admin.get<object>('/api/mode')
      : await admin.put<object>('/api/mode', {
          mode,
          ...(flags.service === undefined ? {} : { service: flags.service }),
        })
  if (flags.json === true) return print(JSON.stringify(said))
  if (mode === undefined) for (const line of modeLines(said)) print(line)
  else print(`${mode}: ${MEANING[mode] ?? ''}`)
}

const modeLines = (said: object): string[] => {
  const state = said as { default?: string; services?: readonly { service: string; mode: string }[] }
  const one = (name: string, m: string): string => `${name}  ${m}: ${MEANING[m] ?? ''}`
  const services = state.services ?? []
  return services.length > 0
    ? services.map((s) => one(s.service, s.mode))
    : [one('all services', state.default ?? 'unknown')]
}

export const registerMode = (program: Command): void => {
  withPlace(program.command('mode'))
    .description('show or set whether ghosts answer')
    .addArgument(new Argument('[mode]', 'off, failover or mock').choices(Object.keys(MEANING)))
    .option('--service <name>', 'of this service only')
    .action(run)
}
