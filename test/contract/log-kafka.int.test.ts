import { setTimeout as delay } from 'node:timers/promises'
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe } from 'vitest'
import type { EventLog } from '../../schemas/log.ts'
import { loadRdkafka } from '../../processors/runtime/logs/kafka/append/rdkafka.ts'
import { openKafkaLog } from '../../processors/runtime/logs/kafka/log.ts'
import { kafkaSkipped, sharedBroker, type SharedBroker } from '../kit/kafka/shared.ts'
import { rdkafkaPath } from '../kit/kafka/rdkafka.ts'
import { eventually, readAll } from './fixture.ts'
import { eventLogContract } from './log.ts'

let broker: SharedBroker

const settings = { 'segment.ms': 50, 'min.cleanable.dirty.ratio': 0.001, 'delete.retention.ms': 0 }

/** Makes the topic's next append roll its segment, appends its last record again, and waits for the broker's cleaner. */
const compact = async (log: EventLog, topic: string): Promise<void> => {
  const admin = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const configEntries = Object.entries({ 'cleanup.policy': 'compact', ...settings }).map(([name, value]) => ({
    name,
    value: String(value),
  }))
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }]
  await admin.alterConfigs({ validateOnly: false, resources })
  await admin.disconnect()
  const before = await readAll(log, topic)
  const last = before.at(-1)
  if (last === undefined) return
  const keys = new Set(before.map(({ key }) => key)).size
  // A segment's age is told by the times of its records; the cleaner leaves the newest segment alone.
  for (let rolls = 0; rolls < 2; rolls++) {
    await log.append(topic, [{ ...last, timestamp: Date.now() }])
    await delay(60)
  }
  await eventually('the broker has compacted', async () => (await readAll(log, topic)).length <= keys + 1)
}

const openFixture = async (producer: 'kafkajs' | 'rdkafka') => {
  const opened: EventLog[] = []
  const open = async (): Promise<EventLog> => {
    const log = await openKafkaLog({
      brokers: broker.brokers,
      clientId: 'contract',
      producer,
      sessionTimeoutMs: 2000,
      ...(producer === 'rdkafka' ? { rdkafka: rdkafkaPath() } : {}),
    })
    opened.push(log)
    return log
  }
  let log = await open()
  return {
    log,
    reopen: async () => {
      await log.close()
      log = await open()
      return log
    },
    otherProcess: open,
    secondOwner: open,
    compact: (topic: string) => compact(log, topic),
    close: async () => {
      for (const one of opened) await one.close()
    },
  }
}

const hasRdkafka = (await loadRdkafka(rdkafkaPath())) !== undefined

describe.skipIf(kafkaSkipped())('Kafka', () => {
  beforeAll(async () => {
    broker = await sharedBroker()
  }, 120_000)
  afterAll(() => broker?.release())
  eventLogContract('kafka, appending with kafkajs', () => openFixture('kafkajs'))
  if (hasRdkafka || process.env['CHAOS_PROXY_NO_SKIP'] === '1')
    eventLogContract('kafka, appending with node-rdkafka', () => openFixture('rdkafka'))
  else describe.skip('kafka, appending with node-rdkafka: it is not installed', () => undefined)
})
