/** `outages`: what ghosts did while a backend could not answer; through the admin API. */
import type { Command } from 'commander'
import type { Outage } from '../../../sinks/console/outages.ts'
import { adminOf } from '../admin-of.ts'
import { withPlace, type CommonFlags } from '../options.ts'
import { harmless, openTerminal, table } from '../terminal.ts'

interface Detail extends Outage {
  readonly why: Readonly<Record<string, number>>
  readonly kinds: Readonly<Record<string, number>>
  readonly refusals: readonly { readonly reason: string; readonly count: number; readonly example: string }[]
  readonly endpoints: readonly {
    readonly endpoint: string
    readonly answered: number
    readonly refused: number
    readonly confidence: number | null
    readonly least_confidence: number | null
  }[]
}

interface Verified {
  readonly upstream: string
  readonly asked: number
  readonly right: number
  readonly answers: readonly {
    readonly target: string
    readonly told: number
    readonly status: number
    readonly agreement: number | null
    readonly right: boolean
  }[]
}

const share = (value: number | null): string => (value === null ? '–' : value.toFixed(2))
const seconds = ({ started_at, last_at }: Outage): string =>
  `${((Date.parse(last_at) - Date.parse(started_at)) / 1000).toFixed(1)} s`
const counted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([name]) => name !== 'none')
    .map(([name, n]) => `${n} x ${name}`)
    .join(', ')

const list = async (flags: CommonFlags): Promise<void> => {
  const { items } = await adminOf(flags).get<{ items: readonly Outage[] }>('/api/outages')
  const { print } = openTerminal()
  if (flags.json === true) return print(JSON.stringify(items))
  if (items.length === 0) return print('no outages in the last week')
  const rows = items.map((o) => [
    o.id,
    o.ended ? seconds(o) : 'not over',
    String(o.requests),
    String(o.answered),
    String(o.refused),
    String(o.clients),
    share(o.confidence),
  ])
  for (const line of table(['outage', 'lasted', 'requests', 'answered', 'refused', 'clients', 'confidence'], rows))
    print(line)
}

const counting = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`

const showLines = (o: Detail): string[] => [
  `${o.id}  ${o.ended ? `lasted ${seconds(o)}` : 'not over'}: ${counted(o.why)}`,
  `  ${o.answered} of ${o.requests} requests answered by ghosts (${counted(o.kinds)}), for ${counting(o.clients, 'address', 'addresses')} and ${counting(o.principals, 'credential', 'credentials')}`,
  `  confidence ${share(o.confidence)} in the mean, ${share(o.least_confidence)} at least`,
  `  writes: ${o.writes.accepted} accepted, ${o.writes.queued} queued, ${o.writes.rejected} refused`,
  ...o.refusals.map(({ reason, count, example }) => `  not answered: ${count} x ${reason} (${harmless(example)})`),
  '',
  ...table(
    ['answered', 'refused', 'confidence', 'least', 'endpoint'],
    o.endpoints.map((e) => [
      String(e.answered),
      String(e.refused),
      share(e.confidence),
      share(e.least_confidence),
      harmless(e.endpoint),
    ]),
  ),
]

const verifiedLines = ({ upstream, asked, right, answers }: Verified): string[] =>
  asked === 0
    ? ['', 'nothing to ask again: no ghost read for somebody without a credential, or the backend does not answer']
    : [
        '',
        `asked ${upstream} again: ${right} of ${asked} were right`,
        ...answers
          .filter((answer) => !answer.right)
          .map(
            (one) => `  ${harmless(one.target)}: told ${one.told}, is ${one.status}, agrees ${share(one.agreement)}`,
          ),
      ]

interface ShowFlags extends CommonFlags {
  readonly verify?: boolean
}

const show = async (id: string, flags: ShowFlags): Promise<void> => {
  const admin = adminOf(flags)
  const path = `/api/outages/${encodeURIComponent(id)}`
  const detail = await admin.get<Detail>(path)
  const verified = flags.verify === true ? await admin.post<Verified>(`${path}/verify`, {}) : undefined
  const { print } = openTerminal()
  if (flags.json === true) return print(JSON.stringify({ ...detail, ...(verified && { verified }) }))
  for (const line of showLines(detail)) print(line)
  if (verified !== undefined) for (const line of verifiedLines(verified)) print(line)
}

export const registerOutages = (program: Command): void => {
  const outages = program.command('outages').description('what ghosts did while a backend could not answer')
  withPlace(outages.command('list', { isDefault: true }))
    .description('of the last week, newest first (the default)')
    .action(list)
  withPlace(outages.command('show').argument('<id>', 'of an outage'))
    .description('the report of one outage')
    .option('--verify', 'ask the recovered backend again: up to 20 reads without a credential, ten a second')
    .action(show)
}
