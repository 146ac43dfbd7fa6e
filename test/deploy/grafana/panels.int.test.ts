/** Every query of every panel, against what the processes really export and store. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mergeMetrics, metricsOf, watchProcess } from '../../../deploy/roles/metrics.ts'
import { startProcessors, type Running } from '../../../processors/runtime/host.ts'
import { topology } from '../../../processors/topology.ts'
import { startConsole, type Console } from '../../../sinks/console/console.ts'
import { openDatabase, startSinks, type Database, type Sinks } from '../../../sinks/sinks.ts'
import { eventually, openStand, type Stand } from '../../ingress/kit/stand.ts'
import { count, silent } from '../../sinks/kit.ts'
import { expanded, namesIn, promQueries, sqlQueries } from './queries.ts'

const registry = new Registry()
const dir = mkdtempSync(join(tmpdir(), 'cp-panels-'))
let stand: Stand
let database: Database
let processors: Running
let sinks: Sinks

const ask = (path: string): Promise<Response> => fetch(stand.url + path)

/** What a short play does not bring about by itself. */
let panel: Console | undefined

const RARE = `
insert into drift select 'd1', now(), 'shop GET /books/{id}', 'shop', 'removed', '/name', 'breaking', 0.9, 'string', '', '', 0, 'open', '[]', 'name is gone', 'k', 0;
insert into dead_letters select now(), 't', 0, 0, 'decode', 'host', 'no schema', 3, 't', 0, 0;
insert into windows select 'shop GET /books/{id}', 'shop', date_trunc('minute', now()), 60, 10, 0, '{"200": 9, "500": 1}', '{"upstream": 8, "ghost": 2}', '{}', 1, 2, 3, 4, 5, 6, 'k', 0 on conflict do nothing;
insert into windows (endpoint, service, start, span_seconds, count, late, statuses, answered_by, upstreams, request_bytes, response_bytes, latency_sum_us, p50_us, p95_us, p99_us, log_key, log_offset, scope, name)
  select 'shop ' || scopes, service, start, 60, count, 0, statuses, answered_by, upstreams, 1, 2, 3, 4, 5, 6, 'k', 0, scopes, 'n'
  from windows, unnest(array['service', 'upstream', 'answered-by', 'status-class']) scopes where scope = 'endpoint'
  on conflict do nothing;
insert into anomalies select 'n1', now(), null, 'shop GET /books/{id}', 'shop', 'latency', 0.8, 7.2, 'GET /books/{id} is 3.2 times slower than usual', '{}', 'k', 0;
update windows set top_errors = '[{"name": "500 without a body", "count": 1, "error": 0}]', top_agents = '[{"name": "curl", "count": 1, "error": 0}]', top_paths = '[{"name": "/books/3", "count": 1, "error": 0}]' where scope = 'service';
update exchanges set faults = 'delay' where id = (select id from exchanges limit 1);
`

/** Hours and days, without waiting for them. */
const WIDER = `
insert into windows_hour select * from windows on conflict do nothing;
insert into windows_day select * from windows on conflict do nothing;
`

beforeAll(async () => {
  stand = await openStand({
    backend: (req, res) => {
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify({ path: req.url, name: 'a book' }))
    },
    options: { registry },
  })
  const shared = { log: stand.log, codecs: stand.codecs, registry, logger: silent }
  watchProcess(registry, 'ingress')
  database = await openDatabase({ dir: join(dir, 'db'), owner: 'a test', logger: silent })
  processors = await startProcessors({ ...shared, topology, commitIntervalMs: 50 })
  sinks = await startSinks({ ...shared, database, lingerMs: 5 })
  panel = await startConsole({ ...shared, database, host: '127.0.0.1', port: 0, app: 'processors' })
  for (let n = 0; n < 60; n++) await ask(`/books/${n % 6}`)
  await eventually('learned', async () => (await count(database, 'endpoints')) > 0)
  await stand.stopBackend()
  await eventually('a ghost', async () => (await ask('/books/3')).headers.has('x-ghost'))
  await eventually('a breaker', async () => {
    await ask('/books/3')
    return (await database.query(`select 1 from signals where kind in ('health', 'breaker')`)).length > 0
  })
  await eventually('readiness', async () => (await registry.metrics()).includes('chaosproxy_ghost_fidelity{'))
  await eventually('an activation', async () => (await count(database, 'activations')) > 0)
  await database.transaction([
    { kind: 'script', sql: RARE },
    { kind: 'script', sql: WIDER },
  ])
})

afterAll(async () => {
  await panel?.close()
  await sinks?.close()
  await processors?.close()
  await stand?.close()
  await database?.close()
  rmSync(dir, { recursive: true, force: true })
})

interface Declared {
  readonly name: string
  readonly labelNames?: readonly string[]
  get(): Promise<{ type: string; values: readonly { metricName?: string; labels: object }[] }>
}

/** Labels by the name of each series, from the metrics’ own declarations and from what they say. */
const exported = async (): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const found = new Map<string, Set<string>>()
  const add = (name: string, labels: readonly string[]): void =>
    void found.set(name, new Set([...(found.get(name) ?? []), ...labels]))
  for (const metric of registry.getMetricsAsArray() as unknown as Declared[]) {
    const { name, labelNames = [] } = metric
    const { type, values } = await metric.get()
    if (type === 'histogram') add(`${name}_bucket`, ['le'])
    for (const part of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) add(name + part, labelNames)
    for (const { metricName = name, labels } of values) add(metricName, Object.keys(labels))
  }
  return found
}

test('every metric and label that a panel or a rule asks for is exported', async () => {
  const known = await exported()
  const scraped = ['job', 'instance']
  const wrong = promQueries().flatMap(({ where, text }) => {
    const names = namesIn(text)
    if (names.length === 0) return [`${where}: asks for no metric`]
    return names.flatMap(({ metric, labels }) => {
      if (metric === 'up')
        return labels.filter((label) => !scraped.includes(label)).map((label) => `${where}: up has no ${label}`)
      const has = known.get(metric)
      if (has === undefined) return [`${where}: there is no ${metric}`]
      return labels
        .filter((label) => !has.has(label) && !scraped.includes(label))
        .map((label) => `${where}: ${metric} has no label ${label}`)
    })
  })
  expect(wrong).toEqual([])
})

test('none of them is left out where the metrics of several processes become one page', async () => {
  const merged = await mergeMetrics([await metricsOf(registry), await metricsOf(registry)])
  const series = new Set([...merged.matchAll(/^(\w+)(?:\{|\s)/gm)].map(([, name = '']) => name))
  const typed = new Set([...merged.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name))
  const asked = promQueries().flatMap(({ text }) => namesIn(text).map(({ metric }) => metric))
  const gone = asked.filter((metric) => !series.has(metric) && !typed.has(metric) && metric !== 'up')
  expect([...new Set(gone)]).toEqual([])
})

test('every SQL query runs over what the migrations make, and finds what happened', async () => {
  expect(sqlQueries().length).toBeGreaterThan(10)
  for (const { where, text } of sqlQueries())
    expect([where, (await database.query(expanded(text))).length > 0]).toEqual([where, true])
})

test('over months, SQL queries read hours and days', async () => {
  const wide = sqlQueries().filter(({ text }) => text.includes('windows_between'))
  expect(wide.length).toBeGreaterThan(10)
  for (const seconds of [3600, 86_400])
    for (const { where, text } of wide)
      expect([where, seconds, (await database.query(expanded(text, seconds))).length > 0]).toEqual([
        where,
        seconds,
        true,
      ])
})

test('open drift is counted in the metrics until somebody resolves it', async () => {
  expect(await registry.metrics()).toContain('chaosproxy_drift_open{service="shop",severity="breaking"} 1')
  await database.query(`update drift set status = 'resolved'`)
  expect(await registry.metrics()).not.toContain('chaosproxy_drift_open{')
})
