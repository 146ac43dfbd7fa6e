/** `endpoints`: what was learned, and a person's word on templates; through the admin API. */
import type { Command } from 'commander'
import { adminOf } from '../admin-of.ts'
import { CliError, EXIT } from '../failure.ts'
import { withPlace, type CommonFlags } from '../options.ts'
import { openTerminal } from '../terminal.ts'

interface Endpoint {
  readonly id: string
  readonly parameters: readonly { readonly name: string; readonly kind: string }[]
  readonly count: number
  readonly first_seen: string
  readonly last_seen: string
  readonly merged_into: string | null
  readonly fidelity: number | null
}

interface Page {
  readonly items: readonly Endpoint[]
  readonly next_cursor: string | null
}

interface ListFlags extends CommonFlags {
  readonly service?: string
}

const fetchAll = async (flags: ListFlags): Promise<readonly Endpoint[]> => {
  const admin = adminOf(flags)
  const query = new URLSearchParams(flags.service === undefined ? {} : { service: flags.service })
  const endpoints: Endpoint[] = []
  for (;;) {
    const page = await admin.get<Page>(`/admin/endpoints?${query.toString()}`)
    endpoints.push(...page.items)
    if (page.next_cursor === null) return endpoints
    query.set('cursor', page.next_cursor)
  }
}

const list = async (flags: ListFlags): Promise<void> => {
  const endpoints = await fetchAll(flags)
  const { print } = openTerminal()
  if (flags.json === true) return print(JSON.stringify(endpoints))
  if (endpoints.length === 0) return print('no endpoint was learned yet')
  const width = Math.max(...endpoints.map(({ count }) => String(count).length))
  for (const { id, count } of endpoints) print(`${String(count).padStart(width)}  ${id}`)
}

const pathOf = (id: string): string => `/admin/endpoints/${encodeURIComponent(id)}`

const show = async (id: string, flags: CommonFlags): Promise<void> => {
  const endpoint = await adminOf(flags).get<Endpoint>(pathOf(id))
  const { print } = openTerminal()
  if (flags.json === true) return print(JSON.stringify(endpoint))
  print(endpoint.id)
  for (const { name, kind } of endpoint.parameters) print(`  {${name}}  ${kind}`)
  print(`  ${endpoint.count} exchanges from ${endpoint.first_seen} to ${endpoint.last_seen}`)
  if (endpoint.fidelity !== null) print(`  ghosts right in ${Math.round(100 * endpoint.fidelity)} %`)
  if (endpoint.merged_into !== null) print(`  is ${endpoint.merged_into} now`)
}

const tell = async (id: string, word: string, value: object, flags: CommonFlags): Promise<void> => {
  const told = await adminOf(flags).post<object>(`${pathOf(id)}/${word}`, value)
  openTerminal().print(flags.json === true ? JSON.stringify(told) : 'told the learners; they obey within seconds')
}

interface SplitFlags extends CommonFlags {
  readonly parameter?: string
  readonly all?: boolean
}

const split = async (id: string, words: readonly string[], flags: SplitFlags): Promise<void> => {
  if (words.length === 0 && flags.all !== true)
    throw new CliError('which values are endpoints of their own?', {
      cure: 'name them, as in: endpoints split "shop GET /users/{id}" me; or say --all',
      exit: EXIT.usage,
    })
  const parameter = flags.parameter === undefined ? {} : { parameter: flags.parameter }
  await tell(id, 'split', { words: flags.all === true ? [] : words, ...parameter }, flags)
}

const ID = 'of an endpoint, as in "shop GET /users/{id}"'

export const registerEndpoints = (program: Command): void => {
  const endpoints = program.command('endpoints').description('what was learned, and your word on it')
  withPlace(endpoints.command('list', { isDefault: true }))
    .description('all of them with their exchanges (the default)')
    .option('--service <name>', 'of this service only')
    .action(list)
  withPlace(endpoints.command('show').argument('<id>', ID)).description('one endpoint').action(show)
  withPlace(endpoints.command('merge').argument('<id>', ID).argument('<others...>', 'what is the same endpoint'))
    .description('they are one: where their templates differ there is a parameter')
    .action((id: string, others: string[], flags: CommonFlags) => tell(id, 'merge', { with: others }, flags))
  withPlace(endpoints.command('split').argument('<id>', ID).argument('[words...]', 'values that are none'))
    .description('these values of a parameter are endpoints of their own')
    .option('--parameter <name>', 'which one (the last unless named)')
    .option('--all', 'it is no parameter at all')
    .action(split)
  withPlace(endpoints.command('rename').argument('<id>', ID).argument('<template>', 'such as /users/{userId}'))
    .description('other names for parameters, or a parameter where a word was')
    .action((id: string, template: string, flags: CommonFlags) => tell(id, 'rename', { template }, flags))
  withPlace(endpoints.command('pin').argument('<id>', ID))
    .description('its template stands as it is, whatever traffic says')
    .action((id: string, flags: CommonFlags) => tell(id, 'pin', {}, flags))
  withPlace(endpoints.command('unpin').argument('<id>', ID))
    .description('forget what was said of its template')
    .action((id: string, flags: CommonFlags) => tell(id, 'unpin', {}, flags))
}
