/** `chaos`: faults on purpose, each with its own end; through the admin API, as everything that changes something. */
import { Argument, InvalidArgumentError, type Command } from 'commander'
import { adminOf } from '../admin-of.ts'
import { CliError, EXIT } from '../failure.ts'
import { withPlace, type CommonFlags } from '../options.ts'
import { harmless, openTerminal, table } from '../terminal.ts'

interface Rule {
  readonly id: string
  readonly match: Readonly<Record<string, unknown>>
  readonly fault: Readonly<Record<string, unknown>>
  readonly until: string
  readonly alarm: boolean
}

interface Rules {
  readonly items: readonly Rule[]
  readonly stopped: boolean
}

type Values = Readonly<Record<string, string | number | boolean | undefined>>
type AddFlags = CommonFlags & Values & { readonly for?: number }

/** Which flags a kind has, by the name that the API knows. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  latency: { ms: 'ms', distribution: 'distribution', spread: 'spread', tail: 'tail', max: 'max' },
  failure: { status: 'status', retryAfter: 'retry_after' },
  outage: {},
  abort: { afterBytes: 'after_bytes' },
  slow_body: { rate: 'bytes_per_second' },
  truncation: { bytes: 'bytes', end: 'end' },
  corruption: { field: 'field', how: 'how' },
}
const MATCH = ['service', 'endpoint', 'method', 'principal', 'percent'] as const

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }
const secondsOf = (text: string): number => {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text) ?? []
  if (digits === undefined) throw new InvalidArgumentError('expected a time such as 30s, 10m or 1h')
  return Number(digits) * (UNITS[unit] as number)
}
const numberOf = (text: string): number => {
  if (text === '' || !Number.isFinite(Number(text))) throw new InvalidArgumentError('expected a number')
  return Number(text)
}

const headerOf = (text: unknown): { name: string; value?: string } | undefined => {
  if (typeof text !== 'string') return undefined
  const colon = text.indexOf(':')
  return colon < 0 ? { name: text } : { name: text.slice(0, colon), value: text.slice(colon + 1).trim() }
}

const picked = (flags: Values, names: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(names).flatMap(([flag, name]) => (flags[flag] === undefined ? [] : [[name, flags[flag]]])),
  )

/** A flag of another kind would be passed over in silence. */
const refuseOthers = (kind: string, flags: Values): void => {
  const own = SETTINGS[kind] ?? {}
  const others = Object.values(SETTINGS).flatMap((names) => Object.keys(names))
  const slip = others.find((flag) => flags[flag] !== undefined && own[flag] === undefined)
  if (slip === undefined) return
  const dashed = (flag: string): string => `--${flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  throw new CliError(`${dashed(slip)} says nothing about ${kind}`, {
    cure: `${kind} has ${Object.keys(own).map(dashed).join(', ') || 'no settings'}`,
    exit: EXIT.usage,
  })
}

const plain = (values: Readonly<Record<string, unknown>>): string =>
  harmless(
    Object.entries(values)
      .filter(([name]) => name !== 'kind')
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' '),
  )

const row = ({ id, fault, match, until, alarm }: Rule): string[] => [
  id,
  String(fault['kind']),
  plain(fault),
  plain(match),
  until,
  alarm ? 'told' : 'hushed',
]

const show = (flags: CommonFlags, rules: Rules): void => {
  const { print } = openTerminal()
  if (flags.json === true) return print(JSON.stringify(rules))
  if (rules.stopped) print('all faults are stopped, and none can be ordered; chaos resume allows them again')
  if (rules.items.length === 0) return print('no faults')
  for (const line of table(['id', 'fault', 'settings', 'whom', 'until', 'anomalies'], rules.items.map(row)))
    print(line.trimEnd())
}

const list = async (flags: CommonFlags): Promise<void> =>
  show(flags, await adminOf(flags).get<Rules>('/api/chaos/rules'))

const add = async (given: string, flags: AddFlags): Promise<void> => {
  const kind = given.replaceAll('-', '_')
  refuseOthers(kind, flags)
  const header = headerOf(flags['header'])
  const match = picked(flags, Object.fromEntries(MATCH.map((name) => [name, name])))
  const rule = await adminOf(flags).post<Rule>('/api/chaos/rules', {
    ...picked(flags, { id: 'id', seed: 'seed', alarm: 'alarm' }),
    match: { ...match, ...(header === undefined ? {} : { header }) },
    fault: { kind, ...picked(flags, SETTINGS[kind] ?? {}) },
    for_seconds: flags.for ?? 600,
  })
  const { print } = openTerminal()
  print(
    flags.json === true
      ? JSON.stringify(rule)
      : `${rule.id} strikes until ${rule.until}; end it: chaos clear ${rule.id}`,
  )
}

const clear = async (id: string | undefined, flags: CommonFlags): Promise<void> => {
  const path = id === undefined ? '/api/chaos/rules' : `/api/chaos/rules/${encodeURIComponent(id)}`
  show(flags, await adminOf(flags).delete<Rules>(path))
}

const flip =
  (stopped: boolean) =>
  async (flags: CommonFlags): Promise<void> =>
    show(flags, await adminOf(flags).put<Rules>('/api/chaos', { stopped }))

const withMatch = (command: Command): Command =>
  command
    .option('--service <name>', 'of this service only')
    .option('--endpoint <template>', 'such as /users/{id} or "GET /users/{id}"')
    .option('--method <method>', 'such as GET')
    .option('--header <name[: value]>', 'only requests with it')
    .option('--principal <pseudonym>', 'only this credential, as on the log (cp_…)')
    .option('--percent <share>', 'of the requests that match (default: 100)', numberOf)
    .option('--for <time>', 'it ends by itself: 30s, 10m, at most 24h (default: 10m)', secondsOf)
    .option('--seed <number>', 'the same seed strikes the same requests', numberOf)
    .option('--id <id>', 'its name; the same name again replaces it')
    .option('--alarm', 'anomalies are told of what it does, to try out who is alarmed')
    .option('--no-alarm', 'they are not (the default, unless alerts.faults is configured)')

const withSettings = (command: Command): Command =>
  command
    .option('--ms <ms>', 'latency: how long', numberOf)
    .option('--distribution <kind>', 'latency: fixed, normal or heavy')
    .option('--spread <ms>', 'latency: standard deviation of normal', numberOf)
    .option('--tail <exponent>', 'latency: of heavy; smaller is heavier', numberOf)
    .option('--max <ms>', 'latency: never longer', numberOf)
    .option('--status <code>', 'failure: 400 to 599', numberOf)
    .option('--retry-after <seconds>', 'failure: says when to come again', numberOf)
    .option('--after-bytes <n>', 'abort: in the body; before the answer unless given', numberOf)
    .option('--rate <bytes>', 'slow-body: bytes per second', numberOf)
    .option('--bytes <n>', 'truncation: so many pass', numberOf)
    .option('--end <how>', 'truncation: broken or clean')
    .option('--field <name>', 'corruption: JSON pointer, or a name wherever it stands')
    .option('--how <how>', 'corruption: null, type, drop or garbage')

export const registerChaos = (program: Command): void => {
  const chaos = program.command('chaos').description('faults on purpose, each with its own end')
  const kinds = Object.keys(SETTINGS).map((kind) => kind.replaceAll('_', '-'))
  withPlace(chaos.command('list', { isDefault: true }))
    .description('those in force (the default)')
    .action(list)
  withSettings(withMatch(withPlace(chaos.command('add').addArgument(new Argument('<fault>').choices(kinds)))))
    .description('order one')
    .action(add)
  withPlace(chaos.command('clear').argument('[id]', 'all of them unless given')).description('end it now').action(clear)
  withPlace(chaos.command('stop')).description('stop all, and allow no new ones').action(flip(true))
  withPlace(chaos.command('resume')).description('allow faults again').action(flip(false))
}
