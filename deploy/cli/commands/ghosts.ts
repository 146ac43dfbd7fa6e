/** `ghosts`: what ghosts accepted in the backend's place; through the admin API. */
import type { Command } from 'commander'
import { adminOf } from '../admin-of.ts'
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
}
interface Page {
  readonly items: readonly Write[]
  readonly next_cursor: string | null
}
interface ListFlags extends CommonFlags {
  readonly state?: string
  readonly service?: string
}

const oneLine = (w: Write): string =>
  `${w.id}  ${w.at}  ${w.state.padEnd(12)}  ${w.service}  ${w.method} ${w.target}  told ${w.status}`

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

export const registerGhosts = (program: Command): void => {
  const ghosts = program.command('ghosts').description('what ghosts did in the backend’s place')
  withPlace(ghosts.command('writes', { isDefault: true }))
    .description('writes that ghosts accepted, newest first (the default)')
    .option('--state <state>', 'accepted, dropped or contradicted')
    .option('--service <name>', 'of this service only')
    .action(list)
  withPlace(ghosts.command('drop').argument('<id>', 'of a write'))
    .description('give a write up: what it changed for its sender goes with it')
    .action(drop)
}
