import { request, type IncomingMessage, type RequestListener } from 'node:http'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, it } from 'vitest'
import { topicName } from '../../schemas/topics.ts'
import { eventually, fakeBook, get, openStand, type Stand, type StandOptions } from './kit/stand.ts'

let stand: Stand
const open = async (rest: Omit<StandOptions, 'backend'> = {}, backend: RequestListener = ok): Promise<Stand> =>
  (stand = await openStand({ backend, ...rest }))
afterEach(() => stand.close())

const BODY = JSON.stringify({ id: 7, title: 'Dune', price: 12 })
const ok: RequestListener = (_req, res) => {
  res.setHeader('content-type', 'application/json')
  res.end(BODY)
}

const lastEvent = async (count: number) => {
  await eventually(`${count} exchanges`, async () => (await stand.exchanges()).length >= count)
  return (await stand.exchanges()).at(-1)?.exchange
}

describe('limits', () => {
  it('lets 20 of 25 requests of a minute through, says so on each, and has all on the log', async () => {
    const { url } = await open({ service: { shield: { rateLimit: [{ limit: 20, per: 60_000, by: 'ip' }] } } })
    const answers = []
    for (let i = 0; i < 25; i++) answers.push(await get(url))
    expect(answers.map(({ status }) => status)).toEqual([...Array(20).fill(200), ...Array(5).fill(429)])
    expect(answers[0]?.headers).toMatchObject({ 'ratelimit-policy': '"ip";q=20;w=60', ratelimit: '"ip";r=19;t=3' })
    const refused = answers[24]
    expect(refused?.headers).toMatchObject({ 'content-type': 'application/problem+json' })
    expect(Number(refused?.headers['retry-after'])).toBeLessThanOrEqual(3)
    expect(JSON.parse(refused?.body ?? '')).toMatchObject({ status: 429, service: 'shop', 'violated-policies': ['ip'] })
    expect(await lastEvent(25)).toMatchObject({ status: 429, answeredBy: 'limiter', why: 'rate-limited', upstream: '' })
  })

  it('lets so many under way, and frees the place of a client that goes', async () => {
    const waiting: (() => void)[] = []
    const registry = new Registry()
    const shield = { concurrency: { max: 1 } }
    const { url } = await open({ service: { shield }, options: { registry } }, (req, res) => {
      if (req.url === '/slow') waiting.push(() => res.end('done'))
      else res.end('ok')
    })
    const gone = request(`${url}/slow`, { agent: false })
    gone.on('error', () => undefined).end()
    await eventually('a request under way', () => waiting.length === 1)
    const refused = await get(url)
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
    const metrics = await registry.metrics()
    expect(metrics).toContain('chaosproxy_concurrency_limit{service="shop"} 1')
    expect(metrics).toContain('chaosproxy_concurrency_in_flight{service="shop"} 1')
    gone.destroy()
    await eventually('its place', async () => (await get(url)).status === 200)
  })

  it('sheds load when memory is short', async () => {
    const { url } = await open({ options: { overload: { maxMemory: 0.001, maxRequests: 0 } } })
    const { status, headers } = await get(url)
    expect([status, headers['retry-after'], headers.connection]).toEqual([503, '1', 'close'])
    expect(await lastEvent(1)).toMatchObject({ answeredBy: 'limiter', why: 'overloaded' })
  })
})

describe('whom to believe', () => {
  const seen: IncomingMessage['headers'][] = []
  const listen = (trusted: string[], extra: object = {}) =>
    open({ options: { listen: { host: '127.0.0.1', port: 0, trustedProxies: trusted, ...extra } } }, (req, res) => {
      seen.push(req.headers)
      res.end()
    })
  const ask = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      request(stand.url, { headers, agent: false }, (res) => {
        res.resume()
        resolve(res.statusCode ?? 0)
      })
        .on('error', reject)
        .end()
    })

  it('a client cannot make up its address, a trusted proxy tells it', async () => {
    await listen([])
    await ask({ 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'https' })
    expect(seen.at(-1)).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' })
    const before = (await lastEvent(1))?.client
    await stand.close()
    await listen(['loopback'], { forwarded: 'both' })
    await ask({ 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'https' })
    expect(seen.at(-1)).toMatchObject({
      'x-forwarded-for': '6.6.6.6, 127.0.0.1',
      'x-forwarded-proto': 'https',
      forwarded: expect.stringMatching(
        /^for=6\.6\.6\.6, for=127\.0\.0\.1;host="127\.0\.0\.1:\d+";proto=https$/,
      ) as unknown,
    })
    const told = await lastEvent(1)
    expect(told?.client).not.toBe(before)
    expect(JSON.stringify([told?.requestHeaders, told?.client])).not.toContain('6.6.6.6')
  })

  it('a request that comes back is refused: an upstream that leads to the proxy is no endless loop', async () => {
    const { ingress } = await open({}, (req, res) => {
      const again = request(`${stand.url}/`, { headers: { via: req.headers.via ?? '' }, agent: false }, (answer) => {
        res.writeHead(answer.statusCode ?? 0, { 'x-inner': String(answer.headers['proxy-status']) })
        answer.pipe(res)
      })
      again.end()
    })
    const { status, headers } = await get(ingress.address)
    expect([status, headers['x-inner']]).toEqual([508, 'chaos-proxy; error=proxy_loop_detected'])
  })

  it('tells clients where the time went, when asked to', async () => {
    const { url } = await open({ options: { serverTiming: true } })
    expect((await get(url)).headers['server-timing']).toMatch(/^proxy;dur=\d+\.\d\d, upstream;dur=\d+\.\d\d$/)
  })
})

describe('faults', () => {
  const order = async (fault: object, rest: object = {}, id = 'f1'): Promise<void> => {
    const match = { service: 'shop', percent: 100, ...rest }
    const until = (Date.now() + 60_000) * 1000
    await stand.control(`fault/${id}`, { id, match, seed: 1, until, fault })
  }
  const marked = async (): Promise<void> =>
    eventually('the fault', async () => {
      const { headers } = await get(`${stand.url}/probe`).catch(() => ({ headers: { 'x-chaos': 'reset' } }))
      return headers['x-chaos'] !== undefined
    })

  it('answers in the place of the upstream, marked, on the log, and is over when it is taken back', async () => {
    let asked = 0
    const { url } = await open({}, (_req, res) => {
      asked++
      res.end('ok')
    })
    await order({ kind: 'failure', status: 500 })
    await marked()
    asked = 0
    const { status, headers, body } = await get(url)
    expect([status, headers['x-chaos'], asked]).toEqual([500, 'failure;status=500;id=f1', 0])
    expect(JSON.parse(body)).toMatchObject({ type: 'urn:chaos-proxy:fault', status: 500 })
    await eventually('the event', async () =>
      (await stand.exchanges()).some(({ exchange }) => exchange?.faults[0] === 'failure/f1'),
    )
    expect((await stand.exchanges()).at(-1)?.exchange).toMatchObject({ answeredBy: 'fault', why: 'fault' })
    await stand.log.append(topicName('control'), [{ key: 'fault/f1', value: null, timestamp: Date.now() }])
    await eventually('the end', async () => (await get(url)).status === 200)
  })

  it('ends by itself, and one that is not understood never begins', async () => {
    const { url } = await open()
    const until = (Date.now() + 400) * 1000
    const match = { service: '*', percent: 100 }
    await stand.control('fault/bad', {
      id: 'bad',
      match,
      seed: 1,
      until: until * 2,
      fault: { kind: 'failure', status: 500 },
    })
    await stand.control('fault/f1', { id: 'f1', match, seed: 1, until, fault: { kind: 'failure', status: 503 } })
    await marked()
    await eventually('its end', async () => (await get(url)).status === 200)
    expect(Date.now()).toBeGreaterThanOrEqual(until / 1000)
    expect((await get(url)).headers['x-chaos']).toBeUndefined()
  })

  it('holds nothing of a client that goes while it waits, and the upstream never hears of it', async () => {
    let asked = 0
    const { url, ingress } = await open({}, (_req, res) => {
      asked++
      res.end('ok')
    })
    await order({ kind: 'latency', ms: 30_000 }, { method: 'DELETE' })
    await order({ kind: 'failure', status: 500 }, { method: 'GET' }, 'f2')
    await marked()
    asked = 0
    const leaving = new AbortController()
    const answer = fetch(url, { method: 'DELETE', signal: leaving.signal }).catch(() => 'gone')
    await eventually('the request', () => ingress.status().inFlight === 1)
    leaving.abort()
    expect(await answer).toBe('gone')
    await eventually('nothing under way', () => ingress.status().inFlight === 0)
    await eventually('its event', async () =>
      (await stand.exchanges()).some(({ exchange }) => exchange?.method === 'DELETE' && !exchange.complete),
    )
    expect(asked).toBe(0)
  })

  it('an outage is met as any other: by a ghost where one may answer', async () => {
    let asked = 0
    const backend: RequestListener = (_req, res) => {
      asked++
      res.end('live')
    }
    const body = new TextEncoder().encode('learned')
    const ghosts = fakeBook({
      kind: 'answer',
      endpoint: 'shop GET /',
      ghost: 'exact',
      confidence: 1,
      status: 200,
      headers: [],
      body,
      learnedAt: Date.now() * 1000,
    })
    const { url } = await open({ ghosts }, backend)
    await order({ kind: 'outage' })
    await marked()
    asked = 0
    const { status, headers, body: said } = await get(url)
    expect([status, headers['x-ghost'], headers['x-chaos'], said, asked]).toEqual([
      200,
      'exact',
      'outage;id=f1',
      'learned',
      0,
    ])
    await eventually('the event', async () => (await stand.exchanges()).at(-1)?.exchange?.answeredBy === 'ghost')
    expect((await stand.exchanges()).at(-1)?.exchange).toMatchObject({ faults: ['outage/f1'], why: 'unavailable' })
  })

  it('holds over a restart', async () => {
    const first = await open()
    await order({ kind: 'failure', status: 500 })
    await marked()
    await open({ options: { log: first.log, codecs: first.codecs } })
    expect((await get(stand.url)).status).toBe(500)
    await first.close()
  })

  it('all stop at one word', async () => {
    const { url } = await open()
    await order({ kind: 'failure', status: 500 })
    await marked()
    await stand.control('fault/*', { stopped: true })
    await eventually('the stop', async () => (await get(url)).status === 200)
    await stand.control('fault/*', { stopped: false })
    await eventually('the fault again', async () => (await get(url)).status === 500)
  })

  it('waits, resets, slows, cuts and spoils what goes to the client, and the backend is asked', async () => {
    const { url } = await open()
    await order({ kind: 'latency', ms: 120 })
    await marked()
    const started = performance.now()
    expect(await get(url)).toMatchObject({ status: 200, body: BODY, headers: { 'x-chaos': 'latency;ms=120;id=f1' } })
    expect(performance.now() - started).toBeGreaterThanOrEqual(118)
    await order({ kind: 'corruption', field: '/price', how: 'type' })
    await eventually(
      'corruption',
      async () => (await get(url)).body === JSON.stringify({ ...JSON.parse(BODY), price: '12' }),
    )
    await order({ kind: 'truncation', bytes: 5, end: 'clean' })
    await eventually('a clean cut', async () => (await get(url)).body === BODY.slice(0, 5))
    await order({ kind: 'truncation', bytes: 5, end: 'broken' })
    await eventually('a broken cut', () =>
      get(url).then(
        () => false,
        (error: Error) => error.message === 'aborted',
      ),
    )
    await order({ kind: 'slow_body', bytes_per_second: 200 })
    await eventually('a slow body', async () => {
      const from = performance.now()
      return (await get(url)).body === BODY && performance.now() - from > 100
    })
    await order({ kind: 'abort' })
    await eventually('a reset', () =>
      get(url).then(
        () => false,
        (error: NodeJS.ErrnoException) => error.code === 'ECONNRESET',
      ),
    )
    await eventually('its event', async () => {
      const { exchange } = (await stand.exchanges()).at(-1) ?? {}
      return exchange?.faults[0] === 'abort/f1' && exchange.status === 0 && exchange.answeredBy === 'fault'
    })
  })
})
