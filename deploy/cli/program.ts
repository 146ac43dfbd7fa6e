/** The command line: one file per command; what goes wrong is said without a stack, and told to the shell. */
import { Command, CommanderError } from 'commander'
import { suggestion } from '../config/problems.ts'
import { registerBookstore } from './commands/bookstore.ts'
import { registerAnomalies } from './commands/anomalies.ts'
import { registerBacktest } from './commands/backtest.ts'
import { registerCerts } from './commands/certs.ts'
import { registerChaos } from './commands/chaos.ts'
import { registerConfig } from './commands/config.ts'
import { registerDemo } from './commands/demo.ts'
import { registerDev } from './commands/dev.ts'
import { registerDrift } from './commands/drift.ts'
import { registerGhosts } from './commands/ghosts.ts'
import { registerEndpoints } from './commands/endpoints.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerLearn } from './learn.ts'
import { registerMigrate } from './commands/migrate.ts'
import { registerMode } from './commands/mode.ts'
import { registerOpenApi } from './commands/openapi.ts'
import { registerOutages } from './commands/outages.ts'
import { registerReport } from './commands/report.ts'
import { registerRoles } from './commands/roles.ts'
import { registerSimulate } from './commands/simulate.ts'
import { registerTopics } from './commands/topics.ts'
import { registerTopology } from './commands/topology.ts'
import { registerUpstreams } from './commands/upstreams.ts'
import { registerWebhooks } from './commands/webhooks.ts'
import { CliError, EXIT, exitCodeOf, explain } from './failure.ts'
import { openTerminal } from './terminal.ts'
import { version } from './version.ts'

const build = (): Command => {
  const program = new Command('chaos-proxy')
    .description('An immortality layer for HTTP APIs: it learns from live traffic and answers when the backend cannot.')
    .version(version, '-V, --version')
    .helpCommand(true)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      'after',
      '\nStart with:\n  chaos-proxy --target http://localhost:3000     stand in front of a backend\n  chaos-proxy demo                               watch one die and its clients not notice',
    )
  const registers = [
    registerDev,
    registerDemo,
    registerRoles,
    registerMode,
    registerUpstreams,
    registerChaos,
    registerEndpoints,
    registerDrift,
    registerAnomalies,
    registerWebhooks,
    registerReport,
    registerGhosts,
    registerBacktest,
    registerOutages,
    registerOpenApi,
    registerLearn,
    registerTopics,
    registerMigrate,
    registerSimulate,
    registerBookstore,
    registerConfig,
    registerCerts,
    registerTopology,
    registerDoctor,
  ]
  for (const register of registers) register(program)
  for (const command of program.commands) inherit(command)
  return program
}

/** Subcommands report errors as their parent does. */
const inherit = (command: Command): void => {
  command.exitOverride().configureOutput({ outputError: () => undefined })
  for (const sub of command.commands) inherit(sub)
}

const GLOBAL = new Set(['-h', '--help', '-V', '--version'])

/** `chaos-proxy --target …` means `chaos-proxy dev --target …`; a word that is no command is a slip, not a target. */
const withCommand = (program: Command, args: readonly string[]): readonly string[] => {
  const [first] = args
  if (first === undefined || GLOBAL.has(first)) return args.length === 0 ? ['dev'] : args
  if (first.startsWith('-')) return ['dev', ...args]
  const names = [...program.commands.map((c) => c.name()), 'help']
  if (names.includes(first)) return args
  throw new CliError(`there is no command "${first}"${suggestion(first, names)}`, {
    cure: 'chaos-proxy --help lists them',
    exit: EXIT.usage,
  })
}

const report = (error: unknown, verbose: boolean): number => {
  const { printError, paint } = openTerminal(process.stderr)
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok
    const message = error.message.replace(/^error: /, '').replace(/\n/, '; ')
    if (!error.code.includes('help')) printError(`${paint('red', 'error')}  ${message}`)
    return EXIT.usage
  }
  explain(error).forEach((line, i) => printError(i === 0 ? `${paint('red', 'error')}  ${line}` : line))
  if (verbose) printError((error as Error).stack ?? '')
  return exitCodeOf(error)
}

/** Runs one command line, to its end. Resolves with the exit code. */
export const runCommandLine = async (args: readonly string[]): Promise<number> => {
  process.exitCode = EXIT.ok
  try {
    const program = build()
    await program.parseAsync([...withCommand(program, args)], { from: 'user' })
    return Number(process.exitCode)
  } catch (error) {
    return report(error, args.includes('--verbose') || args.includes('-v'))
  }
}
