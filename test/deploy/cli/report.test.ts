import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { addHash, emptyDistinct, encodeDistinct } from '../../../schemas/semantics/sketches/hyperloglog.ts'
import { addValue, emptySketch, encodeSketch } from '../../../schemas/semantics/sketches/ddsketch.ts'
import type { Database, Row } from '../../../sinks/kit/database.ts'
import { noDatabase, startTestConsole, type Started } from '../../sinks/console/kit.ts'
import { run } from './run.ts'

const latency = emptySketch()
for (let i = 1; i <= 100; i++) addValue(latency, i * 1000)
const clients = emptyDistinct()
for (let i = 0; i < 9; i++) addHash(clients, i)

const row = (scope: string, endpoint: string, over: Row = {}): Row => ({
  scope,
  endpoint,
  service: 'shop',
  name: '',
  start: '2026-01-31T14:05:00.000000Z',
  count: 1200,
  errors: 12,
  by_ghosts: 100,
  latency: encodeSketch(latency),
  clients_sketch: encodeDistinct(clients),
  ...over,
})
const rows = [row('service', 'shop'), ...Array.from({ length: 12 }, (_, i) => row('endpoint', `shop GET /p${i}|x`))]
const windows: Database = {
  ...noDatabase,
  query: async (sql) => (sql.includes('from windows ') ? rows : sql.includes('activations') ? [ACTIVATION] : []),
}
const eventful: Database = {
  ...noDatabase,
  query: async (sql) => {
    if (sql.includes('from windows '))
      return [
        row('service', 'shop', {
          statuses: { 200: 1188, 503: 12 },
          top_errors: [{ name: '503 <b>away</b>', count: 12, error: 0 }],
        }),
      ]
    if (sql.includes('from anomalies')) return [INCIDENT]
    return sql.includes('activations') ? [ACTIVATION, { ...ACTIVATION, id: 'b', ended_at: null }] : []
  },
}
const INCIDENT: Row = {
  id: 'i',
  sentence:
    'GET /p0 is 3.2 times slower than usual for Saturday 14:00; started 14:04; 41 % of requests; only upstream :4002',
  severity: 0.6,
  time: '2026-01-31T14:04:00.000000Z',
  ended_at: null,
}
const ACTIVATION: Row = {
  id: 'a',
  service: 'shop',
  endpoint: 'shop GET /p0',
  reason: 'down',
  started_at: '2026-01-31T14:00:00.000000Z',
  last_at: '2026-01-31T14:04:10.000000Z',
  ended_at: '2026-01-31T14:04:10.000000Z',
  answers: { exact: 100 },
  refused: 3,
}

let started: Started
const dir = mkdtempSync(join(tmpdir(), 'cp-report-'))
afterEach(async () => {
  await started.console.close()
  await started.at.log.close()
  rmSync(dir, { recursive: true, force: true })
})
const report = (...args: string[]) =>
  run('report', ...args, '--data-dir', dir, '--admin-port', String(started.console.port))

test('an hour, as text, as Markdown and as JSON', async () => {
  started = await startTestConsole({ database: windows })
  const text = await report('--hour', '2026-01-31T14')
  expect(text.code).toBe(0)
  expect(text.out.split('\n').slice(0, 14)).toEqual([
    '',
    '  Saturday, 31 January 2026, 14:00 to 15:00 UTC',
    '',
    '  Requests   1,200   0.3/s   as the hour before',
    '  Errors     12   1.0 % reached clients',
    '             112   9.3 % would have, without ghosts',
    '  Latency    p50 50 ms   p95 96 ms   p99 100 ms',
    '  Clients    9',
    '  Peak       minute of 14:05   1,200 requests   20/s',
    '  Lowest     minute of 14:06   0 requests',
    '  Ghosts     1 activation, 4 min in all, 100 answers, 3 refused',
    '',
    '  Endpoint         requests  errors    p50    p95     p99  clients',
    '  shop GET /p0|x      1,200   1.0 %  50 ms  96 ms  100 ms        9',
  ])
  expect(text.out).toContain('and 2 endpoints more')
  expect(Math.max(...text.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  const markdown = await report('--hour', '2026-01-31T14', '--format', 'markdown')
  expect(markdown.out).toContain('# Saturday, 31 January 2026')
  expect(markdown.out).toContain('| shop GET /p0\\|x | 1,200 |')
  const json = JSON.parse((await report('--hour', '2026-01-31T14', '--format', 'json')).out)
  expect([json.total.requests, json.endpoints.length, json.ghosts.items[0].endpoints]).toEqual([1200, 12, 1])
})

test('nothing passed, slips, and two at once', async () => {
  started = await startTestConsole({ database: { ...noDatabase, query: async () => [] } })
  expect((await report('--day', '2026-01-31')).out).toContain('Nothing passed in this time.')
  expect((await report('--day', 'yesterday')).code).toBe(0)
  expect((await report('--hour', 'now', '--service', 'shop')).out).toContain('shop only')
  expect((await report('--day', 'noon')).err).toContain('write it as 2026-01-31')
  expect((await report('--hour', '2999-01-31T14')).err).toContain('has not begun')
  expect(await report('--day', 'today', '--hour', 'now')).toMatchObject({ code: 2 })
})

test('an outage is over with the first live answer, though an endpoint that nobody asks for has not heard of it', async () => {
  const late = { ...ACTIVATION, endpoint: 'shop GET /p1', ended_at: '2026-01-31T14:06:00.000000Z' }
  const items = [
    late,
    { ...late, endpoint: 'shop GET /p2', last_at: ACTIVATION['started_at'], ended_at: null },
    ACTIVATION,
  ]
  const query: Database['query'] = async (sql) => (sql.includes('activations') ? items : await eventful.query(sql))
  started = await startTestConsole({ database: { ...noDatabase, query } })
  const { ghosts } = JSON.parse((await report('--hour', '2026-01-31T14', '--format', 'json')).out)
  expect(ghosts.items).toMatchObject([{ ended_at: '2026-01-31T14:04:10.000Z', seconds: 250, endpoints: 3 }])
})

test('what happened is told line by line: answers, each activation, what was unusual, what errors said', async () => {
  started = await startTestConsole({ database: eventful })
  const { out, err } = await report('--hour', '2026-01-31T14')
  expect(err).toBe('')
  expect(out).toContain('  Answers    200 1,188   503 12\n')
  expect(out).toContain('  Ghosts     2 activations, ')
  expect(out).toMatch(/\n {13}14:00 {3}for 4 min {3}down, 100 answers, 3 refused, 1 endpoint\n/)
  expect(out).toMatch(/\n {13}14:00 {3}goes on {3}down, /)
  expect(out).toMatch(/\n {2}Unusual {4}goes on {3}GET \/p0 is 3\.2 times slower than usual .*…\n/)
  expect(out).toContain('  Said       12 x 503 <b>away</b>\n')
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110)
  const markdown = await report('--hour', '2026-01-31T14', '--format', 'markdown')
  expect(markdown.out).toContain('- **Said**: 12 x 503 &lt;b>away&lt;/b>')
})
