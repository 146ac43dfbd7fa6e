/** `upstreams`: which backends a service has, while traffic flows; through the admin API, as everything that changes something. */
import { InvalidArgumentError, type Command } from 'commander'
import { adminOf } from '../admin-of.ts'
import { withPlace, type CommonFlags } from '../options.ts'
import { harmless, openTerminal, table } from '../terminal.ts'

interface Instance {
  readonly instance: string
  readonly health: string
  readonly breaker: string
  readonly in_flight: number
  readonly latency_ms: number
  readonly check_ms: number | null
  readonly checked: string
}

interface Upstream {
  readonly id: string
  readonly service: string
  readonly url: string
  readonly weight: number
  readonly drained: boolean
  readonly state: string
  readonly instances: readonly Instance[]
}

interface AddFlags extends CommonFlags {
  readonly service?: string
  readonly weight?: number
  readonly drained?: boolean
}

interface DrainFlags extends CommonFlags {
  readonly undo?: boolean
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
const most = (values: readonly number[]): string => (values.length === 0 ? '' : String(Math.max(...values)))

const row = (u: Upstream): string[] => [
  u.id,
  u.url,
  u.state,
  String(u.weight),
  String(sum(u.instances.map((i) => i.in_flight))),
  most(u.instances.map((i) => i.latency_ms)),
  [...new Set(u.instances.map((i) => i.breaker))].join(', '),
  harmless(u.instances[0]?.checked ?? ''),
]

const HEAD = ['id', 'url', 'state', 'weight', 'in flight', 'ms', 'breaker', 'last check']

const list = async (flags: CommonFlags & { readonly service?: string }): Promise<void> => {
  const query = flags.service === undefined ? '' : `?service=${encodeURIComponent(flags.service)}`
  const { items } = await adminOf(flags).get<{ items: readonly Upstream[] }>(`/api/upstreams${query}`)
  const { print } = openTerminal()
  if (flags.json === true) print(JSON.stringify(items))
  else if (items.length === 0) print('no upstreams are known yet: no ingress has reported itself')
  else for (const line of table(HEAD, items.map(row))) print(line.trimEnd())
}

/** `line` is for people, the upstream itself for scripts. */
const tell = (flags: CommonFlags, said: Upstream, line: string): void =>
  openTerminal().print(flags.json === true ? JSON.stringify(said) : line)

const pathOf = (id: string, rest = ''): string => `/api/upstreams/${encodeURIComponent(id)}${rest}`

const add = async (url: string, flags: AddFlags): Promise<void> => {
  const { service, weight, drained } = flags
  const said = await adminOf(flags).post<Upstream>('/api/upstreams', {
    url: url.includes('://') ? url : `http://${url}`,
    ...(service === undefined ? {} : { service }),
    ...(weight === undefined ? {} : { weight }),
    ...(drained === undefined ? {} : { drained }),
  })
  tell(flags, said, `added ${said.id}${drained === true ? ', drained' : '; it gets its share little by little'}`)
}

const remove = async (id: string, flags: CommonFlags): Promise<void> => {
  const said = await adminOf(flags).delete<Upstream>(pathOf(id))
  tell(flags, said, `removed ${said.id}; what is under way there ends`)
}

const drain = async (id: string, flags: DrainFlags): Promise<void> => {
  const said = await adminOf(flags).post<Upstream>(pathOf(id, '/drain'), { drained: flags.undo !== true })
  tell(flags, said, said.drained ? `${said.id} gets no new requests` : `${said.id} gets requests again`)
}

const weigh = async (id: string, weight: number, flags: CommonFlags): Promise<void> => {
  const said = await adminOf(flags).patch<Upstream>(pathOf(id), { weight })
  tell(flags, said, `${said.id} has weight ${said.weight}`)
}

const check = async (id: string, flags: CommonFlags): Promise<void> => {
  const said = await adminOf(flags).post<Upstream>(pathOf(id, '/check'), {})
  const found = said.instances.map((i) => `${i.health}: ${harmless(i.checked) || 'not checked; is health.active off?'}`)
  tell(flags, said, `${said.id} is ${said.state}${found.length === 0 ? '' : ` (${found.join('; ')})`}`)
}

const reset = async (id: string, flags: CommonFlags): Promise<void> => {
  const said = await adminOf(flags).post<Upstream>(pathOf(id, '/reset'), {})
  tell(flags, said, `${said.id} is as configured`)
}

const weightOf = (text: string): number => {
  const weight = Number(text)
  if (text === '' || !(weight > 0 && weight <= 1000)) throw new InvalidArgumentError('expected a weight up to 1000')
  return weight
}

export const registerUpstreams = (program: Command): void => {
  const upstreams = program.command('upstreams').description('the backends, while traffic flows')
  const one = (name: string, words: string): Command =>
    withPlace(upstreams.command(name).argument('<id>', 'as listed, or its URL')).description(words)
  withPlace(upstreams.command('list', { isDefault: true }))
    .description('all of them, as every ingress sees them (the default)')
    .option('--service <name>', 'of this service only')
    .action(list)
  withPlace(upstreams.command('add').argument('<url>', 'http://host:port'))
    .description('one more, at once')
    .option('--service <name>', 'for this service; needed where there are several')
    .option('--weight <weight>', 'its share of the requests', weightOf)
    .option('--drained', 'checked, but without requests yet')
    .action(add)
  one('remove', 'no new requests; what is under way ends').action(remove)
  one('drain', 'no new requests until --undo; it stays listed and checked')
    .option('--undo', 'requests again, little by little')
    .action(drain)
  one('weight', 'another share of the requests').argument('<weight>', 'up to 1000', weightOf).action(weigh)
  one('check', 'ask it now how it is').action(check)
  one('reset', 'forget what was said here: as configured').action(reset)
}
