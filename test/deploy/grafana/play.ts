/** A short play of the real processes, so that every panel has something to draw: a database and, where it is here, Prometheus. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { watchProcess } from '../../../deploy/roles/metrics.ts'
import { shippedPrior } from '../../../processors/model/shipped.ts'
import { startProcessors } from '../../../processors/runtime/host.ts'
import { topology } from '../../../processors/topology.ts'
import type { Model } from '../../../schemas/events.ts'
import { EVIDENCE_VERSION } from '../../../schemas/semantics/model/evidence.ts'
import { hashOf, packed } from '../../../schemas/semantics/model/published.ts'
import { topicName } from '../../../schemas/topics.ts'
import { startConsole, type Console } from '../../../sinks/console/console.ts'
import { openDatabase, startSinks, type Database } from '../../../sinks/sinks.ts'
import { eventually, openStand, type Stand } from '../../ingress/kit/stand.ts'
import { startPostgres, withoutPostgres } from '../../kit/postgres.ts'
import { anAlert } from '../../sinks/events.ts'
import { count, silent } from '../../sinks/kit.ts'
import { startReceiver } from '../../sinks/webhook/receiver.ts'
import { prometheusIsHere, startPrometheus, type TestPrometheus } from './prometheus.ts'

export interface Play {
  readonly registry: Registry
  readonly database: Database
  readonly prometheus: TestPrometheus | undefined
  close(): Promise<void>
}

/** The shipped prior, as the trainer publishes it after more answers than are scored here. */
const aModel = (): Model => {
  const { layers, weights, slope, offset, fade } = shippedPrior()
  const network = { version: EVIDENCE_VERSION, layers: [...layers], weights: packed(weights), slope, offset, fade }
  const hash = hashOf(network, (text, bytes) => createHash('sha256').update(text).update(bytes).digest('hex'))
  const measures = ['calibration error', 'log loss', 'variant accuracy']
  const evaluation = measures.map((name) => ({ name, tables: 0.4, model: 0.3 }))
  const told = { service: 'shop', at: Date.now() * 1000, state: 'published', reason: '', origin: 'prior' } as const
  return { ...told, ...network, hash, evaluation, trainedOn: 0, heldBack: 16 }
}

/** Rows of what is rarer still. */
const RARE = `
insert into drift select 'd1', now(), 'shop GET /books/{id}', 'shop', 'removed', '/name', 'breaking', 0.9, 'string', '', '', 0, 'open', '[]', 'name is gone', 'k', 0;
insert into windows select 'shop GET /books/{id}', 'shop', date_trunc('minute', now()) - interval '2 minutes', 60, 10, 0, '{"200": 9, "500": 1}', '{"upstream": 8, "ghost": 2}', '{}', 1, 2, 3, 4, 5, 6, 'k', 0 on conflict do nothing;
insert into windows (endpoint, service, start, span_seconds, count, late, statuses, answered_by, upstreams, request_bytes, response_bytes, latency_sum_us, p50_us, p95_us, p99_us, log_key, log_offset, scope, name)
  select 'shop ' || scopes, service, start, 60, count, 0, statuses, answered_by, upstreams, 1, 2, 3, 4, 5, 6, 'k', 0, scopes, 'n'
  from windows, unnest(array['service', 'upstream', 'answered-by', 'status-class']) scopes where scope = 'endpoint'
  on conflict do nothing;
insert into anomalies select 'n1', now(), null, 'shop GET /books/{id}', 'shop', 'latency', 0.8, 7.2, 'GET /books/{id} is 3.2 times slower than usual', '{}', 'k', 0;
update windows set top_errors = '[{"name": "500 without a body", "count": 1, "error": 0}]', top_agents = '[{"name": "curl", "count": 1, "error": 0}]', top_paths = '[{"name": "/books/3", "count": 1, "error": 0}]' where scope = 'service';
update windows set closed = true where start < date_trunc('minute', now()) - interval '1 minute';
`

/** Hours and days, without waiting for them. */
const WIDER = `
insert into windows_hour select * from windows on conflict do nothing;
insert into windows_day select * from windows on conflict do nothing;
`

const openIngress = (registry: Registry): Promise<Stand> =>
  openStand({
    backend: (req, res) => {
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify({ path: req.url, name: 'a book' }))
    },
    service: {
      shield: { rateLimit: [{ limit: 1, per: 3_600_000, by: 'route', match: '/rare' }], concurrency: { max: 100 } },
    },
    options: { registry },
  })

interface Stage {
  readonly stand: Stand
  readonly console: Console
  readonly database: Database
  readonly registry: Registry
  readonly prometheus: TestPrometheus | undefined
}

const ask = ({ stand }: Stage, path: string): Promise<Response> => fetch(stand.url + path)

/** Asks until two looks of Prometheus lie between answers of this kind: a rate needs both. */
const askUntilSeen = (stage: Stage, by: string): Promise<void> =>
  eventually(`answers by ${by}, in Prometheus`, async () => {
    for (let n = 0; n < 6; n++) await ask(stage, `/books/${n}`)
    if (stage.prometheus === undefined) return true
    return (await stage.prometheus.ask(`rate(chaosproxy_requests_total{answered_by="${by}"}[10m]) > 0`)).length > 0
  })

/** A fault on purpose, a limit, an event that nobody can read, drift that a webhook is told of, a response model. */
const bringAbout = async (stage: Stage): Promise<void> => {
  const { stand, console } = stage
  const rule = { match: { service: 'shop', endpoint: '/struck' }, fault: { kind: 'failure', status: 500 } }
  await fetch(`${console.url}/api/chaos/rules`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...rule, for_seconds: 600 }),
  })
  await eventually('a fault', async () => (await ask(stage, '/struck')).headers.has('x-chaos'))
  await eventually('turned away', async () => (await ask(stage, '/rare')).status === 429)
  const put = (topic: 'alerts' | 'exchanges' | 'models', value: Uint8Array): Promise<unknown> =>
    stand.log.append(topicName(topic), [{ key: 'shop', value, timestamp: Date.now() }])
  await put('exchanges', new TextEncoder().encode('no event'))
  await put('alerts', stand.codecs.encode('alerts', anAlert('a-1', 'open')))
  await put('models', stand.codecs.encode('models', aModel()))
}

const act = async (stage: Stage): Promise<void> => {
  const { stand, database, registry, prometheus } = stage
  const rows = async (sql: string): Promise<boolean> => (await database.query(sql)).length > 0
  await eventually('a first look of Prometheus', async () => (await prometheus?.ask('up == 1'))?.length !== 0)
  for (let n = 0; n < 60; n++) await ask(stage, `/books/${n % 6}`)
  await eventually('learned', async () => (await count(database, 'endpoints')) > 0)
  await bringAbout(stage)
  await askUntilSeen(stage, 'upstream')
  await stand.stopBackend()
  await eventually('a ghost', async () => (await ask(stage, '/books/3')).headers.has('x-ghost'))
  await eventually('a breaker', async () => {
    await ask(stage, '/books/3')
    return await rows(`select 1 from signals where kind in ('health', 'breaker')`)
  })
  await askUntilSeen(stage, 'ghost')
  await eventually('readiness', async () => (await registry.metrics()).includes('chaosproxy_ghost_fidelity{'))
  await eventually('a delivery', async () => (await registry.metrics()).includes('outcome="delivered"'))
  await eventually('an activation', async () => (await count(database, 'activations')) > 0)
  await eventually('a dead letter', async () => (await count(database, 'dead_letters')) > 0)
  await eventually('a fault', () => rows(`select 1 from exchanges where faults <> ''`))
  await database.transaction([
    { kind: 'script', sql: RARE },
    { kind: 'script', sql: WIDER },
  ])
}

/** A real Postgres where there is one, else the embedded one. */
const database = async (dir: string): Promise<{ readonly open: Database; stop(): Promise<void> }> => {
  if (withoutPostgres())
    return { open: await openDatabase({ dir, owner: 'a test', logger: silent }), stop: async () => undefined }
  const server = await startPostgres()
  return { open: await openDatabase({ url: await server.newDatabase(), logger: silent }), stop: server.stop }
}

export const openPlay = async (): Promise<Play> => {
  const registry = new Registry()
  const dir = mkdtempSync(join(tmpdir(), 'cp-panels-'))
  const closers: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })]
  const close = async (): Promise<void> => {
    for (const step of closers.splice(0).reverse()) await step()
  }
  try {
    const [prometheus, { open, stop }, stand] = await Promise.all([
      prometheusIsHere() ? startPrometheus(() => registry.metrics()) : undefined,
      database(join(dir, 'db')),
      openIngress(registry),
    ])
    closers.push(
      stop,
      () => open.close(),
      stand.close,
      async () => await prometheus?.stop(),
    )
    watchProcess(registry, 'ingress')
    const shared = { log: stand.log, codecs: stand.codecs, registry, logger: silent }
    const processors = await startProcessors({ ...shared, topology, commitIntervalMs: 50 })
    const hook = await startReceiver()
    closers.push(hook.close, () => processors.close())
    const webhooks = [{ url: hook.url, secret: '', about: ['drift'], minSeverity: 'info', services: [] }] as const
    const sinks = await startSinks({ ...shared, database: open, lingerMs: 5, webhooks })
    closers.push(() => sinks.close())
    const console = await startConsole({ ...shared, database: open, host: '127.0.0.1', port: 0, app: 'processors' })
    closers.push(() => console.close())
    await act({ stand, console, database: open, registry, prometheus })
    return { registry, database: open, prometheus, close }
  } catch (error) {
    await close()
    throw error
  }
}
