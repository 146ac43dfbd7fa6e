/** Upstreams that come, go, fail and return while requests flow. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ServiceOptions } from '../../ingress/ingress.ts'
import type { UpstreamStatus } from '../../ingress/options.ts'
import { eventually, get, listen, openStand, type Stand } from './kit/stand.ts'

const NAMES = ['a', 'b', 'c'] as const
type Name = (typeof NAMES)[number]

let stand: Stand
let registry: Registry
let servers: Record<Name, Server>
let urls: Record<Name, string>
/** What each does with a request besides naming itself. */
let moods: Partial<Record<Name, RequestListener>>

const serve = async (name: Name, port = 0): Promise<void> => {
  servers[name] = createServer((req, res) => {
    const mood = moods[name]
    if (mood !== undefined) return mood(req, res)
    res.end(name)
  })
  urls[name] = `http://127.0.0.1:${await listen(servers[name], port)}`
}
const stop = async (name: Name): Promise<void> => {
  servers[name].closeAllConnections()
  await new Promise((resolve) => servers[name].close(resolve))
}

const open = async (names: readonly Name[], service: Partial<ServiceOptions> = {}): Promise<void> => {
  registry = new Registry()
  stand = await openStand({
    options: { registry },
    backend: (_req, res) => res.end(),
    service: {
      upstreams: names.map((name) => ({ url: urls[name] })),
      balance: { slowStart: 0 },
      ghost: { mode: 'off' },
      ...service,
    },
  })
}
const upstreams = (): readonly UpstreamStatus[] => stand.ingress.status().services[0]?.upstreams ?? []
const say = (name: Name, word: object): Promise<void> => stand.control(`upstream/shop/${urls[name]}`, word)
const asked = async (times: number, headers?: Record<string, string>): Promise<string[]> => {
  const found: string[] = []
  for (let i = 0; i < times; i++) found.push(await (await fetch(stand.url, headers ? { headers } : {})).text())
  return found
}
const whoAnswers = async (times = 12): Promise<string> => [...new Set(await asked(times))].toSorted().join('')

beforeEach(async () => {
  servers = {} as typeof servers
  urls = {} as typeof urls
  moods = {}
  for (const name of NAMES) await serve(name)
})
afterEach(async () => {
  await stand.close()
  await Promise.all(NAMES.map(stop))
})

describe('upstreams of a service that runs', () => {
  it('are added, weighted, drained and removed by words on control, and no request fails', async () => {
    await open(['a', 'b'])
    const statuses = new Set<number>()
    let flowing = true
    const flow = (async () => {
      while (flowing) statuses.add((await get(stand.url)).status)
    })()
    await say('c', { present: true, weight: 2 })
    await eventually('c is asked', async () => (await whoAnswers()) === 'abc')
    await say('a', { present: false })
    await eventually('a is gone', async () => (await whoAnswers()) === 'bc')
    await say('b', { drained: true })
    await eventually('b is drained', async () => (await whoAnswers()) === 'c')
    expect(upstreams().map(({ url, weight, drained }) => [url, weight, drained])).toEqual([
      [urls.b, 1, true],
      [urls.c, 2, false],
    ])
    await say('b', { weight: 5 })
    await eventually('b has more', async () => (await asked(14)).filter((name) => name === 'b').length >= 9)
    flowing = false
    await flow
    expect([...statuses]).toEqual([200])
  })

  it('lets requests end that are under way at one that is removed', async () => {
    let finish: (() => void) | undefined
    const connections = (): Promise<number> =>
      new Promise((resolve) => servers.a.getConnections((_, count) => resolve(count)))
    moods.a = (_req, res) => {
      res.write('first ')
      finish = () => res.end('and last')
    }
    await open(['a', 'b'], { balance: { strategy: 'round-robin' } })
    const answers = [get(stand.url), get(stand.url)]
    await eventually('a has one', () => finish !== undefined)
    await say('a', { present: false })
    await eventually('a is gone', () => upstreams().length === 1)
    expect(await connections()).toBe(1)
    finish?.()
    expect((await Promise.all(answers)).map(({ body }) => body).toSorted()).toEqual(['b', 'first and last'])
    await eventually('its connection is closed', async () => (await connections()) === 0)
  })

  it('follow a new configuration, over which what operators said holds on; a wrong one changes nothing', async () => {
    await open(['a'])
    await say('b', { present: true })
    await eventually('b is there', () => upstreams().length === 2)
    const service = {
      name: 'shop',
      match: '/*',
      upstreams: [{ url: urls.c, weight: 3 }],
      ghost: { mode: 'off' },
    } as const
    expect(() => stand.ingress.reload([{ ...service, upstreams: [{ url: `${urls.a}/path` }] }])).toThrow(/has a path/)
    expect(await whoAnswers()).toBe('ab')
    stand.ingress.reload([service, { ...service, name: 'more', match: '/more/*', upstreams: [{ url: urls.a }] }])
    expect(await (await fetch(`${stand.url}/more/x`)).text()).toBe('a')
    expect(upstreams().map(({ url, weight }) => [url, weight])).toEqual([
      [urls.c, 3],
      [urls.b, 1],
    ])
    expect(await whoAnswers()).toBe('bc')
    stand.ingress.reload([service])
    expect(stand.ingress.status().services.map(({ name }) => name)).toEqual(['shop'])
    expect(() => stand.ingress.reload([])).toThrow(/no service is left/)
    const strict = { path: '/', every: 10, timeout: 500, unhealthyAfter: 1, healthyAfter: 1 }
    moods.c = (_req, res) => void res.writeHead(503).end()
    stand.ingress.reload([{ ...service, health: strict, ghost: { mode: 'mock' } }])
    await eventually('c is down', () => upstreams()[0]?.health === 'down')
    expect(stand.ingress.status().services[0]?.mode).toBe('mock')
  })
})

describe('a client', () => {
  it('stays with its upstream by a cookie, which says nothing and goes no further', async () => {
    const seen: (string | undefined)[] = []
    for (const name of NAMES)
      moods[name] = (req, res) => {
        seen.push(req.headers.cookie)
        res.end(name)
      }
    await open(NAMES, { balance: { sticky: { by: 'cookie', name: 'cp_route', ttl: 60_000 } } })
    const first = await fetch(stand.url)
    const name = await first.text()
    const cookie = first.headers.getSetCookie()[0] ?? ''
    expect(cookie).toMatch(/^cp_route=[\w-]{22}; Path=\/; Max-Age=60; HttpOnly; SameSite=Lax$/)
    const bound = { cookie: `x=1; ${cookie.split(';')[0]}` }
    expect(new Set(await asked(6, bound))).toEqual(new Set([name]))
    expect(seen.slice(1)).toEqual(Array(6).fill('x=1'))
    await eventually('all is on the log', async () => (await stand.exchanges()).length === 7)
    const text = JSON.stringify(await stand.exchanges())
    expect(text).not.toContain('cp_route')
  })

  it('stays with its upstream by its address', async () => {
    await open(NAMES, { balance: { strategy: 'ip-hash' } })
    const [name] = await asked(1)
    expect(await whoAnswers()).toBe(name)
    await stop(name as Name)
    const others = await whoAnswers()
    expect(others).toHaveLength(1)
    expect(others).not.toBe(name)
    await serve(name as Name, Number(new URL(urls[name as Name]).port))
  })
})

describe('a request that fails', () => {
  it('is sent once more elsewhere when it may be, and not otherwise', async () => {
    let sent = 0
    moods.a = (req) => {
      sent++
      req.socket.destroy()
    }
    await open(['a', 'b'], { balance: { strategy: 'round-robin' }, passive: 'off' })
    expect(await asked(3)).toEqual(['b', 'b', 'b'])
    expect(sent).toBeGreaterThan(0)
    const before = sent
    const posts = await Promise.all([1, 2].map(() => fetch(stand.url, { method: 'POST', body: 'x' })))
    expect(posts.map(({ status }) => status).toSorted()).toEqual([200, 502])
    expect(sent).toBe(before + 1)
    const metrics = await registry.metrics()
    expect(metrics).toMatch(/^chaosproxy_retries_total\{service="shop"\} [1-9]/m)
    expect(metrics).toContain(`chaosproxy_upstream_in_flight{service="shop",upstream="${urls.b}"} 0`)
    expect(metrics).toContain('chaosproxy_breaker_state{service="shop",upstream="*"} 0')
    await eventually('the tries are on the log', async () =>
      (await stand.exchanges()).some(({ exchange }) => exchange?.attempts === 2 && exchange.upstream === urls.b),
    )
  })

  it('goes elsewhere with a large body, too, where nobody could be reached', async () => {
    await stop('a')
    moods.b = (req, res) => {
      let length = 0
      req.on('data', (bytes: Buffer) => (length += bytes.length)).on('end', () => res.end(String(length)))
    }
    await open(['a', 'b'], { balance: { strategy: 'round-robin' }, passive: 'off', health: 'off' })
    const body = 'x'.repeat(300_000)
    for (let i = 0; i < 4; i++)
      expect(await (await fetch(stand.url, { method: 'POST', body })).text()).toBe(String(body.length))
  })

  it('is asked elsewhere when its upstream says that it cannot, but not when that was meant, and never a POST', async () => {
    let status = 503
    let fields: Record<string, string> = {}
    moods.a = (_req, res) => void res.writeHead(status, fields).end('a cannot')
    await open(['a', 'b'], { balance: { strategy: 'round-robin' }, passive: 'off' })
    for (status of [502, 503, 504]) expect(await asked(2)).toEqual(['b', 'b'])
    status = 503
    const posts = await Promise.all([1, 2].map(() => fetch(stand.url, { method: 'POST', body: 'x' })))
    expect(posts.map((answer) => answer.status).toSorted()).toEqual([200, 503])
    fields = { 'retry-after': '9' }
    expect((await asked(2)).toSorted()).toEqual(['a cannot', 'b'])
    moods.b = moods.a
    fields = {}
    expect(await asked(1)).toEqual(['a cannot'])
  })

  it('ejects its upstream when there are too many, until its time is over', async () => {
    moods.a = (_req, res) => void res.writeHead(500).end('a')
    const breaker = { minRequests: 1000 }
    await open(['a', 'b'], { breaker, passive: { consecutiveErrors: 3, ejectFor: 1500 } })
    await asked(6)
    expect(upstreams().map(({ ejected }) => ejected)).toEqual([true, false])
    expect(await whoAnswers(3)).toBe('b')
    moods = {}
    const changes = async (): Promise<string[]> =>
      (await stand.events()).flatMap(({ signal }) => (signal?.kind === 'health' ? `${signal.from}-${signal.to}` : []))
    await eventually('it is back', async () => (await changes()).length === 2)
    expect(await changes()).toEqual(['unknown-ejected', 'ejected-unknown'])
    expect(await whoAnswers()).toBe('ab')
  })

  it('opens the breaker of its service when all of them fail, and each change is on the log', async () => {
    for (const name of NAMES) moods[name] = (_req, res) => void res.writeHead(500).end()
    await open(NAMES, { passive: 'off', breaker: { minRequests: 8, window: 60_000, openFor: 200 } })
    await eventually('requests are refused', async () => (await fetch(stand.url)).status === 503)
    moods = {}
    await eventually('it closes', async () => (await fetch(stand.url)).status === 200)
    const about = async (): Promise<string[]> =>
      (await stand.events()).flatMap(({ signal }) =>
        signal?.kind === 'breaker' && signal.subject === '*' ? `${signal.from}-${signal.to}` : [],
      )
    await eventually('all changes are told', async () => (await about()).at(-1) === 'half-open-closed')
    expect((await about()).slice(0, 2)).toEqual(['closed-open', 'open-half-open'])
  })
})
