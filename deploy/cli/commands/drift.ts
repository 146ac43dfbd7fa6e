/** `drift`: what changed in the API's answers, and a person's word on it; through the admin API. */
import type { Command } from 'commander'
import { adminOf } from '../admin-of.ts'
import { CliError, EXIT } from '../failure.ts'
import { withPlace, type CommonFlags } from '../options.ts'
import { scoreOf } from '../score.ts'
import { openTerminal } from '../terminal.ts'

interface Change {
  readonly endpoint: string
  readonly kind: string
  readonly pointer: string
  readonly renamed_to: string | null
  readonly severity: string
  readonly confidence: number
  readonly before: string
  readonly after: string
  readonly count: number
  readonly status: string
}

interface Alert {
  readonly id: string
  readonly service: string
  readonly status: string
  readonly score: number
  readonly summary: string
  readonly at: string
  readonly exchange_id: string
  readonly two_versions: boolean
  readonly upstreams: readonly { readonly name: string; readonly old: number; readonly new: number }[]
  readonly changes: readonly Change[]
}

interface ListFlags extends CommonFlags {
  readonly all?: boolean
  readonly failOver?: number
  readonly service?: string
}

interface Page {
  readonly items: readonly Alert[]
  readonly next_cursor: string | null
}

const oneLine = (a: Alert): string => `${a.id}  ${a.status.padEnd(8)}  ${String(a.score).padStart(3)}  ${a.summary}`

const changeLine = (c: Change): string =>
  `  ${c.severity}  ${c.endpoint}  ${c.kind} ${c.pointer}${c.renamed_to === null ? '' : ` → ${c.renamed_to}`}` +
  `  ${c.before} → ${c.after}  seen ${c.count} times, confidence ${c.confidence.toFixed(3)}, ${c.status}`

const fetchAll = async (flags: ListFlags): Promise<readonly Alert[]> => {
  const admin = adminOf(flags)
  const query = new URLSearchParams({ unresolved_only: String(flags.all !== true) })
  if (flags.service !== undefined) query.set('service', flags.service)
  const alerts: Alert[] = []
  for (;;) {
    const page = await admin.get<Page>(`/admin/drift-alerts?${query.toString()}`)
    alerts.push(...page.items)
    if (page.next_cursor === null) return alerts
    query.set('cursor', page.next_cursor)
  }
}

const list = async (flags: ListFlags): Promise<void> => {
  const alerts = await fetchAll(flags)
  const { print } = openTerminal()
  if (flags.json === true) print(JSON.stringify(alerts))
  else if (alerts.length === 0) print('no drift')
  else for (const alert of alerts) print(oneLine(alert))
  const limit = flags.failOver
  if (limit === undefined) return
  const over = alerts.filter(({ status, score }) => (status === 'open' || status === 'reopened') && score > limit)
  if (over.length === 0) return
  throw new CliError(`${over.length} drift alert${over.length === 1 ? '' : 's'} above ${limit}`, {
    cure: 'look at it with drift show ID; accept it with drift baseline ENDPOINT, or mend the backend and drift resolve ID',
    exit: EXIT.checkFailed,
  })
}

const show = async (id: string, flags: CommonFlags): Promise<void> => {
  const alert = await adminOf(flags).get<Alert>(`/admin/drift-alerts/${encodeURIComponent(id)}`)
  const { print } = openTerminal()
  if (flags.json === true) return print(JSON.stringify(alert))
  print(oneLine(alert))
  print(`  since ${alert.at}, first shown by exchange ${alert.exchange_id}`)
  for (const change of alert.changes) print(changeLine(change))
  if (alert.two_versions) print('  two versions answer side by side')
  for (const { name, old, new: fresh } of alert.upstreams) print(`  ${name}  ${old} old answers, ${fresh} new`)
}

const tell =
  (path: (subject: string) => string) =>
  async (subject: string, flags: CommonFlags): Promise<void> => {
    const told = await adminOf(flags).post<object>(path(encodeURIComponent(subject)), {})
    openTerminal().print(flags.json === true ? JSON.stringify(told) : 'told the learners; they obey within seconds')
  }

export const registerDrift = (program: Command): void => {
  const drift = program.command('drift').description('what changed in the answers')
  withPlace(drift.command('list', { isDefault: true }))
    .description('open alerts, newest first (the default)')
    .option('--all', 'resolved and accepted ones too')
    .option('--service <name>', 'of this service only')
    .option('--fail-over <score>', 'exit with 3 when an open alert scores more (0 to 100)', scoreOf)
    .action(list)
  withPlace(drift.command('show').argument('<id>', 'of an alert'))
    .description('one alert with its changes')
    .action(show)
  withPlace(drift.command('resolve').argument('<id>', 'of an alert'))
    .description('it is mended; the next answer that shows it reopens it')
    .action(tell((id) => `/admin/drift-alerts/${id}/resolve`))
  withPlace(drift.command('baseline').argument('<endpoint>', 'its id, as in "shop GET /users/{id}"'))
    .description('what the endpoint answers now is what is expected')
    .action(tell((id) => `/admin/endpoints/${id}/baseline`))
}
