/** `anomalies`: what was unusual, one sentence each; through the admin API. */
import type { Command } from 'commander'
import { adminOf } from '../admin-of.ts'
import { withPlace, type CommonFlags } from '../options.ts'
import { openTerminal } from '../terminal.ts'

interface Anomaly {
  readonly id: string
  readonly kind: string
  readonly severity: number
  readonly sentence: string
  readonly started_at: string
  readonly ended_at: string | null
}

interface Page {
  readonly items: readonly Anomaly[]
  readonly next_cursor: string | null
}

interface Flags extends CommonFlags {
  readonly open?: boolean
  readonly requests?: boolean
  readonly service?: string
}

/** Pages that are read at most, of 200 each. */
const MAX_PAGES = 5

const fetchAll = async (flags: Flags): Promise<readonly Anomaly[]> => {
  const admin = adminOf(flags)
  const asked = { open: flags.open === true, requests: flags.requests === true, limit: 200 }
  const query = new URLSearchParams(
    Object.entries(asked).map(([name, value]): [string, string] => [name, String(value)]),
  )
  if (flags.service !== undefined) query.set('service', flags.service)
  const found: Anomaly[] = []
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await admin.get<Page>(`/api/anomalies?${query.toString()}`)
    found.push(...page.items)
    if (page.next_cursor === null) break
    query.set('cursor', page.next_cursor)
  }
  return found
}

const stateOf = ({ kind, ended_at: ended }: Anomaly): string => {
  if (kind === 'request') return 'request'
  return ended === null ? 'open' : 'over'
}

const oneLine = (one: Anomaly): string =>
  `${one.started_at.slice(0, 16).replace('T', ' ')}  ${stateOf(one).padEnd(7)}  ${one.severity.toFixed(2)}  ${one.sentence}`

const list = async (flags: Flags): Promise<void> => {
  const anomalies = await fetchAll(flags)
  const { print } = openTerminal()
  if (flags.json === true) print(JSON.stringify(anomalies))
  else if (anomalies.length === 0) print(flags.open === true ? 'nothing unusual goes on' : 'nothing unusual was seen')
  else for (const one of anomalies) print(oneLine(one))
}

export const registerAnomalies = (program: Command): void => {
  withPlace(program.command('anomalies'))
    .description('what was unusual, newest first')
    .option('--open', 'only what goes on')
    .option('--requests', 'single strange requests too')
    .option('--service <name>', 'of this service only')
    .action(list)
}
