/** The flags that commands share, and how they become configuration. */
import type { Command } from 'commander'
import { targetEntries } from '../config/environment.ts'
import { loadConfig, type Loaded } from '../config/load.ts'
import { coerce, type Entry, type Path } from '../config/tree.ts'
import { CliError, EXIT } from './failure.ts'

export interface CommonFlags {
  readonly config?: string
  readonly target?: readonly string[]
  readonly service?: string
  readonly host?: string
  readonly port?: string
  readonly workers?: string
  readonly adminPort?: string
  readonly profile?: string
  readonly dataDir?: string
  readonly bus?: string
  readonly database?: string
  readonly logLevel?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

export interface DemoFlags extends CommonFlags {
  /** End after the show. */
  readonly once?: boolean
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** Where the configuration, the data and the log are: every command that needs one of them has these. */
export const withPlace = (command: Command): Command =>
  command
    .option('-c, --config <file>', 'configuration file (default: chaos-proxy.yaml)')
    .option('--profile <name>', 'a name for one body of knowledge (default: "default")')
    .option('--data-dir <folder>', 'where profiles live (default: .chaos-proxy)')
    .option('--bus <url>', 'kafka://host:9092[,host:9092] instead of the embedded log')
    .option('--admin-port <port>', 'port of the console and its API (default: 8000)')
    .option('--log-level <level>', 'debug, info, warn, error or silent')
    .option('--json', 'machine-readable output')
    .option('-v, --verbose', 'more words, and stack traces')

/** What a proxy stands in front of, and where it listens. */
export const withTarget = (command: Command): Command =>
  withListen(command)
    .option('-t, --target <url>', 'the backend; again for more than one', collect)
    .option('--service <name>', 'its name (default: api)')

export const withListen = (command: Command): Command =>
  command
    .option('-p, --port <port>', 'port of the proxy (default: 8080)')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--database <url>', 'a Postgres URL instead of the embedded database')

const busEntries = (bus: string): { path: Path; value: unknown }[] => {
  const brokers = /^kafka:\/\/(.+)$/.exec(bus)?.[1]
  if (bus === 'embedded') return [{ path: ['log', 'kind'], value: 'embedded' }]
  if (brokers === undefined)
    throw new CliError(`--bus ${bus} is no address of a log`, {
      cure: 'write kafka://host:9092, or embedded',
      exit: EXIT.usage,
    })
  return [
    { path: ['log', 'kind'], value: 'kafka' },
    { path: ['log', 'brokers'], value: coerce(brokers.replace(/\/$/, ''), ['log', 'brokers']) },
  ]
}

const FLAGS: readonly (readonly [keyof CommonFlags, string, Path])[] = [
  ['host', '--host', ['listen', 'host']],
  ['port', '--port', ['listen', 'port']],
  ['workers', '--workers', ['listen', 'workers']],
  ['adminPort', '--admin-port', ['admin', 'port']],
  ['profile', '--profile', ['log', 'profile']],
  ['dataDir', '--data-dir', ['log', 'dir']],
  ['database', '--database', ['database', 'url']],
  ['logLevel', '--log-level', ['telemetry', 'logLevel']],
]

/** Flags as entries, each with its name as origin. */
export const flagEntries = (flags: CommonFlags): Entry[] => {
  const plain = FLAGS.flatMap(([flag, where, path]): Entry[] => {
    const value = flags[flag]
    return typeof value === 'string' ? [{ path, value: coerce(value, path), origin: { kind: 'flag', where } }] : []
  })
  const from = (where: string, found: { path: Path; value: unknown }[]): Entry[] =>
    found.map((f) => ({ ...f, origin: { kind: 'flag', where } }))
  return [
    ...plain,
    ...(flags.bus === undefined ? [] : from('--bus', busEntries(flags.bus))),
    ...(flags.target === undefined ? [] : from('--target', targetEntries(flags.target, flags.service))),
  ]
}

export const DEFAULT_FILE = 'chaos-proxy.yaml'

/** The configuration of this call. */
export const configOf = (flags: CommonFlags): Loaded =>
  loadConfig({
    file: { path: flags.config ?? DEFAULT_FILE, named: flags.config !== undefined },
    environment: process.env,
    flags: flagEntries(flags),
  })
