/** `certs`: certificates for development, signed by an authority that is made once and trusted once. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import type { LeafOptions, Pair } from '../../certs.ts'
import { CliError } from '../failure.ts'
import { displayPath, openTerminal } from '../terminal.ts'

interface CertsFlags {
  readonly dir: string
  readonly host?: readonly string[]
  readonly client?: string
  readonly days: number
  readonly json?: boolean
}

const HOSTS = ['localhost', '127.0.0.1', '::1']
const LONGEST_DAYS = 397

const write = (dir: string, name: string, { cert, key }: Pair): void => {
  writeFileSync(join(dir, `${name}.pem`), cert)
  writeFileSync(join(dir, `${name}.key`), key, { mode: 0o600 })
}

const readAuthority = (dir: string): Pair => {
  try {
    return { cert: readFileSync(join(dir, 'ca.pem'), 'utf8'), key: readFileSync(join(dir, 'ca.key'), 'utf8') }
  } catch (cause) {
    const cure = `give back ${join(dir, 'ca.key')}, or remove ${join(dir, 'ca.pem')} to make a new authority`
    throw new CliError(`the authority in ${dir} cannot be read (${(cause as Error).message})`, { cure, cause })
  }
}

/** The authority stays, so that who trusts it need not learn to trust another one. */
const authorityIn = async (dir: string): Promise<{ pair: Pair; made: boolean }> => {
  if (existsSync(join(dir, 'ca.pem'))) return { pair: readAuthority(dir), made: false }
  const { createAuthority } = await import('../../certs.ts')
  const pair = await createAuthority('Chaos-Proxy development authority')
  write(dir, 'ca', pair)
  return { pair, made: true }
}

const leafOf = ({ client, host, days }: CertsFlags): { name: string; options: LeafOptions } =>
  client === undefined
    ? { name: 'dev', options: { names: host ?? HOSTS, days, use: 'server' } }
    : { name: client, options: { names: [client], days, use: 'client' } }

const run = async (flags: CertsFlags): Promise<void> => {
  mkdirSync(flags.dir, { recursive: true })
  const { pair, made } = await authorityIn(flags.dir)
  const { name, options } = leafOf(flags)
  const { createLeaf } = await import('../../certs.ts')
  write(flags.dir, name, await createLeaf(pair, options))
  const at = (file: string): string => displayPath(join(flags.dir, file))
  const files = { ca: at('ca.pem'), cert: at(`${name}.pem`), key: at(`${name}.key`) }
  const { print } = openTerminal()
  if (flags.json === true) return print(JSON.stringify(files))
  print(`authority    ${files.ca}${made ? '   new: have your clients trust it' : ''}`)
  print(`certificate  ${files.cert}   for ${options.names.join(', ')}, ${options.days} days`)
  print(`key          ${files.key}`)
  print()
  if (options.use === 'client')
    return print(`Try:  curl --cacert ${files.ca} --cert ${files.cert} --key ${files.key} https://…`)
  print(`listen: { port: 8443, tls: { enabled: true, cert: ${files.cert}, key: ${files.key} } }`)
  print(`Try:  curl --cacert ${files.ca} https://localhost:8443/`)
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

const daysOf = (text: string): number => {
  const days = Number(text)
  if (!Number.isInteger(days) || days < 1 || days > LONGEST_DAYS)
    throw new InvalidArgumentError(`expected 1 to ${LONGEST_DAYS} days: browsers take no longer ones`)
  return days
}

const nameOf = (text: string): string => {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text) || /^(ca|dev)$/.test(text))
    throw new InvalidArgumentError('expected a plain name, and neither "ca" nor "dev"')
  return text
}

export const registerCerts = (program: Command): void => {
  program
    .command('certs')
    .description('make a development certificate, and its authority where there is none')
    .option('--dir <folder>', 'where they live', 'certs')
    .option('--host <name>', 'a name or address to certify; again for more (default: localhost)', collect)
    .option('--client <name>', 'a certificate for a client (mTLS) instead', nameOf)
    .option('--days <n>', 'how long it is good', daysOf, 90)
    .option('--json', 'machine-readable output')
    .action(run)
}
