/**
 * Upstreams that are added, removed, drained, weighed and killed under load, by admin API, by SIGHUP and by force: no request
 * fails but what was in flight on a killed one and may not be sent twice; the log holds every exchange once; and what was
 * said holds after a restart. CHURN=200 makes 200 changes in a minute.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loggerOf } from '../../deploy/cli/logger.ts'
import { loadConfig } from '../../deploy/config/load.ts'
import { openTheLog } from '../../deploy/roles/open-log.ts'
import type { Exchange } from '../../schemas/events.ts'
import { topicName } from '../../schemas/topics.ts'
import { chance } from '../ingress/kit/candidates.ts'
import { eventually, startCli, type Cli } from './kit/cli.ts'

const CHANGES = Number(process.env['CHURN'] ?? 24)
const APART = 60_000 / 200
const RATE = 200
const SEED = 20_261_121

interface Backend {
  readonly url: string
  server: Server
  /** Times at which it was killed, ms. */
  readonly kills: number[]
  up: boolean
}

const random = chance(SEED)
const backends: Backend[] = []
let dir: string
let cli: Cli
let proxy: string
let admin: string

const serve = (port = 0): Promise<Server> => {
  const server = createServer((req, res) => {
    req.resume()
    setTimeout(() => res.end(JSON.stringify({ asked: req.url })), random() * 15)
  })
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)))
}
const kill = (backend: Backend): void => {
  backend.up = false
  backend.kills.push(Date.now())
  backend.server.close()
  backend.server.closeAllConnections()
}
const revive = async (backend: Backend): Promise<void> => {
  backend.server = await serve(Number(new URL(backend.url).port))
  backend.up = true
}

const configure = (upstreams: readonly { url: string; weight: number }[]): void =>
  writeFileSync(
    join(dir, 'chaos-proxy.yaml'),
    JSON.stringify({
      services: [
        {
          name: 'shop',
          upstreams,
          ghost: { mode: 'off' },
          balance: { strategy: 'least-connections', slowStart: '1s' },
          health: { active: { every: '500ms', timeout: '1s', unhealthyAfter: 1, healthyAfter: 1 } },
        },
      ],
    }),
  )

const start = async (): Promise<void> => {
  cli = startCli(['dev', '--port', '0', '--admin-port', '0'], { cwd: dir })
  const [line] = await cli.until(/^.*"msg":"ready".*$/m, 100_000)
  ;({ proxy, admin } = JSON.parse(line) as { proxy: string; admin: string })
  await eventually(
    'the admin API answers',
    () =>
      fetch(`${admin}/livez`).then(
        (r) => r.ok,
        () => false,
      ),
    60_000,
  )
}

const call = async (method: string, path: string, body: object = {}): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${admin}/api/upstreams${path}`, { method, headers, body: JSON.stringify(body) })
  // One that is not there (any more) cannot be drained: chance chooses blindly.
  if (answer.status >= 400 && answer.status !== 404) throw new Error(`${method} ${path}: ${await answer.text()}`)
  await answer.arrayBuffer()
}

const ids = (): string[] => backends.map(({ url }) => `shop@${new URL(url).host}`)
const shown = async (): Promise<Record<string, string>> => {
  const { items } = (await (await fetch(`${admin}/api/upstreams`)).json()) as {
    items: { id: string; weight: number; state: string }[]
  }
  return Object.fromEntries(items.map(({ id, weight, state }) => [id, `${state} ${weight}`]))
}

/** The first backend stays, whatever chance says of the others. */
const change = async (which: number, what: number): Promise<string> => {
  const backend = backends[which] as Backend
  const path = `/${encodeURIComponent(ids()[which] as string)}`
  const weight = 1 + Math.floor(random() * 5)
  const reload = (): void => {
    const some = backends.filter((_, i) => i === 0 || random() < 0.5)
    configure(some.map(({ url }) => ({ url, weight })))
    cli.process.kill('SIGHUP')
  }
  const orders: readonly (readonly [name: string, obey: () => Promise<void> | void])[] = [
    ['add', () => call('POST', '', { url: backend.url, weight })],
    ['remove', () => call('DELETE', path)],
    ['drain', () => call('POST', `${path}/drain`)],
    ['undrain', () => call('POST', `${path}/drain`, { drained: false })],
    ['weight', () => call('PATCH', path, { weight })],
    ['reload', reload],
    ['kill', () => (backend.up ? kill(backend) : revive(backend))],
  ]
  const [name, obey] = orders[what % orders.length] as (typeof orders)[number]
  await obey()
  return name
}

interface Sent {
  readonly n: number
  readonly method: string
  readonly status: number
  readonly from: number
  readonly to: number
}

const flow = (): { readonly sent: Promise<Sent>[]; stop(): void } => {
  const sent: Promise<Sent>[] = []
  const ask = async (n: number): Promise<Sent> => {
    const method = n % 4 === 0 ? 'POST' : 'GET'
    const from = Date.now()
    const body = method === 'POST' ? { body: '{"n":1}', headers: { 'content-type': 'application/json' } } : {}
    const status = await fetch(`${proxy}/items/${n}`, { method, ...body }).then(
      async (answer) => (await answer.arrayBuffer(), answer.status),
      () => 0,
    )
    return { n, method, status, from, to: Date.now() }
  }
  const timer = setInterval(() => sent.push(ask(sent.length)), 1000 / RATE)
  return { sent, stop: () => clearInterval(timer) }
}

const exchanges = async (): Promise<Exchange[]> => {
  const { config } = loadConfig({ environment: { CHAOS_PROXY_LOG__DIR: join(dir, '.chaos-proxy') }, flags: [] })
  const opened = await openTheLog({ config, logger: loggerOf(() => undefined) }, 'ingress')
  const found: Exchange[] = []
  const range = { partition: 0, from: { kind: 'start' }, until: { kind: 'end' } } as const
  for await (const records of opened.log.read(topicName('exchanges'), range))
    for (const { value } of records) {
      const { exchange } = opened.codecs.decode('exchanges', value as Uint8Array)
      if (exchange !== null) found.push(exchange)
    }
  await opened.close()
  return found
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-churn-'))
  for (let i = 0; i < 5; i++) {
    const server = await serve()
    backends.push({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, kills: [], up: true })
  }
  configure(backends.slice(0, 3).map(({ url }) => ({ url, weight: 1 })))
  await start()
}, 120_000)
afterAll(async () => {
  await cli.end('SIGKILL')
  for (const backend of backends) if (backend.up) kill(backend)
  rmSync(dir, { recursive: true, force: true })
})

describe.sequential('upstreams', () => {
  const sent: Sent[] = []

  test(`change ${CHANGES} times under load, and no request fails that need not`, { timeout: 120_000 }, async () => {
    const flowing = flow()
    const done: Record<string, number> = {}
    for (let i = 0; i < CHANGES; i++) {
      const name = await change(1 + Math.floor(random() * 4), i)
      done[name] = (done[name] ?? 0) + 1
      await new Promise((resolve) => setTimeout(resolve, APART))
    }
    flowing.stop()
    sent.push(...(await Promise.all(flowing.sent)))
    const failed = sent.filter(({ status }) => status !== 200)
    const kills = backends.flatMap((backend) => backend.kills)
    const excused = failed.filter(
      ({ method, from, to }) => method === 'POST' && kills.some((at) => at >= from - 50 && at <= to),
    )
    console.log('churn', { requests: sent.length, ...done, killed: kills.length, excused: excused.length })
    expect(failed.filter((one) => !excused.includes(one))).toEqual([])
    expect(kills.length).toBeGreaterThan(0)
  })

  test('are after a restart what was said before it', { timeout: 60_000 }, async () => {
    for (const backend of backends) if (!backend.up) await revive(backend)
    configure([{ url: backends[0]?.url ?? '', weight: 1 }])
    const [first, second, third] = ids() as [string, string, string]
    await call('POST', '', { url: backends[1]?.url, weight: 4 })
    await call('POST', '', { url: backends[2]?.url, drained: true, weight: 1 })
    for (const id of ids().slice(3)) await call('DELETE', `/${encodeURIComponent(id)}`)
    await cli.end('SIGINT')
    await start()
    await eventually('all are as they were', async () => {
      const now = await shown()
      return now[second] === 'up 4' && now[third] === 'drained 1' && first in now && Object.keys(now).length === 3
    })
    expect((await fetch(`${proxy}/after`)).status).toBe(200)
    await cli.end('SIGINT')
  })

  test('leave every exchange once on the log', async () => {
    const counts = new Map<string, number>()
    for (const { target } of await exchanges()) counts.set(target, (counts.get(target) ?? 0) + 1)
    const expected = new Map([...sent.map(({ n }) => [`/items/${n}`, 1] as const), ['/after', 1] as const])
    expect([...counts].toSorted()).toEqual([...expected].toSorted())
  })
})
