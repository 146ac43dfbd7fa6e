/**
 * What compose would start, started here: each container's exact command with its environment, over a real Kafka, a schema
 * registry and a Postgres. Only names of hosts and numbers of ports are others; its health check says when it is well, and
 * SIGTERM ends it in time.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compose, dotEnv, textOf } from '../deploy/compose/files.ts'
import { startBroker, type Broker } from '../kit/kafka/broker.ts'
import { kafkaSkipped } from '../kit/kafka/shared.ts'
import { startPostgres, withoutPostgres, type TestPostgres } from '../kit/postgres.ts'
import { startRegistry, type TestRegistry } from '../kit/registry.ts'
import { eventually, startCli, type Cli } from './kit/cli.ts'

const ROLES = ['ingress', 'processors', 'sinks', 'console'] as const
const { services } = compose()
const running = new Map<string, Cli>()
const hosts = new Map<string, string>()
let dir: string
let broker: Broker
let registry: TestRegistry
let postgres: TestPostgres
let config: string
let database: string

const here = (text: string): string => [...hosts].reduce((all, [name, place]) => all.replaceAll(name, place), text)

/** Its command, with the environment that it has in its container. */
const start = (name: string): Cli => {
  const { command = [], environment = {} } = services[name] ?? {}
  const args = command.map((word) => here(word).replace('/etc/chaos-proxy/chaos-proxy.yaml', config))
  const own = Object.entries(environment).map(([key, value]) => [key, here(String(value))])
  const ports = { CHAOS_PROXY_ADMIN__PORT: '0', CHAOS_PROXY_LISTEN__PORT: '0', CHAOS_PROXY_LOG__DIR: join(dir, name) }
  const env = { ...Object.fromEntries(own), ...((ROLES as readonly string[]).includes(name) ? ports : {}) }
  const cli = startCli(args, { cwd: dir, env: { ...env, DATABASE_URL: database } })
  running.set(name, cli)
  return cli
}

const portOf = async (name: string): Promise<number> => {
  const [line] = await (running.get(name) as Cli).until(/^.*"msg":"(\w+ (is|are) )?ready".*$/m, 90_000)
  const facts = JSON.parse(line) as Readonly<Record<string, string | number>>
  return Number(facts['vitals'] ?? facts['port'])
}

/** The health check of compose.yaml; its port is that of this process. */
const isWell = (name: string, port: number): boolean => {
  const [kind, program = '', ...args] = services[name]?.healthcheck?.test ?? []
  expect([name, kind, program]).toEqual([name, 'CMD', 'node'])
  const asked = args.map((word) => word.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`))
  return spawnSync(process.execPath, asked, { timeout: 20_000 }).status === 0
}

describe.skipIf(kafkaSkipped() || withoutPostgres()).sequential('each container', () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'cp-compose-run-'))
    ;[broker, registry, postgres] = await Promise.all([startBroker(), startRegistry(), startPostgres()])
    database = await postgres.newDatabase()
    hosts
      .set('kafka:9092', broker.brokers[0] ?? '')
      .set('http://registry:8081', registry.url)
      .set('0.0.0.0', '127.0.0.1')
    hosts.set('4001', '0')
    const shop = await start('bookstore').until(/open at (http:\S+)/)
    hosts.delete('4001')
    hosts.set(dotEnv()['UPSTREAM_URL'] ?? '', shop[1] ?? '')
    config = join(dir, 'chaos-proxy.yaml')
    writeFileSync(config, here(textOf('chaos-proxy.yaml')))
    for (const name of ROLES) start(name)
    const [, proxy = ''] = await (running.get('ingress') as Cli).until(/"proxy":"(http:[^"]+)"/, 90_000)
    hosts.set('http://ingress:8080', proxy)
    start('simulator')
  }, 180_000)

  afterAll(async () => {
    await Promise.all([...running.values()].map((cli) => cli.end('SIGKILL')))
    await Promise.all([broker?.stop(), registry?.close(), postgres?.stop()])
    rmSync(dir, { recursive: true, force: true })
  })

  test('is well by its own health check', { timeout: 120_000 }, async () => {
    const shop = Number(new URL(hosts.get(dotEnv()['UPSTREAM_URL'] ?? '') ?? '').port)
    expect(isWell('bookstore', shop)).toBe(true)
    for (const name of ROLES) {
      const port = await portOf(name)
      await eventually(`${name} is well`, () => isWell(name, port), 60_000)
    }
  })

  test('does its work: what the simulator asks is learned and stored', { timeout: 120_000 }, async () => {
    const admin = `http://127.0.0.1:${await portOf('console')}`
    const headers = { authorization: `Bearer ${services['console']?.environment?.['CHAOS_PROXY_ADMIN_TOKEN']}` }
    const items = async (path: string): Promise<number> => {
      const answer = await fetch(admin + path, { headers })
      return ((await answer.json()) as { readonly items: readonly object[] }).items.length
    }
    await eventually('endpoints', async () => (await items('/admin/endpoints')) > 0, 60_000)
    await eventually('rows', async () => (await items('/api/traffic')) > 0, 60_000)
  })

  test('ends by SIGTERM, in the time that it is given, and well', { timeout: 120_000 }, async () => {
    const began = performance.now()
    const names = [...running.keys()]
    const codes = await Promise.all(names.map((name) => (running.get(name) as Cli).end('SIGTERM')))
    expect(names.map((name, i) => [name, codes[i]])).toEqual(names.map((name) => [name, 0]))
    const grace = Number.parseInt(services['ingress']?.stop_grace_period ?? '', 10)
    expect(performance.now() - began).toBeLessThan(grace * 1000)
  })
})
