/** The product as it is deployed: one process per role over a real Kafka and a Postgres, watched from outside only. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBookstore, type Bookstore } from '../../deploy/demo/bookstore/server.ts'
import { topicName } from '../../schemas/topics.ts'
import { startBroker, type Broker } from '../kit/kafka/broker.ts'
import { kafkaSkipped } from '../kit/kafka/shared.ts'
import { startPostgres, withoutPostgres, type TestPostgres } from '../kit/postgres.ts'
import { eventually, startCli, type Cli } from './kit/cli.ts'

type Facts = Readonly<Record<string, string | number>>

const roles = new Map<string, Cli>()
let dir: string
let broker: Broker
let postgres: TestPostgres
let database: string
let shop: Bookstore
let proxy: string
let admin: string

const readyLine = async (cli: Cli): Promise<Facts> => {
  const [line] = await cli.until(/^.*"msg":"(\w+ (is|are) )?ready".*$/m)
  return JSON.parse(line) as Facts
}

const bus = (): string => `kafka://${broker.brokers.join(',')}`

/** Each as on a machine of its own: no two share a folder. */
const begin = (name: string, ...args: string[]): Cli => {
  const cli = startCli([...args, '--bus', bus(), '--data-dir', join(dir, name)], { cwd: dir })
  roles.set(name, cli)
  return cli
}

const vitals = async (name: string, path: string) => {
  const facts = await readyLine(roles.get(name) as Cli)
  const answer = await fetch(`http://127.0.0.1:${facts['vitals'] ?? facts['port']}${path}`)
  return { status: answer.status, text: await answer.text() }
}

const get = async (path: string) => {
  const answer = await fetch(proxy + path)
  return { status: answer.status, ghost: answer.headers.get('x-ghost'), body: await answer.text() }
}

const api = async <T>(path: string): Promise<T> => (await (await fetch(admin + path)).json()) as T

const settled = async (): Promise<void> => {
  const said = await api<{ caught_up: boolean; waiting_for: string[] }>('/api/pipeline?wait=40')
  expect(said.waiting_for).toEqual([])
}

/** A command of its own, against what runs. */
const command = async (...args: string[]): Promise<{ code: number | null; output: string }> => {
  const cli = startCli(args, { cwd: dir })
  await eventually(args.join(' '), () => cli.process.exitCode !== null, 30_000)
  return { code: cli.process.exitCode, output: cli.output() }
}

const owner = (): string =>
  ['processors-a', 'processors-b'].find((name) =>
    /processing partition 0 from/.test(roles.get(name)?.output() ?? ''),
  ) ?? 'none'

describe.skipIf(kafkaSkipped() || withoutPostgres()).sequential('one process per role', () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'cp-roles-'))
    ;[broker, postgres, shop] = await Promise.all([startBroker(), startPostgres(), startBookstore()])
    database = await postgres.newDatabase()
    const named = ['--admin-port', '0']
    begin('ingress', 'ingress', '--target', shop.url, '--service', 'bookstore', '--port', '0', ...named)
    begin('processors-a', 'processors', ...named)
    begin('processors-b', 'processors', ...named)
    begin('sinks', 'sinks', '--database', database, ...named)
    begin('console', 'console', '--database', database, ...named)
    proxy = String((await readyLine(roles.get('ingress') as Cli))['proxy'])
    admin = String((await readyLine(roles.get('console') as Cli))['url'])
    await Promise.all([...roles.values()].map(readyLine))
  }, 120_000)

  afterAll(async () => {
    await Promise.all([...roles.values()].map((cli) => cli.end('SIGKILL')))
    await Promise.all([shop?.stop(), postgres?.stop(), broker?.stop()])
    rmSync(dir, { recursive: true, force: true })
  })

  test('every role says that it is ready', async () => {
    for (const name of roles.keys()) expect([name, (await vitals(name, '/readyz')).status]).toEqual([name, 200])
    expect((await vitals('sinks', '/metrics')).text).toContain('chaosproxy_sink_rows_total')
  })

  test('traffic is learned, stored and shown', async () => {
    for (let round = 0; round < 3; round++)
      for (let id = 1; id <= 8; id++) expect((await get(`/books/${id}`)).ghost).toBeNull()
    await settled()
    const { items } = await api<{ items: { id: string; count: number }[] }>('/admin/endpoints')
    expect(items.find(({ id }) => id === 'bookstore GET /books/{id}')?.count).toBe(24)
    const traffic = await api<{ items: { path: string; answered_by: string }[] }>('/api/traffic?limit=5')
    expect(traffic.items[0]).toMatchObject({ path: '/books/8', answered_by: 'upstream' })
  }, 60_000)

  test('the learner is killed; the other goes on from there, and nothing is counted twice', async () => {
    await eventually('one of them owns the partition', () => owner() !== 'none')
    const killed = owner()
    const other = killed === 'processors-a' ? 'processors-b' : 'processors-a'
    await roles.get(killed)?.end('SIGKILL')
    roles.delete(killed)
    for (let id = 1; id <= 8; id++) await get(`/books/${id}`)
    await roles.get(other)?.until(/processing partition 0 from [1-9]/, 40_000)
    await settled()
    const { items } = await api<{ items: { id: string; count: number }[] }>('/admin/endpoints')
    // An endpoint is published again when its count has grown by a quarter.
    const count = items.find(({ id }) => id === 'bookstore GET /books/{id}')?.count
    expect([30, 31, 32]).toContain(count)
  }, 80_000)

  test('the backend dies, ghosts answer, and the console tells', async () => {
    const before = (await get('/books/3')).body
    await settled()
    await shop.stop()
    expect(await get('/books/3')).toEqual({ status: 200, ghost: 'exact', body: before })
    await eventually('the console says so', async () => {
      const { sentence } = await api<{ sentence: string }>('/api/summary')
      return sentence.includes('ghosts do')
    })
  }, 60_000)

  test('mode is switched by a command, and the ingress obeys', async () => {
    const port = ['--admin-port', String(new URL(admin).port)]
    expect(await command('mode', 'off', ...port)).toMatchObject({ code: 0 })
    await eventually('no ghost', async () => (await get('/books/3')).ghost === null)
    expect((await get('/books/3')).status).toBeGreaterThanOrEqual(500)
    const found = await command('mode', '--data-dir', join(dir, 'console'), '--bus', bus())
    expect(found).toMatchObject({ code: 0, output: expect.stringContaining('bookstore  off') as string })
    await command('mode', 'failover', ...port)
    await eventually('ghosts again', async () => (await get('/books/3')).ghost === 'exact')
  }, 60_000)

  test('topics, doctor and config look at the same log', async () => {
    const where = ['--bus', bus(), '--data-dir', join(dir, 'looker')]
    const [list, tail, doctor, check] = await Promise.all([
      command('topics', 'list', '--json', ...where),
      command('topics', 'tail', 'exchanges', '--from-start', '--count', '3', ...where),
      command('doctor', '--target', shop.url, '--database', database, ...where),
      command('config', 'check', '--target', shop.url, ...where),
    ])
    const topics = JSON.parse(list.output) as { topic: string; partitions: number; records: number }[]
    expect(topics.find(({ topic }) => topic.endsWith('exchanges.v1'))).toMatchObject({ partitions: 1 })
    const lines = tail.output.trim().split('\n')
    expect(lines).toHaveLength(3)
    expect(JSON.parse(lines[0] as string)).toMatchObject({ partition: 0, value: { service: 'bookstore' } })
    expect(doctor.output).toMatch(/ok +Log +kafka:\/\/.* topics/)
    expect(doctor.output).toMatch(/warning +Backend bookstore|warning +Backend api/)
    expect([list.code, tail.code, doctor.code, check.code]).toEqual([0, 0, 0, 0])
  }, 60_000)

  test('the log hangs: learners and console say not ready and why, the ingress serves and says so', async () => {
    await shop.start()
    broker.pause()
    try {
      const learner = [...roles.keys()].find((name) => name.startsWith('processors')) as string
      const refuses = async (name: string): Promise<void> =>
        await eventually(
          `${name} is not ready`,
          async () => {
            const { status, text } = await vitals(name, '/readyz')
            return status === 503 && text.includes('the log does not answer')
          },
          20_000,
        )
      await Promise.all([learner, 'sinks', 'console'].map(refuses))
      await eventually('it passes', async () => (await get('/books/5')).ghost === null)
      await eventually('the ingress tells', async () =>
        /wait in the spool/.test((await vitals('ingress', '/readyz')).text),
      )
      expect((await vitals('ingress', '/readyz')).status).toBe(200)
    } finally {
      broker.resume()
    }
    const recovers = (name: string): Promise<void> =>
      eventually(`${name} is ready again`, async () => (await vitals(name, '/readyz')).status === 200, 30_000)
    await Promise.all([...roles.keys()].map(recovers))
    await settled()
  }, 120_000)

  test('SIGTERM ends each role with exit code 0, and each says so', async () => {
    await Promise.all(
      [...roles].map(async ([name, cli]) => {
        expect([name, await cli.end('SIGTERM')]).toEqual([name, 0])
        expect(cli.output()).toMatch(new RegExp(`"msg":"${name.replace(/-.*/, '')} stopped"`))
      }),
    )
    roles.clear()
  }, 30_000)

  test('dev --bus goes on with what they learned', async () => {
    const where = ['--port', '0', '--admin-port', '0', '--database', database]
    const dev = begin('dev', '--target', shop.url, '--service', 'bookstore', ...where)
    const facts = await readyLine(dev)
    proxy = String(facts['proxy'])
    admin = String(facts['admin'])
    await dev.until(/all roles run/)
    await shop.stop()
    await eventually('a ghost of the roles', async () => (await get('/books/6')).ghost === 'exact')
    await settled()
    expect(await dev.end('SIGINT')).toBe(130)
    expect(dev.output()).toMatch(/"msg":"stopped"/)
  }, 90_000)

  test('a role that cannot go on says why and ends, so that it is started again', async () => {
    const learner = begin('processors-c', 'processors')
    await learner.until(/processing partition 0 from/)
    const admin = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.deleteTopics({ topics: [topicName('exchanges')] })
    await admin.disconnect()
    await eventually('it ends', () => learner.process.exitCode !== null, 30_000)
    expect(learner.process.exitCode).toBe(1)
    expect(learner.output()).toMatch(/^error {2}.*chaosproxy\.exchanges/m)
    expect(learner.output()).not.toMatch(/^\s+at /m)
  }, 60_000)
})
