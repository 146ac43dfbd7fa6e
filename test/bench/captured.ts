/**
 * A subject: the ingress with full capture to a log that keeps it (LOG=embedded or kafka at BROKERS with PRODUCER), a
 * limiter that lets LIMIT requests per second and client through (none without it), and a ghost book of KNOWN objects. At
 * SIGTERM it drains and prints how many events the log has: a proxy that drops them would be a fast one.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { startIngress } from '../../ingress/ingress.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { EventLog } from '../../schemas/log.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicName, topicSpecs } from '../../schemas/topics.ts'
import { memorySpool } from '../ingress/kit/spool.ts'
import { rdkafkaPath } from '../kit/kafka/rdkafka.ts'
import { openBook } from './ghosts-book.ts'

const { env } = process
const dir = await mkdtemp(join(tmpdir(), 'chaos-proxy-ingress-'))

const openLog = async (): Promise<EventLog> => {
  if (env['LOG'] !== 'kafka') {
    const { openEmbeddedLog } = await import('../../processors/runtime/logs/embedded/log.ts')
    return await openEmbeddedLog({ dir, writer: 'ingress' })
  }
  const { openKafkaLog } = await import('../../processors/runtime/logs/kafka/log.ts')
  const brokers = (env['BROKERS'] ?? '').split(',')
  const producer = env['PRODUCER'] === 'rdkafka' ? 'rdkafka' : 'kafkajs'
  return await openKafkaLog({ brokers, clientId: 'bench', producer, rdkafka: rdkafkaPath() })
}

/** Over all partitions. */
const countOf = async (log: EventLog): Promise<number> =>
  (await log.ranges(topicName('exchanges'))).reduce((sum, { end }) => sum + end, 0)

const log = await openLog()
await log.createTopics(topicSpecs(1))
const before = await countOf(log)
/** µs */
const HOUR = 3_600_000_000
const quiet = (): undefined => undefined
const loud = (fields: object, message: string): void => console.error(message, fields)
const ingress = await startIngress({
  listen: { host: '127.0.0.1', port: Number(env['PORT']) },
  services: [
    {
      name: 'shop',
      match: '/*',
      upstreams: [{ url: env['BACKEND'] ?? '' }],
      ghost: { mode: 'failover' },
      shield: env['LIMIT'] === undefined ? {} : { rateLimit: [{ limit: Number(env['LIMIT']), per: 1000, by: 'ip' }] },
    },
  ],
  capture: { bodies: 'json', maxBody: 64 * 1024 },
  ...(env['KNOWN'] === undefined ? {} : { ghosts: openBook(Number(env['KNOWN']), Date.now() * 1000 - HOUR) }),
  log,
  codecs: await openCodecs(memorySchemaStore()),
  spool: memorySpool(),
  secret: new TextEncoder().encode('a secret of the benchmark'),
  registry: new Registry(),
  logger: { debug: quiet, info: quiet, warn: loud, error: loud },
})
console.log(ingress.address)

const end = async (): Promise<void> => {
  await ingress.close()
  process.stdout.write(String((await countOf(log)) - before))
  await log.close()
  await rm(dir, { recursive: true, force: true })
  process.exit(0)
}
process.once('SIGTERM', () => void end())
