/** Two ingresses that have nothing in common but Kafka: what one finds out about an upstream the other acts on. */
import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { sayOnControl } from '../../deploy/roles/news.ts'
import type { ServiceOptions } from '../../ingress/options.ts'
import { openKafkaLog } from '../../processors/runtime/logs/kafka/log.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { EventLog } from '../../schemas/log.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import { kafkaSkipped, sharedBroker, type SharedBroker } from '../kit/kafka/shared.ts'
import { eventually, get, listen, openStand, type Stand } from './kit/stand.ts'

let broker: SharedBroker
let upstream: Server
let url: string
const closers: (() => Promise<unknown>)[] = []

/** On a broker that others use too. */
const prefix = `news-${randomUUID().slice(0, 8)}-`

const openLog = async (clientId: string): Promise<EventLog> => {
  const log = await openKafkaLog({ brokers: broker.brokers, clientId, producer: 'kafkajs' })
  closers.push(() => log.close())
  return {
    ...log,
    append: (topic, records) => log.append(prefix + topic, records),
    view: (topic) => log.view(prefix + topic),
  }
}

const checks = { path: '/', timeout: 2000, unhealthyAfter: 1, healthyAfter: 1 }

/**
 * As on a machine of its own: a log client of its own, and no channel to the other one. One service is judged by checks
 * alone, the other one by requests alone.
 */
const open = async (name: string, every: number, healthyAfter: number): Promise<Stand> => {
  const log = await openLog(name)
  const say = sayOnControl(log, await openCodecs(memorySchemaStore()))
  const shared = { upstreams: [{ url }], passive: 'off', ghost: { mode: 'off' } } as const
  const services: ServiceOptions[] = [
    { ...shared, name: 'checked', match: '/checked', health: { ...checks, every, healthyAfter } },
    { ...shared, name: 'asked', match: '/*', breaker: { openFor: 60_000 } },
  ]
  const stand = await openStand({ backend: (_req, res) => res.end(), options: { services, log, onNews: say } })
  closers.push(() => stand.close())
  return stand
}

const healthOf = (stand: Stand) => stand.ingress.status().services[0]?.upstreams[0]?.health
const breakerOf = (stand: Stand) => stand.ingress.status().services[1]?.upstreams[0]?.breaker

const openUpstream = async (port = 0): Promise<number> => {
  upstream = createServer((_req, res) => res.end('well'))
  return await listen(upstream, port)
}

const die = (): void => {
  upstream.close()
  upstream.closeAllConnections()
}

describe.skipIf(kafkaSkipped())('over Kafka', () => {
  beforeAll(async () => {
    broker = await sharedBroker()
    url = `http://127.0.0.1:${await openUpstream()}`
    const log = await openLog('topics')
    await log.createTopics(topicSpecs(1).map((spec) => ({ ...spec, name: prefix + spec.name })))
  }, 120_000)
  afterAll(async () => {
    for (const close of closers.toReversed()) await close()
    die()
    await broker?.release()
  })

  it('the health and the breaker of an upstream are one view, though only one of the two looks', async () => {
    // It would find out by itself a minute later, and believe in five good checks only.
    const waits = await open('waits', 60_000, 5)
    await eventually('the first check', () => healthOf(waits) === 'up')
    const looks = await open('looks', 20, 1)
    await eventually('it is up', () => healthOf(looks) === 'up')
    const took: string[] = []
    const agree = async (what: string, holds: (stand: Stand) => boolean): Promise<void> => {
      await eventually(`one says ${what}`, () => holds(looks))
      const since = performance.now()
      await eventually(`the other says ${what}`, () => holds(waits))
      took.push(`${what} after ${Math.round(performance.now() - since)} ms`)
    }
    die()
    await agree('down', (stand) => healthOf(stand) === 'down')
    while (breakerOf(looks) !== 'open') await get(looks.url)
    await agree('open', (stand) => breakerOf(stand) === 'open')
    await openUpstream(Number(new URL(url).port))
    await agree('up', (stand) => healthOf(stand) === 'up')
    console.log(`two ingresses over Kafka agree: ${took.join(', ')}`)
  })
})
