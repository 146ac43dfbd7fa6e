/**
 * A subject: the ingress with full capture, listening on PORT, in front of BACKEND (or of 127.0.0.1:BPORT). Of the
 * environment it takes
 * - LOG: embedded (default, in a temporary directory), kafka (at BROKERS, by PRODUCER: kafkajs or rdkafka), none
 * - MODE: of its ghosts; off (default) keeps the breaker out of the way, too, for cases that break answers on purpose
 * - KNOWN: so many objects stand in its ghost book
 * - LIMIT: requests per second and client that the limiter lets through; no limiter without it
 * - TIMEOUT: ms for heads, stalls, connects and answers
 * At SIGTERM it drains and prints how many events the log has: a proxy that drops them would be a fast one.
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
const mode = env['MODE'] === 'failover' ? 'failover' : 'off'
const timeout = Number(env['TIMEOUT'] ?? 30_000)
const dir = await mkdtemp(join(tmpdir(), 'chaos-proxy-ingress-'))

type Log = Pick<EventLog, 'append' | 'close' | 'createTopics' | 'ranges' | 'view'>

const noLog: Log = {
  append: async (_topic, records) => records.map(() => 0),
  close: async () => undefined,
  createTopics: async () => undefined,
  ranges: async () => [],
  view: async () => ({
    get: () => undefined,
    entries: () => new Map<string, Uint8Array>().entries(),
    size: 0,
    subscribe: () => () => undefined,
    positions: () => [],
    close: async () => undefined,
  }),
}

const openKafka = async (): Promise<Log> => {
  const { openKafkaLog } = await import('../../processors/runtime/logs/kafka/log.ts')
  const brokers = (env['BROKERS'] ?? '').split(',')
  const producer = env['PRODUCER'] === 'rdkafka' ? 'rdkafka' : 'kafkajs'
  return await openKafkaLog({ brokers, clientId: 'bench', producer, rdkafka: rdkafkaPath() })
}

const openLog = async (): Promise<Log> => {
  if (env['LOG'] === 'none') return noLog
  if (env['LOG'] === 'kafka') return await openKafka()
  const { openEmbeddedLog } = await import('../../processors/runtime/logs/embedded/log.ts')
  return await openEmbeddedLog({ dir, writer: 'ingress' })
}

/** Over all partitions. */
const countOf = async (log: Log): Promise<number> =>
  (await log.ranges(topicName('exchanges'))).reduce((sum, { end }) => sum + end, 0)

const log = await openLog()
await log.createTopics(topicSpecs(1))
const before = await countOf(log)
/** µs */
const HOUR = 3_600_000_000
const quiet = (): undefined => undefined
const loud = (fields: object, message: string): void => console.error(message, fields)
const ingress = await startIngress({
  listen: { host: '127.0.0.1', port: Number(env['PORT']), timeouts: { head: timeout, stall: timeout } },
  services: [
    {
      name: 'shop',
      match: '/*',
      upstreams: [{ url: env['BACKEND'] ?? `http://127.0.0.1:${env['BPORT']}` }],
      timeouts: { connect: timeout, response: timeout },
      ghost: { mode },
      breaker: mode === 'off' ? { minRequests: 1_000_000, openFor: 1 } : {},
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
