/** `backtest`: what ghosts would have answered, had the backend died then; offline, from the log. */
import type { Command } from 'commander'
import { topology } from '../../../processors/topology.ts'
import type { Config } from '../../../schemas/config.ts'
import { backtest, ghostTopology, type Terms } from '../../backtest/backtest.ts'
import { judgeThen } from '../../backtest/models.ts'
import { survey, type Found } from '../../backtest/read.ts'
import { reportLines, reportOf, type Report } from '../../backtest/report.ts'
import { instantGiven, outageGiven, shareGiven, spanLength, type Span } from '../../backtest/span.ts'
import { openReader } from '../../roles/open-log.ts'
import { CliError, EXIT } from '../failure.ts'
import { terminalLogger } from '../logger.ts'
import { configOf, withPlace, type CommonFlags } from '../options.ts'
import { needingData } from '../no-data.ts'
import { openProgress } from '../progress.ts'
import { openTerminal } from '../terminal.ts'

interface BacktestFlags extends CommonFlags {
  readonly since: string
  readonly outage?: string
  readonly asOf?: string
  readonly min?: string
}

/** Of the records, where no outage is named. */
const LEARNED = 0.8

const logger = terminalLogger(openTerminal(process.stderr), 'error')

const UNKNOWN: Terms = {
  methods: ['GET', 'HEAD'],
  writes: 'reject',
  minConfidence: 0.6,
  maxAge: 86_400_000,
  health: '',
}

/** What the configuration lets ghosts do; the log may hold services that it does not know. */
const termsOf = ({ services }: Config): ((service: string) => Terms) => {
  const known = new Map(
    services.map(({ name, ghost, health }): [string, Terms] => [
      name,
      { ...ghost, health: health.active.enabled ? health.active.path : '' },
    ]),
  )
  return (service) => known.get(service) ?? UNKNOWN
}

const nothing = (since: string): CliError =>
  new CliError(`the log holds no traffic of the last ${since}`, {
    cure: 'reach further back with --since 7d, or name the profile with --profile',
  })

interface Spans {
  readonly learn: Span
  readonly outage: Span
}

const spansOf = (flags: BacktestFlags, found: Found): Spans => {
  const outage =
    flags.outage === undefined ? { from: found.at(LEARNED), to: found.last + 1 } : outageGiven(flags.outage, found.last)
  const asOf = flags.asOf === undefined ? outage.from : instantGiven('--as-of', flags.asOf, found.last)
  if (asOf > outage.from)
    throw new CliError('--as-of lies in the outage: what came later could not have been learned', {
      cure: 'name a time before the outage, or leave it away',
      exit: EXIT.usage,
    })
  return { learn: { from: found.first, to: asOf }, outage }
}

const demand = (report: Report, min: number | undefined): void => {
  if (report.requests === 0)
    throw new CliError(`no requests came from ${report.outage.from} to ${report.outage.to}`, {
      cure: 'name another time with --outage',
    })
  if (min === undefined || (report.survived_share ?? 0) >= min) return
  const share =
    report.survived_share === null ? 'nothing could be compared' : `${(report.survived_share * 100).toFixed(1)} %`
  throw new CliError(`below the minimum of ${(min * 100).toFixed(1)} %: ${share}`, {
    cure: 'see which endpoints would have failed above; more traffic, or ghost.writes: simulate, may help',
    exit: EXIT.checkFailed,
  })
}

const run = async (flags: BacktestFlags): Promise<void> => {
  const since = spanLength('--since', flags.since)
  const min = flags.min === undefined ? undefined : shareGiven('--min', flags.min)
  const { config } = configOf(flags)
  const { log, codecs, close } = await openReader({ config, logger })
  const terminal = openTerminal()
  try {
    const found = await needingData(config, () => survey(log, Date.now() - since))
    if (found.records === 0) throw nothing(flags.since)
    const spans = spansOf(flags, found)
    const progress = openProgress(process.stderr, found.records)
    const { service } = flags
    const without = new Set(config.services.filter(({ ghost }) => !ghost.model).map(({ name }) => name))
    const judge = await judgeThen({ log, codecs, until: spans.learn.to, without })
    const options = { log, codecs, topology: ghostTopology(topology), terms: termsOf(config), judge, ...spans, service }
    const done = await backtest({ ...options, onRead: progress.add }).finally(progress.end)
    const report = reportOf(done, { service, ...spans })
    if (flags.json === true) terminal.print(JSON.stringify(report))
    else if (report.requests > 0) for (const line of reportLines(report, terminal.paint)) terminal.print(line)
    demand(report, min)
  } finally {
    await close()
  }
}

export const registerBacktest = (program: Command): void => {
  withPlace(program.command('backtest'))
    .description('what ghosts would have answered, had the backend died then; from the log, offline')
    .option('--since <span>', 'how far back to read', '24h')
    .option(
      '--outage <times>',
      'when it dies and returns: 14:00-14:20 (UTC), or two full times with / (default: the last fifth)',
    )
    .option('--as-of <time>', 'what was learned until then (default: the beginning of the outage)')
    .option('--service <name>', 'of this service only')
    .option('--min <share>', 'exit with 3 when less is answered rightly, such as 90%')
    .action(run)
}
