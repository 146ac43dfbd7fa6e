/** F4: Kafka does not answer for 30 s under load. No request fails or slows, no event is lost, order per key holds. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKafkaLog } from '../../processors/runtime/logs/kafka/log.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { Event } from '../../schemas/events.ts'
import { logSchemaStore } from '../../schemas/schema-store.ts'
import { topicName } from '../../schemas/topics.ts'
import { startBroker, type Broker } from '../kit/kafka/broker.ts'
import { kafkaSkipped } from '../kit/kafka/shared.ts'
import { eventually, startCli, type Cli } from './kit/cli.ts'
import { load, percentile, type Answer } from './kit/load.ts'

const RATE = 100
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Every event of the input topic so far, in order. */
const readAll = async (brokers: readonly string[]): Promise<Event[]> => {
  const log = await openKafkaLog({ brokers: [...brokers], clientId: 'verifier', logger: silent })
  const store = await logSchemaStore(log)
  const codecs = await openCodecs(store)
  const topic = topicName('exchanges')
  const events: Event[] = []
  for (const { partition } of await log.ranges(topic))
    for await (const batch of log.read(topic, { partition, from: { kind: 'start' }, until: { kind: 'end' } })) {
      await codecs.prepare(batch.map((r) => r.value))
      for (const record of batch) events.push(codecs.decode('exchanges', record.value as Uint8Array))
    }
  await store.close()
  await log.close()
  return events
}

type Wave = (name: string, seconds: number) => Promise<readonly Answer[]>

interface Harm {
  /** 99th percentiles and the worst, in ms. */
  readonly before: number
  readonly during: number
  readonly worse: number
}

const msOf = (answers: readonly Answer[]): number[] => answers.map(({ ms }) => ms)

/** Kafka hangs for 30 s of the load. */
const outage = async (broker: Broker, wave: Wave, round: number): Promise<Harm> => {
  const before = await wave(`before-${round}`, 10)
  broker.pause()
  const during = await wave(`during-${round}`, 30)
  broker.resume()
  const after = await wave(`after-${round}`, 5)
  expect([...before, ...during, ...after].filter(({ status }) => status !== 200)).toEqual([])
  return {
    before: percentile(msOf(before), 0.99),
    during: percentile(msOf(during), 0.99),
    worse: Math.max(...msOf(during)) - Math.max(...msOf(before)),
  }
}

const isUnharmed = ({ before, during, worse }: Harm): boolean =>
  during < Math.max(before * 1.5, before + 10) && worse < 100

describe.skipIf(kafkaSkipped())('an ingress on Kafka', () => {
  let broker: Broker
  let backend: Server
  let cli: Cli
  let dir: string
  let proxy: string
  let start: () => Promise<void>
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'cp-outage-'))
    broker = await startBroker()
    backend = createServer((_, answer) => answer.setHeader('content-type', 'application/json').end('{"ok":true}'))
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
    const target = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
    const bus = `kafka://${broker.brokers.join(',')}`
    start = async () => {
      const args = ['ingress', '--target', target, '--port', '0', '--bus', bus, '--data-dir', dir, '--json']
      cli = startCli(args, { cwd: dir })
      const [, url] = await cli.until(/"proxy":"(http:[^"]+)".*ingress is ready/)
      proxy = url as string
    }
    await start()
  }, 120_000)
  afterAll(async () => {
    await cli?.end('SIGTERM')
    backend?.close()
    await broker?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  test('serves on while Kafka hangs, and catches up', async () => {
    let sent = 0
    const wave: Wave = (name, seconds) =>
      load(RATE, seconds, (n) => {
        sent++
        return `${proxy}/${name}/${n}`
      })
    await wave('warm', 3)
    let found = await outage(broker, wave, 1)
    // A stall of the machine looks the same as one of Kafka's absence, but only the latter comes back with it.
    if (!isUnharmed(found)) found = await outage(broker, wave, 2)
    expect(found).toSatisfy(isUnharmed)

    let events: Event[] = []
    await eventually(
      'every exchange on the log',
      async () => {
        events = (await readAll(broker.brokers)).filter((e) => e.kind === 'exchange')
        return new Set(events.map((e) => e.exchange?.target)).size === sent
      },
      60_000,
    )
    const once = [...new Map(events.map((e) => [e.id, e])).values()]
    expect(once).toHaveLength(sent)
    const sequences = once.map((e) => e.sequence)
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  }, 240_000)

  test('starts without Kafka, and its events arrive when Kafka does', async () => {
    await cli.end('SIGTERM')
    await broker.kill()
    await start()
    const answers = await load(RATE, 2, (n) => `${proxy}/without/${n}`)
    expect(answers.filter((a) => a.status !== 200)).toEqual([])
    await broker.restart()
    await eventually(
      'every exchange on the log',
      async () => {
        const events = await readAll(broker.brokers).catch(() => [])
        return (
          new Set(events.map((e) => e.exchange?.target).filter((t) => t?.startsWith('/without/'))).size ===
          answers.length
        )
      },
      90_000,
    )
  }, 180_000)
})
