/** `simulate`: seeded Bookstore traffic against any address, to try things out. */
import type { Command } from 'commander'
import { sendTraffic } from '../../demo/traffic/traffic.ts'
import { visitors } from '../../demo/visitors.ts'
import { withScheme } from '../../config/environment.ts'
import { CliError, EXIT } from '../failure.ts'
import { untilInterrupted } from '../signals.ts'
import { openTerminal } from '../terminal.ts'

interface SimulateFlags {
  readonly target: string
  readonly rate: string
  readonly requests?: string
  readonly seed: string
  readonly json?: boolean
}

const numberOf = (flag: string, text: string): number => {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new CliError(`${flag} ${text} is no number above 0`, { exit: EXIT.usage })
}

const run = async (flags: SimulateFlags): Promise<void> => {
  const abort = new AbortController()
  void untilInterrupted().then(() => abort.abort())
  const counts = new Map<string, number>()
  await sendTraffic({
    base: withScheme(flags.target).replace(/\/$/, ''),
    visitors: visitors(),
    rate: numberOf('--rate', flags.rate),
    seed: numberOf('--seed', flags.seed),
    signal: abort.signal,
    ...(flags.requests === undefined ? {} : { requests: numberOf('--requests', flags.requests) }),
    onAnswer: (_asked, answered) => {
      const kind =
        answered === undefined ? 'no answer' : answered.headers.get('x-ghost') ? 'ghost' : String(answered.status)
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
    },
  })
  const { print } = openTerminal()
  const found = Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  const sent = [...counts.values()].reduce((sum, n) => sum + n, 0)
  if (sent > 0 && counts.get('no answer') === sent) {
    openTerminal().printError(`${flags.target} does not answer: start chaos-proxy there, or name it with --target`)
    process.exitCode = EXIT.failed
  }
  if (flags.json === true) return print(JSON.stringify({ sent, answers: found }))
  print(
    `${sent} requests: ${Object.entries(found)
      .map(([kind, n]) => `${n} x ${kind}`)
      .join(', ')}`,
  )
}

export const registerSimulate = (program: Command): void => {
  program
    .command('simulate')
    .description('send Bookstore traffic, the same for the same seed')
    .option('-t, --target <url>', 'where to', 'http://localhost:8080')
    .option('--rate <n>', 'requests a second', '20')
    .option('--requests <n>', 'how many (default: until Ctrl-C)')
    .option('--seed <n>', 'of the choices', '1')
    .option('--json', 'machine-readable output')
    .action(run)
}
