/** `migrate`: the tables of the database. The sinks do it by themselves at their start; this is for looking and for repair. */
import { Argument, type Command } from 'commander'
import {
  migrate,
  openDatabase,
  rebuildable,
  rebuildTable,
  storeState,
  type Database,
  type StoreState,
} from '../../../sinks/sinks.ts'
import { placeOf } from '../../roles/place.ts'
import { terminalLogger } from '../logger.ts'
import { configOf, withPlace, type CommonFlags } from '../options.ts'
import { openTerminal, table, type Terminal } from '../terminal.ts'

const logger = terminalLogger(openTerminal(process.stderr), 'error')

const withDatabase = async (
  flags: CommonFlags,
  work: (database: Database, terminal: Terminal) => Promise<void>,
): Promise<void> => {
  const { config } = configOf(flags)
  const dir = placeOf(config).database
  const database = await openDatabase({ url: config.database.url, dir, logger, owner: 'chaos-proxy migrate' })
  try {
    await work(database, openTerminal())
  } finally {
    await database.close()
  }
}

const up = (flags: CommonFlags): Promise<void> =>
  withDatabase(flags, async (database, { print }) => {
    const done = await migrate(database)
    if (flags.json === true) return print(JSON.stringify({ applied: done }))
    print(done.length === 0 ? 'nothing to do: the database is in its newest form' : `applied ${done.join(', ')}`)
  })

const MIB = 1024 * 1024
const size = (bytes: number): string =>
  bytes < MIB ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`

const storageOf = ({ storage, timescale }: StoreState): string => {
  if (storage === 'timescale') return `Timescale ${timescale}: hypertables, compressed and dropped by its own jobs`
  const late = timescale === '' ? '' : `; Timescale ${timescale} came after the tables: they stay as they are`
  return `partitions by time, made and dropped by the sinks${late}`
}

/** What a person reads; the order is that of the questions. */
const statusLines = (state: StoreState): string[] => [
  `${state.where}`,
  storageOf(state),
  '',
  ...table(
    ['no', 'migration', 'applied'],
    state.migrations.map(({ number, name, appliedAt }) => [String(number), name, appliedAt?.slice(0, 19) ?? 'pending']),
  ),
  ...(state.tables.length === 0 ? [] : ['']),
  ...table(
    ['table', 'pieces', 'compressed', 'size'],
    state.tables.map((t) => [t.table, String(t.pieces), String(t.compressed), size(t.bytes)]),
  ).slice(state.tables.length === 0 ? 1 : 0),
  ...state.failing.map((job) => `the last run of ${job} failed: select * from timescaledb_information.job_errors`),
]

const status = (flags: CommonFlags): Promise<void> =>
  withDatabase(flags, async (database, { print }) => {
    const state = await storeState(database)
    if (flags.json === true) return print(JSON.stringify(state))
    for (const line of statusLines(state)) print(line)
  })

const rebuild = (name: string, flags: CommonFlags): Promise<void> =>
  withDatabase(flags, async (database, { print }) => {
    await migrate(database)
    const topic = await rebuildTable(database, name)
    if (flags.json === true) return print(JSON.stringify({ table: name, topic }))
    print(`${name} is empty; the sinks fill it from the log (${topic}) when they start next`)
  })

const withDatabaseUrl = (command: Command): Command =>
  withPlace(command).option('--database <url>', 'a Postgres URL instead of the embedded database')

export const registerMigrate = (program: Command): void => {
  const command = program.command('migrate').description('the tables of the database')
  withDatabaseUrl(command.command('up')).description('bring them to their newest form').action(up)
  withDatabaseUrl(command.command('status', { isDefault: true }))
    .description('what is applied, how big tables are cut, what fails (the default)')
    .action(status)
  const names = [...new Set(rebuildable.map(({ table: name }) => name))]
  withDatabaseUrl(command.command('rebuild'))
    .addArgument(new Argument('<table>', 'which one').choices(names))
    .description('empty one, and read the log again from its start')
    .action(rebuild)
}
