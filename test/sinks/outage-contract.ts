/** Outages, from exchanges to the report, and what a recovered backend says of them; over every database. One call per kind. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Exchange } from '../../schemas/events.ts'
import { startTestConsole } from './console/kit.ts'
import { anEvent, body, T0 } from './events.ts'
import { count, openTestLog, until } from './kit.ts'
import { bench, type Place } from './place.ts'

const ghost = (target: string, confidence: number, more: Partial<Exchange> = {}): Partial<Exchange> => ({
  answeredBy: 'ghost',
  upstream: '',
  why: 'connect-failed',
  target,
  ghost: { kind: 'exact', confidence, activation: 'a1' },
  ...more,
})
const refused = (target: string, reason: string, more: Partial<Exchange> = {}): Partial<Exchange> => ({
  answeredBy: 'self',
  upstream: '',
  why: 'connect-failed',
  status: 503,
  target,
  responseHeaders: [
    {
      name: 'proxy-status',
      value: `chaos-proxy; error=connection_refused; details="no ghost: ${reason}: why \\"so\\""`,
    },
  ],
  ...more,
})

/** A second between two of them. */
const PASSED: readonly Partial<Exchange>[] = [
  {},
  ghost('/books/1', 1),
  ghost('/books/2', 0.8, { responseBody: body('{"id":2,"title":"old","mail":"cp_0123456789abcdef"}') }),
  ghost('/books/2', 0.8, { client: 'c2' }),
  ghost('/me', 0.9, { principal: 'cp_ann' }),
  ghost('/books', 0.9, { method: 'POST', status: 201, ghost: { kind: 'mock', confidence: 0.9, activation: 'a1' } }),
  ghost('/books/cp_0123456789abcdef', 0.9),
  refused('/new', 'unknown-endpoint'),
  refused('/books', 'write', { method: 'POST' }),
  {},
  ghost('/books/1', 1, { why: 'mode-mock' }),
]

export const outageContract = (name: string, make: () => Promise<Place>): void => {
  describe(`outage contract: ${name}`, () => {
    const { place, opened, start } = bench(make)

    test('the report of each outage, and how much of it was right', async () => {
      const [from, database] = [await openTestLog(), await opened(await place())]
      const events = PASSED.map((exchange, i) => anEvent(i + 1, {}, exchange))
      const later = anEvent(100, { at: T0 + 600_000_000 }, refused('/books/1', 'low-confidence'))
      await from.put('exchanges', 'shop', [...events, later])
      await start(from, database)
      await until(
        'all rows',
        () => count(database, 'exchanges'),
        (n) => n === PASSED.length + 1,
      )
      const asked: string[] = []
      const backend = createServer((req, res) => {
        asked.push(
          `${req.method} ${req.url} ${String(req.headers['x-chaos-replay'])} ${String(req.headers['authorization'])}`,
        )
        res.setHeader('content-type', 'application/json')
        if (req.url === '/books/1') return res.end('{"id":7}')
        return res.end('{"id":2,"title":"new","mail":"joe@example.com"}')
      })
      await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
      const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
      const config = { services: [{ name: 'shop', upstreams: [{ url }] }] }
      const started = await startTestConsole({ log: from.log, codecs: from.codecs, database, config })
      try {
        const get = async (path: string): Promise<any> => (await fetch(started.url + path)).json()
        const { items } = await get('/api/outages?hours=8760')
        expect(items).toMatchObject([
          { service: 'shop', requests: 1, answered: 0, refused: 1, confidence: null, ended: true },
          {
            requests: 8,
            answered: 6,
            refused: 2,
            clients: 2,
            principals: 1,
            least_confidence: 0.8,
            ended: true,
            writes: { accepted: 1, queued: 0, rejected: 1 },
          },
        ])
        const path = `/api/outages/${encodeURIComponent(items[1].id)}`
        const report = await get(path)
        expect(report).toMatchObject({ why: { 'connect-failed': 8 }, kinds: { exact: 5, mock: 1, none: 2 } })
        expect(report.refusals.map((r: any) => [r.reason, r.count, r.example]).toSorted()).toEqual([
          ['unknown-endpoint', 1, 'why "so"'],
          ['write', 1, 'why "so"'],
        ])
        const answer = await fetch(`${started.url}${path}/verify`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{}',
        })
        const verified: any = await answer.json()
        // Neither what was asked with a credential nor what was redacted is asked for again.
        expect(asked.toSorted()).toEqual(['GET /books/1 verify undefined', 'GET /books/2 verify undefined'])
        expect(verified).toMatchObject({ upstream: url, asked: 2, right: 1, right_share: 0.5 })
        expect(verified.answers.find((one: any) => one.target === '/books/1')).toMatchObject({
          right: true,
          agreement: 1,
        })
        const unknown = [await get('/api/outages/shop@2020-01-01T00:00:00Z'), await get('/api/outages/nothing')]
        expect(unknown.map(({ status }) => status)).toEqual([404, 400])
      } finally {
        await started.console.close()
        backend.close()
      }
    })
  })
}
