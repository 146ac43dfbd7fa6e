/**
 * An incident as an operator has it: all roles over the embedded log, requests over HTTP, a backend that turns slow at one
 * endpoint. Only the clocks are the test's: a minute passes as soon as its requests are answered, and what the backend takes
 * passes on the clock that durations are measured by, without anybody waiting. What is asked of API, command line and webhook
 * is the same incident; a fault that was ordered raises none.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Role, RoleContext, RoleName } from '../../deploy/roles/role.ts'
import { startRole } from '../../deploy/roles/start.ts'
import { configSchema } from '../../schemas/config.ts'
import { incidentMessage, type IncidentMessage } from '../../schemas/webhooks.ts'
import { run } from '../deploy/cli/run.ts'
import { random } from '../topology/recording.ts'
import { silent } from '../sinks/kit.ts'
import { startReceiver, type Receiver } from '../sinks/webhook/receiver.ts'

interface Anomaly {
  readonly id: string
  readonly kind: string
  readonly endpoint: string
  readonly sentence: string
  readonly started_at: string
  readonly ended_at: string | null
  readonly alarms: readonly { readonly kind: string; readonly subject: string; readonly size: number }[]
}

const SLOW_MS = 200
/** What a loaded machine adds is little against how much the backend's own times differ: 6 to 60 ms, seeded. */
const next = random(3)
const usualMs = (): number => 6 * 10 ** next()
/** No noise makes it so much slower. */
const MUCH = 3
const A_MINUTE = 8
let dir: string
let shop: Server
let receiver: Receiver
let isSlow = false
const steady = performance.now.bind(performance)
/** What the backend took, ms. */
let taken = 0
const roles: Role[] = []
const urls = { proxy: '', admin: '' }

const portOf = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))

/** In real time; that of dates would stand still between two minutes. */
const eventually = async <T>(what: string, look: () => Promise<T>, good: (seen: T) => boolean): Promise<T> => {
  const deadline = steady() + 60_000
  for (;;) {
    const seen = await look()
    if (good(seen)) return seen
    if (steady() > deadline)
      throw new Error(`${what}: last seen ${JSON.stringify(seen)}; all: ${JSON.stringify(await incidents())}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
    vi.setSystemTime(Date.now() + 25)
  }
}

const ask = async (path: string): Promise<number> => {
  const answer = await fetch(urls.proxy + path)
  await answer.arrayBuffer()
  return answer.status
}

const inTurn = async (paths: readonly string[]): Promise<number[]> => {
  const statuses = []
  for (const path of paths) statuses.push(await ask(path))
  return statuses
}
/** For those that a fault makes wait, in truth. */
const atOnce = (paths: readonly string[]): Promise<number[]> => Promise.all(paths.map(ask))

/** Lets minutes pass, each with its requests: one after the other, so that each takes its own time only. */
const minutes = async (count: number, books = inTurn): Promise<void> => {
  for (let minute = 0; minute < count; minute++) {
    const authors = Array.from({ length: A_MINUTE / 2 }, (_, i) => `/authors/${((minute + i) % 9) + 1}`)
    const statuses = [...(await inTurn(authors)), ...(await books(authors.map(() => '/books')))]
    expect(new Set(statuses)).toEqual(new Set([200]))
    vi.setSystemTime(Date.now() + 60_000)
  }
}

const admin = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
  const headers = { 'content-type': 'application/json' }
  return (await (await fetch(urls.admin + path, { headers, ...init })).json()) as T
}
const incidents = async (query = ''): Promise<readonly Anomaly[]> =>
  (await admin<{ readonly items: readonly Anomaly[] }>(`/api/anomalies${query}`)).items
/** Of what was told: how much slower it was when it was told depends on when that was. */
const slowBooks = async (query = '', size = 1): Promise<readonly Anomaly[]> =>
  (await incidents(query)).filter(({ alarms }) =>
    alarms.some((one) => one.kind === 'latency' && one.subject.endsWith(' GET /books') && one.size > size),
  )
const settled = (): Promise<unknown> =>
  eventually(
    'all is learned',
    () => admin<{ caught_up: boolean }>('/api/pipeline'),
    (state) => state.caught_up,
  )

const told = (): IncidentMessage[] => receiver.received.map(({ body }) => incidentMessage.parse(JSON.parse(body)))
const cli = (...args: string[]) =>
  run('anomalies', ...args, '--admin-port', new URL(urls.admin).port, '--data-dir', dir)

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cp-incident-'))
  receiver = await startReceiver()
  shop = createServer((req, res) => {
    taken += usualMs() + (isSlow && req.url === '/books' ? SLOW_MS : 0)
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"id":1,"title":"Emma"}')
  })
  const url = `http://127.0.0.1:${await portOf(shop)}`
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 31, 8) })
  vi.spyOn(performance, 'now').mockImplementation(() => steady() + taken)
  const config = configSchema.parse({
    listen: { port: 0 },
    admin: { port: 0 },
    services: [{ name: 'shop', upstreams: [{ url }], ghost: { mode: 'off' }, health: { passive: { enabled: false } } }],
    log: { dir },
    alerts: { webhooks: [{ url: receiver.url, about: ['incidents'], minSeverity: 'info' }] },
  })
  const start = async (name: RoleName): Promise<Role> => {
    const registry = new Registry()
    const context: RoleContext = {
      config,
      registry,
      logger: silent,
      alone: false,
      onNotice: () => undefined,
      metrics: () => registry.metrics(),
    }
    const role = await startRole(name, context)
    roles.push(role)
    return role
  }
  urls.proxy = String((await start('ingress')).facts['proxy'])
  await start('processors')
  const starting = start('console')
  await minutes(60)
  urls.admin = String((await starting).facts['url'])
}, 120_000)

afterAll(async () => {
  for (const role of roles.toReversed()) await role.close()
  vi.restoreAllMocks()
  vi.useRealTimers()
  await receiver.close()
  shop.closeAllConnections()
  shop.close()
  rmSync(dir, { recursive: true, force: true })
})

test(
  'a backend that turns slow is one incident, told in one sentence, until it is well again',
  { timeout: 240_000 },
  async () => {
    const order = { id: 'drill', fault: { kind: 'latency', ms: SLOW_MS }, match: { endpoint: '/books' } }
    await admin('/api/chaos/rules', { method: 'POST', body: JSON.stringify({ ...order, for_seconds: 86_400 }) })
    await eventually(
      'the fault',
      () => fetch(`${urls.proxy}/books`),
      ({ headers }) => headers.has('x-chaos'),
    )
    await minutes(6, atOnce)
    await admin('/api/chaos/rules/drill', { method: 'DELETE' })
    await eventually(
      'its end',
      () => fetch(`${urls.proxy}/books`),
      ({ headers }) => !headers.has('x-chaos'),
    )
    await minutes(2)
    await settled()
    expect(await slowBooks('', MUCH)).toEqual([])

    isSlow = true
    const began = Date.now()
    const [open] = await eventually(
      'the incident',
      async () => {
        await minutes(2)
        return slowBooks('?open=true')
      },
      ({ length }) => length === 1,
    )
    expect(open).toMatchObject({ kind: 'latency', ended_at: null })
    expect(open?.sentence).toMatch(
      /^(GET \/books|shop) is [\d.]+ times slower than usual for Saturday 0[89]:00; started 0[89]:\d\d/,
    )
    expect(Math.abs(Date.parse(open?.started_at ?? '') - began)).toBeLessThanOrEqual(30 * 60_000)
    // Not the sentence of before: it is told again as more is known.
    await eventually(
      'the command line says what the API says',
      async () => [(await cli('--open')).out, (await slowBooks('?open=true'))[0]?.sentence] as const,
      ([said, sentence]) => sentence !== undefined && said.includes(sentence),
    )
    // What is over before a hook heard of it is no news.
    const words = () => told().filter(({ data }) => data.id === open?.id)
    await eventually(
      'the webhook hears of it',
      async () => words()[0]?.type,
      (type) => type === 'incident.opened',
    )

    isSlow = false
    const well = Date.now()
    await minutes(20)
    const [over] = await eventually(
      'its end',
      async () => {
        await minutes(2)
        return (await incidents()).filter(({ id }) => id === open?.id)
      },
      ([one]) => one?.ended_at !== null,
    )
    expect(over?.sentence).toContain('; over since ')
    expect(Date.parse(over?.ended_at ?? '')).toBeGreaterThan(well - 5 * 60_000)
    expect((await cli('--open', '--json')).out).not.toContain(open?.id)
    await eventually(
      'the webhook hears of its end',
      async () => words().map(({ type, data }) => [type, data.ended_at !== null]),
      (all) => JSON.stringify(all.at(-1)) === '["incident.closed",true]',
    )
  },
)
