/** `ghosts`: what ghosts accepted in the backend's place; through the admin API. */
import type { Command } from 'commander'
import type { AdminClient } from '../admin.ts'
import { adminOf } from '../admin-of.ts'
import { CliError } from '../failure.ts'
import { withPlace, type CommonFlags } from '../options.ts'
import { openTerminal } from '../terminal.ts'

interface Write {
  readonly id: string
  readonly service: string
  readonly state: string
  readonly method: string
  readonly target: string
  readonly status: number
  readonly at: string
  readonly changes: number
  readonly replay: { readonly attempts: number; readonly reason: string; readonly status: number | null } | null
}
interface Page {
  readonly items: readonly Write[]
  readonly next_cursor: string | null
}
interface ListFlags extends CommonFlags {
  readonly state?: string
  readonly service?: string
}

const outcome = ({ replay }: Write): string => {
  if (replay === null) return ''
  const said = replay.status === null ? '' : `, the backend said ${replay.status}`
  return `${said}${replay.reason === '' ? '' : ` (${replay.reason})`}`
}

const oneLine = (w: Write): string =>
  `${w.id}  ${w.at}  ${w.state.padEnd(12)}  ${w.service}  ${w.method} ${w.target}  told ${w.status}${outcome(w)}`

const list = async (flags: ListFlags): Promise<void> => {
  const admin = adminOf(flags)
  const query = new URLSearchParams()
  if (flags.state !== undefined) query.set('state', flags.state)
  if (flags.service !== undefined) query.set('service', flags.service)
  const writes: Write[] = []
  for (;;) {
    const page = await admin.get<Page>(`/api/ghosts/writes?${query.toString()}`)
    writes.push(...page.items)
    if (page.next_cursor === null) break
    query.set('cursor', page.next_cursor)
  }
  const { print } = openTerminal()
  if (flags.json === true) print(JSON.stringify(writes))
  else if (writes.length === 0) print('ghosts accepted no writes')
  else for (const write of writes) print(oneLine(write))
}

const drop = async (id: string, flags: CommonFlags): Promise<void> => {
  const told = await adminOf(flags).post<object>(`/api/ghosts/writes/${encodeURIComponent(id)}/drop`, {})
  openTerminal().print(flags.json === true ? JSON.stringify(told) : 'told the learners; they obey within seconds')
}

interface ReplayFlags extends CommonFlags {
  readonly all?: boolean
  readonly service?: string
}

const one = async (admin: AdminClient, id: string): Promise<readonly string[]> => {
  await admin.post(`/api/ghosts/writes/${encodeURIComponent(id)}/replay`, {})
  return [id]
}

const replay = async (id: string | undefined, flags: ReplayFlags): Promise<void> => {
  if ((id === undefined) === (flags.all !== true))
    throw new CliError('say which write: an ID, or --all', { exit: 2, cure: '`chaos-proxy ghosts writes` lists them' })
  const admin = adminOf(flags)
  const query = flags.service === undefined ? {} : { service: flags.service }
  const replayed =
    id === undefined
      ? (await admin.post<{ readonly replayed: readonly string[] }>('/api/ghosts/writes/replay', query)).replayed
      : await one(admin, id)
  const text = `${replayed.length} ${replayed.length === 1 ? 'write waits' : 'writes wait'} for the backend; \`chaos-proxy ghosts writes\` shows what becomes of it`
  openTerminal().print(flags.json === true ? JSON.stringify({ replayed }) : text)
}

export const registerGhosts = (program: Command): void => {
  const ghosts = program.command('ghosts').description('what ghosts did in the backend’s place')
  withPlace(ghosts.command('writes', { isDefault: true }))
    .description('writes that ghosts accepted, newest first (the default)')
    .option('--state <state>', 'accepted, replaying, done, conflict, expired, dropped or contradicted')
    .option('--service <name>', 'of this service only')
    .action(list)
  withPlace(ghosts.command('replay').argument('[id]', 'of a write'))
    .description('send a write to the backend, as it came, as soon as that takes it')
    .option('--all', 'all that are not done, oldest first')
    .option('--service <name>', 'with --all: of this service only')
    .action(replay)
  withPlace(ghosts.command('drop').argument('<id>', 'of a write'))
    .description('give a write up: what it changed for its sender goes with it')
    .action(drop)
}
