/** `config`: check it, show it with where each value came from, its JSON Schema, a first file. */
import { existsSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { configJsonSchema } from '../../../schemas/config.ts'
import { kafkaSecurity } from '../../roles/security.ts'
import { masked } from '../../config/masked.ts'
import { leaves, pathText } from '../../config/tree.ts'
import { CliError } from '../failure.ts'
import { configOf, DEFAULT_FILE, withPlace, withTarget, type CommonFlags } from '../options.ts'
import { openTerminal } from '../terminal.ts'
import type { Loaded } from '../../config/load.ts'

interface Shown {
  readonly key: string
  readonly value: unknown
  readonly origin: string
}

const shown = (loaded: Loaded): Shown[] =>
  leaves(loaded.config).map(({ path, value }) => ({
    key: pathText(path),
    value: masked(path, value),
    origin: loaded.origin(path),
  }))

interface ShowFlags extends CommonFlags {
  readonly origin?: boolean
}

const show = (flags: ShowFlags): void => {
  const terminal = openTerminal()
  const rows = shown(configOf(flags))
  if (flags.json === true) return terminal.print(JSON.stringify(rows, null, 2))
  const width = Math.max(...rows.map((r) => r.key.length + JSON.stringify(r.value).length))
  for (const { key, value, origin } of rows) {
    const text = `${key}: ${JSON.stringify(value)}`
    terminal.print(flags.origin === true ? `${text.padEnd(width + 4)}${terminal.paint('dim', `# ${origin}`)}` : text)
  }
}

const check = (flags: CommonFlags): void => {
  const loaded = configOf(flags)
  kafkaSecurity(loaded.config.log)
  const { print } = openTerminal()
  if (flags.json === true) return print(JSON.stringify({ ok: true, file: loaded.file ?? null }))
  const count = loaded.config.services.length
  print(`${loaded.file ?? 'defaults and environment'}: fine; ${count} ${count === 1 ? 'service' : 'services'}`)
}

const template = (target: string): string => `# yaml-language-server: $schema=./chaos-proxy.schema.json
# The schema for your editor:  chaos-proxy config schema > chaos-proxy.schema.json
# Every value and where it came from:  chaos-proxy config show --origin
version: 1

listen: { host: 127.0.0.1, port: 8080 }
# With TLS (chaos-proxy certs makes these files), behind balancers that say who asks:
# listen: { port: 8443, tls: { enabled: true, cert: certs/dev.pem, key: certs/dev.key }, trustedProxies: [private] }
admin: { host: 127.0.0.1, port: 8000, token: "\${CHAOS_PROXY_ADMIN_TOKEN:-}" }

services:
  - name: api
    match: /*
    upstreams:
      - url: ${target}
    health: { active: { path: /, every: 5s, timeout: 2s } }
    breaker: { window: 30s, minRequests: 20, openAtErrorRate: 50%, openFor: 5s }
    timeouts: { connect: 2s, response: 30s }
    ghost: { mode: failover, methods: [GET, HEAD], minConfidence: 0.6, maxAge: 24h }
    # rateLimit: [{ limit: 20, per: 1m, by: ip }]

capture: { bodies: all, maxBody: 64KiB }
log: { kind: embedded, dir: .chaos-proxy, profile: default, retention: 7d }
# Or on Kafka, with TLS (true, or the names of PEM files) and a login where the brokers want them:
# log:
#   kind: kafka
#   brokers: [localhost:9092]
#   ssl: { ca: ./ca.pem }
#   sasl: { mechanism: scram-sha-512, username: chaos, password: "\${KAFKA_PASSWORD}" }
# database: { url: "\${DATABASE_URL:-}" }
`

const init = (flags: { readonly target?: readonly string[]; readonly force?: boolean }): void => {
  if (existsSync(DEFAULT_FILE) && flags.force !== true)
    throw new CliError(`${DEFAULT_FILE} is already here`, { cure: 'edit it, or write over it with --force' })
  writeFileSync(DEFAULT_FILE, template(flags.target?.[0] ?? 'http://localhost:3000'))
  openTerminal().print(`wrote ${DEFAULT_FILE}; start with: chaos-proxy dev`)
}

export const registerConfig = (program: Command): void => {
  const config = program.command('config').description('check, show or begin the configuration')
  withPlace(withTarget(config.command('check')))
    .description('find every problem; exit code 2 if there is one')
    .action(check)
  withPlace(withTarget(config.command('show')))
    .description('every value as it is')
    .option('--origin', 'and who said so')
    .action(show)
  config
    .command('schema')
    .description('JSON Schema of chaos-proxy.yaml, for editors')
    .action(() => openTerminal().print(JSON.stringify(configJsonSchema(), null, 2)))
  config
    .command('init')
    .description(`write a first ${DEFAULT_FILE}`)
    .option('-t, --target <url...>', 'the backend')
    .option('--force', 'write over the one that is there')
    .action(init)
}
