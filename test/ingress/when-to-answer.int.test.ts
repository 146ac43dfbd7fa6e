/** When ghosts answer and when not, through real sockets. */
import type { ServerResponse } from 'node:http'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, it } from 'vitest'
import type { GhostAnswer, GhostBook } from '../../schemas/semantics/ghost-port.ts'
import { noteAnswer, noteReady, openVitals, type Vitals } from '../../schemas/semantics/vitals.ts'
import { eventually, fakeBook, get, openStand, type Stand } from './kit/stand.ts'

let stand: Stand
afterEach(() => stand.close())

const answer: GhostAnswer = {
  kind: 'answer',
  ghost: 'template',
  endpoint: 'shop GET /books/{id}',
  status: 200,
  headers: [],
  body: Buffer.from('ghost'),
  confidence: 0.9,
  learnedAt: Date.now() * 1000,
}

/** A book that knows one endpoint per first path segment. */
const bookOf = (vitals: Vitals | undefined): GhostBook => ({
  ...fakeBook(answer),
  learned: (service, method, target) => ({
    endpoint: `${service} ${method} /${target.split('/')[1] ?? ''}`,
    // Those that must not be late on a slow machine have no norm.
    vitals: target.startsWith('/quick') ? undefined : vitals,
  }),
})
const vitalsOf = (statuses: readonly number[], micros = 5000): Vitals => {
  const vitals = openVitals()
  for (const status of statuses) noteAnswer(vitals, status, micros)
  return vitals
}
const times = (n: number, status: number): number[] => Array.from({ length: n }, () => status)
const well = times(50, 200)
const flaky = times(60, 0).map((_, i) => (i % 2 === 0 ? 500 : 200))

const tells = async (path: string): Promise<string> => {
  const { status, headers } = await get(stand.url + path)
  return headers['x-ghost'] === undefined ? String(status) : 'ghost'
}
const say =
  (status: number, text = 'live') =>
  (res: ServerResponse): void =>
    void res.writeHead(status).end(text)

describe('a 500', () => {
  it('passes once, and is answered by a ghost when more come than is normal', async () => {
    stand = await openStand({ backend: (_req, res) => say(500)(res), ghosts: bookOf(vitalsOf(well)) })
    expect([await tells('/books/1'), await tells('/books/2'), await tells('/books/3')]).toEqual([
      '500',
      'ghost',
      'ghost',
    ])
  })

  it('passes always where it is normal, and the same one again is one bug', async () => {
    stand = await openStand({ backend: (_req, res) => say(500)(res), ghosts: bookOf(vitalsOf(flaky)) })
    for (let i = 0; i < 12; i++) expect(await tells(`/books/${i}`)).toBe('500')
    expect(stand.ingress.status().services[0]?.upstreams[0]?.breaker).toBe('closed')
    await stand.close()
    stand = await openStand({ backend: (_req, res) => say(500)(res), ghosts: bookOf(vitalsOf(well)) })
    for (let i = 0; i < 12; i++) expect(await tells('/books/7')).toBe('500')
  })
})

describe('slow', () => {
  it('is down for who reads, by what is usual for the endpoint; on the log the upstream did not answer', async () => {
    const late: ServerResponse[] = []
    stand = await openStand({
      backend: (req, res) => (req.url?.startsWith('/slow') === true ? void late.push(res) : say(200)(res)),
      ghosts: bookOf(vitalsOf(well)),
      service: { ghost: { patience: 100 }, timeouts: { response: 20_000 } },
    })
    expect([await tells('/quick/1'), await tells('/slow/1')]).toEqual(['200', 'ghost'])
    await eventually('both on the log', async () => (await stand.exchanges()).length === 2)
    const { exchange } = (await stand.exchanges())[1] ?? {}
    expect([exchange?.why, exchange?.answeredBy]).toEqual(['slow', 'ghost'])
    for (const res of late) res.destroy()
  })

  it('is waited for where nothing was learned, and by who writes', async () => {
    const slow = (res: ServerResponse): void => void setTimeout(() => say(200)(res), 400)
    const service = { ghost: { patience: 50 } }
    stand = await openStand({ backend: (_req, res) => slow(res), ghosts: bookOf(undefined), service })
    expect(await tells('/slow/1')).toBe('200')
    await stand.close()
    stand = await openStand({ backend: (_req, res) => slow(res), ghosts: bookOf(vitalsOf(well)), service })
    expect((await fetch(`${stand.url}/slow`, { method: 'POST', body: '{}' })).status).toBe(200)
  })
})

describe('one broken endpoint', () => {
  it('has ghosts, and the rest has the backend; the metrics tell of both', async () => {
    let asked = 0
    const registry = new Registry()
    stand = await openStand({
      backend: (req, res) => {
        if (req.url?.startsWith('/cart') !== true) return say(200)(res)
        asked++
        say(503)(res)
      },
      ghosts: bookOf(undefined),
      service: { breaker: { openFor: 60_000 } },
      options: { registry },
    })
    for (let i = 0; i < 30; i++)
      expect([await tells(`/books/${i}`), await tells(`/cart/${i}`)]).toEqual(['200', 'ghost'])
    expect(asked).toBe(5)
    const text = await registry.metrics()
    const upstream = `service="shop",upstream="http://127.0.0.1:${stand.backendPort}"`
    expect(text).toContain(`chaosproxy_upstream_results_total{${upstream},result="bad"} 5`)
    expect(text).toContain(`chaosproxy_upstream_results_total{${upstream},result="good"} 30`)
    expect(text).toContain(`chaosproxy_endpoints_left_alone{${upstream}} 1`)
    expect(text).toMatch(/chaosproxy_requests_total\{service="shop",method="GET",code="200",answered_by="ghost"\} 30/)
    expect(stand.ingress.status().services[0]?.upstreams[0]?.breaker).toBe('closed')
  })
})

it('takes answers that break off for what they are: after some, the endpoint has ghosts', async () => {
  stand = await openStand({
    backend: (req, res) => {
      if (req.url?.startsWith('/cart') !== true) return say(200)(res)
      res.writeHead(200, { 'content-length': 100 }).write('half of it', () => res.destroy())
    },
    ghosts: bookOf(undefined),
    service: { breaker: { openFor: 600_000 } },
  })
  let broken = 0
  await eventually('a ghost', async () => {
    expect(await tells('/books/1')).toBe('200')
    const told = await tells('/cart/1').catch(() => 'broken')
    if (told === 'broken') broken++
    return told === 'ghost'
  })
  expect(broken).toBeGreaterThan(0)
})

describe('readiness', () => {
  const ready = (share: number): Vitals => {
    const vitals = openVitals()
    for (let i = 0; i < 50; i++) noteReady(vitals, i % 10 < share * 10)
    return vitals
  }

  it.each([
    [undefined, 503],
    [ready(0.3), 503],
    [ready(1), 200],
  ])('is asked for: %#', async (vitals, status) => {
    stand = await openStand({
      backend: (_req, res) => say(200)(res),
      ghosts: bookOf(vitals),
      service: { ghost: { minReadiness: 0.8 } },
    })
    await stand.stopBackend()
    const got = await get(`${stand.url}/books/1`)
    expect(got.status).toBe(status)
    if (status === 503)
      expect(got.headers['proxy-status']).toMatch(/details="no ghost: not-ready: Of the last requests/)
  })
})

it('does not answer those who ask how the backend is', async () => {
  stand = await openStand({ backend: (_req, res) => say(200)(res), ghosts: bookOf(undefined) })
  await stand.stopBackend()
  expect([await tells('/healthz'), await tells('/books/1')]).toEqual(['503', 'ghost'])
})
