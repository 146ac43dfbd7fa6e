import { afterEach, describe, expect, it } from 'vitest'
import { openKeys } from '../../ingress/edge/keys.ts'
import type { GhostAnswer, GhostRefusal } from '../../schemas/semantics/ghost-port.ts'
import { eventually, fakeBook, openStand, type Stand } from './kit/stand.ts'

let stand: Stand
afterEach(() => stand.close())

const sealed = (mail: string): string =>
  `${openKeys(new TextEncoder().encode('a secret for tests only')).seal(mail)}@sealed.invalid`

const pseudonym = (secret: string): string =>
  `cp_${openKeys(new TextEncoder().encode('a secret for tests only')).pseudonym(secret)}`

const answer = (more: Partial<GhostAnswer> = {}): GhostAnswer => ({
  kind: 'answer',
  ghost: 'exact',
  endpoint: 'shop GET /books/{id}',
  status: 200,
  headers: [
    { name: 'content-type', value: 'application/json' },
    { name: 'etag', value: '"v1"' },
    { name: 'Set-Cookie', value: 'sid=1' },
    { name: 'x-evil', value: 'a\r\nb: c' },
  ],
  body: Buffer.from(JSON.stringify({ id: 7, mail: sealed('joe@example.com') })),
  confidence: 0.9,
  learnedAt: Date.now() * 1000 - 3_000_000,
  ...more,
})
const refusal: GhostRefusal = {
  kind: 'refuse',
  endpoint: '',
  reason: 'unknown-endpoint',
  detail: 'Nothing like it was seen.',
}

describe('failover', () => {
  it('answers in the place of a dead upstream, marked, with sealed values opened', async () => {
    const book = fakeBook(answer())
    stand = await openStand({ backend: (_req, res) => res.end('live'), ghosts: book })
    expect(await (await fetch(`${stand.url}/books/7`)).text()).toBe('live')
    await stand.stopBackend()
    const ghost = await fetch(`${stand.url}/books/7`, { headers: { authorization: 'Bearer abc' } })
    expect(ghost.status).toBe(200)
    expect(await ghost.json()).toEqual({ id: 7, mail: 'joe@example.com' })
    expect(Object.fromEntries(ghost.headers)).toMatchObject({
      'x-ghost': 'exact',
      'x-ghost-confidence': '0.90',
      'cache-control': 'no-store',
      age: '3',
      'cache-status': 'chaos-proxy; hit; ttl=-3; detail=exact',
      'proxy-status': 'chaos-proxy; error=connection_refused',
    })
    expect(ghost.headers.get('x-ghost-activation')).toMatch(/^[0-9a-f-]{36}$/)
    expect(ghost.headers.has('set-cookie')).toBe(false)
    expect(ghost.headers.has('x-evil')).toBe(false)
    expect(book.asked[0]?.principal).toMatch(/^cp_/)
    expect(JSON.stringify(book.asked[0])).not.toContain('Bearer abc')
    await eventually('the exchange', async () => (await stand.exchanges()).length === 2)
    const second = (await stand.exchanges())[1]?.exchange
    expect(second).toMatchObject({
      answeredBy: 'ghost',
      why: 'connect-failed',
      ghost: { kind: 'exact', confidence: 0.9 },
    })
    expect(Buffer.from(second?.responseBody.bytes ?? []).toString()).not.toContain('joe@')
    expect(stand.seen.some((event) => event.kind === 'ghost')).toBe(true)
  })

  it('gives the asker their own credential back, and nobody anything else', async () => {
    const body = { token: pseudonym('mine'), other: pseudonym('theirs') }
    const book = fakeBook(answer({ body: Buffer.from(JSON.stringify(body)) }))
    stand = await openStand({ backend: (_req, res) => res.end(), ghosts: book })
    await stand.stopBackend()
    const as = async (headers: Record<string, string>) => (await fetch(stand.url, { headers })).json()
    expect(await as({ authorization: 'Bearer mine' })).toEqual({ ...body, token: 'mine' })
    expect(await as({ authorization: `Bearer ${body.other}` })).toEqual(body)
    expect(await as({})).toEqual(body)
    await eventually('the exchanges', async () => (await stand.exchanges()).length === 3)
    for (const { exchange } of await stand.exchanges()) {
      expect(JSON.stringify(exchange?.requestHeaders)).not.toContain('mine')
      expect(Buffer.from(exchange?.responseBody.bytes ?? []).toString()).not.toContain('mine')
    }
  })

  it('answers HEAD without a body and If-None-Match with 304', async () => {
    stand = await openStand({ backend: (_req, res) => res.end(), ghosts: fakeBook(answer()) })
    await stand.stopBackend()
    const head = await fetch(stand.url, { method: 'HEAD' })
    expect([head.status, head.headers.get('x-ghost'), await head.text()]).toEqual([200, 'exact', ''])
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(0)
    const same = await fetch(stand.url, { headers: { 'if-none-match': 'W/"v1"' } })
    expect([same.status, await same.text()]).toEqual([304, ''])
  })

  it.each([
    ['502', 502, {}, 'exact'],
    ['503', 503, {}, 'exact'],
    ['503 that was meant', 503, { 'retry-after': '9' }, null],
    ['500', 500, {}, null],
    ['429', 429, {}, null],
    ['404', 404, {}, null],
  ])('%s of the upstream', async (_name, status, headers, mark) => {
    stand = await openStand({
      backend: (_req, res) => res.writeHead(status, headers).end('upstream'),
      ghosts: fakeBook(answer()),
    })
    const got = await fetch(stand.url)
    expect([got.status, got.headers.get('x-ghost')]).toEqual([mark === null ? status : 200, mark])
  })

  it('passes the upstream’s own 502 on when no ghost can answer', async () => {
    stand = await openStand({ backend: (_req, res) => res.writeHead(502).end('upstream'), ghosts: fakeBook(refusal) })
    const got = await fetch(stand.url)
    expect([got.status, await got.text()]).toEqual([502, 'upstream'])
  })

  it.each([
    ['a refusal', refusal, /Nothing like it was seen/],
    ['too little confidence', answer({ confidence: 0.2 }), /probability 0\.20/],
    ['old knowledge', answer({ learnedAt: 0 }), /older than/],
  ])('is honest about %s', async (_name, verdict, detail) => {
    stand = await openStand({ backend: (_req, res) => res.end(), ghosts: fakeBook(verdict) })
    await stand.stopBackend()
    const got = await fetch(stand.url)
    expect([got.status, got.headers.get('content-type'), got.headers.get('x-ghost')]).toEqual([
      503,
      'application/problem+json',
      null,
    ])
    expect(got.headers.get('retry-after')).toBe('5')
    expect(((await got.json()) as { detail: string }).detail).toMatch(detail)
  })

  it('never answers a write: 503 when nothing was sent, 504 when it may have arrived', async () => {
    const book = fakeBook(answer())
    stand = await openStand({ backend: () => undefined, ghosts: book, service: { timeouts: { response: 300 } } })
    const sent = await fetch(stand.url, { method: 'POST', body: '{}' })
    expect([sent.status, sent.headers.get('retry-after')]).toEqual([504, null])
    await stand.stopBackend()
    const unsent = await fetch(stand.url, { method: 'POST', body: '{}' })
    expect([unsent.status, unsent.headers.get('retry-after')]).toEqual([503, '5'])
    expect(book.asked).toEqual([])
  })

  it('does not ask a dead upstream while the breaker is open, and goes back to it when it is good', async () => {
    let asked = 0
    const health = { path: '/health', every: 20, timeout: 500, unhealthyAfter: 1000, healthyAfter: 1 }
    let ill = true
    stand = await openStand({
      backend: (req, res) => {
        if (req.url !== '/health') asked++
        res.writeHead(ill ? 503 : 200).end('live')
      },
      ghosts: fakeBook(answer()),
      service: { health, breaker: { openFor: 60_000 } },
    })
    for (let i = 0; i < 20; i++) expect((await fetch(stand.url)).headers.get('x-ghost')).toBe('exact')
    expect(asked).toBeLessThan(20)
    expect(stand.ingress.status().services[0]?.upstreams[0]?.breaker).toBe('open')
    ill = false
    await eventually('live answers', async () => (await (await fetch(stand.url)).text()) === 'live')
    const signals = (await stand.events()).flatMap((event) =>
      event.signal?.kind === 'breaker' ? [event.signal.to] : [],
    )
    expect(signals.slice(0, 1)).toEqual(['open'])
    expect(stand.seen.filter((e) => e.kind === 'down' || e.kind === 'up').map((e) => e.kind)).toEqual(['down', 'up'])
  })
})

describe('mode', () => {
  it('follows control: mock answers without asking, off never lets a ghost answer', async () => {
    let asked = 0
    stand = await openStand({
      backend: (_req, res) => {
        asked++
        res.end('live')
      },
      ghosts: fakeBook(answer({ ghost: 'template' })),
    })
    await stand.control('mode/*', { mode: 'mock' })
    await eventually('mode mock', () => stand.ingress.status().services[0]?.mode === 'mock')
    expect((await fetch(stand.url)).headers.get('x-ghost')).toBe('template')
    expect(asked).toBe(0)
    await stand.control('mode/shop', { mode: 'off' })
    await eventually('mode off', () => stand.ingress.status().services[0]?.mode === 'off')
    expect(await (await fetch(stand.url)).text()).toBe('live')
    await stand.stopBackend()
    const got = await fetch(stand.url)
    expect([got.status, got.headers.get('x-ghost')]).toEqual([502, null])
    await eventually(
      'mode signals',
      async () => (await stand.events()).filter((e) => e.signal?.kind === 'mode').length === 2,
    )
  })
})
