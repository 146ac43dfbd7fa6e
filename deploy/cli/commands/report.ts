/** `report`: a day or an hour of traffic; through the admin API. */
import { Option, type Command } from 'commander'
import type { Report } from '../../../sinks/console/reports/report.ts'
import { adminOf } from '../admin-of.ts'
import { CliError, EXIT } from '../failure.ts'
import { withPlace, type CommonFlags } from '../options.ts'
import { reportMarkdown, reportText } from '../report-text.ts'
import { openTerminal } from '../terminal.ts'

interface ReportFlags extends CommonFlags {
  readonly day?: string
  readonly hour?: string
  readonly service?: string
  readonly format: 'text' | 'json' | 'markdown'
}

const pathOf = ({ day, hour, service }: ReportFlags): string => {
  const query = new URLSearchParams(service === undefined ? {} : { service })
  if (hour !== undefined) query.set('hour', hour)
  if (day !== undefined) query.set('day', day)
  return `/api/reports/${hour === undefined ? 'daily' : 'hourly'}?${query.toString()}`
}

/** `now` and `today` are shorter to type than the hour and the day of UTC. */
const named = (flags: ReportFlags, now: Date): ReportFlags => {
  const { day, hour, ...rest } = flags
  if (day !== undefined && hour !== undefined)
    throw new CliError('--day and --hour are two reports', { cure: 'ask for one of them', exit: EXIT.usage })
  const yesterday = new Date(now.getTime() - 86_400_000)
  const days: Readonly<Record<string, Date>> = { today: now, yesterday }
  const named = day === undefined ? undefined : (days[day]?.toISOString().slice(0, 10) ?? day)
  return {
    ...rest,
    ...(named === undefined ? {} : { day: named }),
    ...(hour === undefined ? {} : { hour: hour === 'now' ? now.toISOString().slice(0, 13) : hour }),
  }
}

const report = async (flags: ReportFlags): Promise<void> => {
  const made = await adminOf(flags).get<Report>(pathOf(named(flags, new Date())))
  const { print, paint } = openTerminal()
  if (flags.json === true || flags.format === 'json') return print(JSON.stringify(made))
  for (const line of flags.format === 'markdown' ? reportMarkdown(made) : reportText(made, paint)) print(line)
}

export const registerReport = (program: Command): void => {
  withPlace(program.command('report'))
    .description('what the API did in a day or an hour')
    .option('--day <day>', '2026-01-31 in UTC, today (the default) or yesterday')
    .option('--hour <hour>', '2026-01-31T14 in UTC, or now')
    .option('--service <name>', 'of this service only')
    .addOption(new Option('--format <form>', 'how it is written').choices(['text', 'json', 'markdown']).default('text'))
    .action(report)
}
