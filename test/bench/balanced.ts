/** A subject: the ingress in front of several upstreams; SERVICE holds the options of the service as JSON. */
import { Registry } from 'prom-client'
import { startIngress, type ServiceOptions } from '../../ingress/ingress.ts'
import { openMemoryLog } from '../../processors/runtime/logs/memory.ts'
import { openCodecs } from '../../schemas/codec.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { memorySpool } from '../ingress/kit/spool.ts'

const { env } = process
const log = openMemoryLog()
await log.createTopics(topicSpecs(1))
const quiet = (): undefined => undefined
const ingress = await startIngress({
  listen: { host: '127.0.0.1', port: Number(env['PORT']) },
  services: [JSON.parse(env['SERVICE'] ?? '') as ServiceOptions],
  capture: { bodies: 'none', maxBody: 1024 },
  log,
  codecs: await openCodecs(memorySchemaStore()),
  spool: memorySpool(),
  secret: new TextEncoder().encode('a secret of the benchmark'),
  registry: new Registry(),
  logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
})
console.log(ingress.address)
process.once('SIGTERM', () => void ingress.close().then(() => process.exit(0)))
