/**
 * The ingress as a subject of a proxy benchmark or of wire cases: PORT, BACKEND (http://host:port) from the environment.
 * LOG=memory | embedded | none | host:port of a Kafka, by node-rdkafka (default embedded in a temporary directory);
 * TIMEOUT: ms for heads, stalls and connects; LIMIT: requests per second and client that the limiter lets through (none
 * without it).
 */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { startIngress } from '../../ingress/ingress.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { EventLog } from '../../schemas/log.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { memorySpool } from '../ingress/kit/spool.ts'
import { rdkafkaPath } from '../kit/kafka/rdkafka.ts'

const { env } = process
const port = Number(env['PORT'] ?? 8080)
const backend = env['BACKEND'] ?? `http://127.0.0.1:${env['BPORT'] ?? 3000}`
const timeout = Number(env['TIMEOUT'] ?? 30_000)

const emptyView = {
  get: () => undefined,
  entries: () => new Map<string, Uint8Array>().entries(),
  size: 0,
  subscribe: () => () => undefined,
  positions: () => [],
  close: async () => undefined,
}

const openLog = async (): Promise<Pick<EventLog, 'append' | 'view'>> => {
  const kind = env['LOG'] ?? 'embedded'
  if (kind === 'none') return { append: async (_topic, records) => records.map(() => 0), view: async () => emptyView }
  if (kind === 'memory') {
    const { openMemoryLog } = await import('../../processors/runtime/logs/memory.ts')
    const log = openMemoryLog()
    await log.createTopics(topicSpecs(1))
    return log
  }
  if (kind.includes(':')) {
    const { openKafkaLog } = await import('../../processors/runtime/logs/kafka/log.ts')
    const rdkafka = rdkafkaPath()
    const log = await openKafkaLog({ brokers: [kind], clientId: 'bench', producer: 'rdkafka', rdkafka })
    await log.createTopics(topicSpecs(1))
    return log
  }
  const { openEmbeddedLog } = await import('../../processors/runtime/logs/embedded/log.ts')
  const dir = await mkdtemp(join(tmpdir(), 'chaos-proxy-ingress-'))
  const log = await openEmbeddedLog({ dir, writer: 'ingress' })
  await log.createTopics(topicSpecs(1))
  return log
}

const quiet = () => undefined
const ingress = await startIngress({
  listen: { host: '127.0.0.1', port, timeouts: { head: timeout, stall: timeout } },
  services: [
    {
      name: 'bench',
      match: '/*',
      upstreams: [{ url: backend }],
      timeouts: { connect: timeout, response: timeout },
      breaker: { minRequests: 1_000_000, openFor: 1 },
      ghost: { mode: env['MODE'] === 'failover' ? 'failover' : 'off' },
      ...(env['LIMIT'] === undefined
        ? {}
        : { shield: { rateLimit: [{ limit: Number(env['LIMIT']), per: 1000, by: 'ip' }] } }),
    },
  ],
  capture: { bodies: (env['BODIES'] ?? 'json') as 'json', maxBody: 64 * 1024 },
  log: await openLog(),
  codecs: await openCodecs(memorySchemaStore()),
  spool: memorySpool(),
  secret: new TextEncoder().encode('a secret of the benchmark'),
  registry: new Registry(),
  logger: { debug: quiet, info: quiet, warn: (o, m) => console.error(m, o), error: (o, m) => console.error(m, o) },
})
console.log(ingress.address)
process.on('SIGTERM', () => void ingress.close().then(() => process.exit(0)))
