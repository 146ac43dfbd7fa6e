/** Logins at a real broker, as the configuration gives them, through both producers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../../deploy/config/load.ts'
import { kafkaSecurity } from '../../../deploy/roles/security.ts'
import { loadRdkafka } from '../../../processors/runtime/logs/kafka/append/rdkafka.ts'
import { openKafkaLog } from '../../../processors/runtime/logs/kafka/log.ts'
import type { EventLog } from '../../../schemas/log.ts'
import { USER } from '../../kit/kafka/config.ts'
import { rdkafkaPath } from '../../kit/kafka/rdkafka.ts'
import { kafkaSkipped, sharedBroker, type SharedBroker } from '../../kit/kafka/shared.ts'

const hasRdkafka = (await loadRdkafka(rdkafkaPath())) !== undefined

describe.skipIf(kafkaSkipped())('a broker that wants a login', () => {
  let broker: SharedBroker
  beforeAll(async () => {
    broker = await sharedBroker()
  }, 120_000)
  afterAll(() => broker.release())

  const openWith = (environment: Record<string, string>, producer: 'kafkajs' | 'rdkafka'): Promise<EventLog> => {
    const { log } = loadConfig({ environment, flags: [] }).config
    const rdkafka = producer === 'rdkafka' ? { rdkafka: rdkafkaPath() } : {}
    const { brokers } = log
    return openKafkaLog({ brokers, clientId: 'login', producer, ...kafkaSecurity(log), ...rdkafka })
  }
  const open = (producer: 'kafkajs' | 'rdkafka', mechanism: string, password: string): Promise<EventLog> =>
    openWith(
      {
        KAFKA_BROKERS: broker.secured?.sasl.join(',') ?? '',
        CHAOS_PROXY_LOG__SASL__MECHANISM: mechanism,
        CHAOS_PROXY_LOG__SASL__USERNAME: USER.username,
        CHAOS_PROXY_LOG__SASL__PASSWORD: password,
      },
      producer,
    )
  const writesAndReads = async (log: EventLog, topic: string): Promise<void> => {
    await log.createTopics([{ name: topic, partitions: 1, cleanup: 'delete' }])
    await log.append(topic, [{ key: 'k', value: Buffer.from('v'), timestamp: 1 }])
    const keys: string[] = []
    for await (const records of log.read(topic, { partition: 0, from: { kind: 'start' }, until: { kind: 'end' } }))
      keys.push(...records.map(({ key }) => key))
    expect(keys).toEqual(['k'])
    await log.close()
  }

  test.for([
    ['kafkajs', 'plain'],
    ['kafkajs', 'scram-sha-256'],
    ['kafkajs', 'scram-sha-512'],
    ['rdkafka', 'plain'],
    ['rdkafka', 'scram-sha-512'],
  ] as const)('%s writes and reads after a login by %s', async ([producer, mechanism], { skip }) => {
    if (broker.secured === undefined) skip('the given broker has no such listener')
    if (producer === 'rdkafka' && !hasRdkafka) skip('node-rdkafka is not installed')
    const log = await open(producer, mechanism, USER.password)
    await writesAndReads(log, `login-${producer}-${mechanism}`)
  })

  test.for(['kafkajs', 'rdkafka'] as const)('%s comes in over TLS with its certificate', async (producer, { skip }) => {
    const tls = broker.secured?.tls
    if (tls === undefined) return skip('no TLS listener: openssl is not installed')
    if (producer === 'rdkafka' && !hasRdkafka) skip('node-rdkafka is not installed')
    const files = {
      KAFKA_BROKERS: tls.brokers.join(','),
      CHAOS_PROXY_LOG__SSL__CA: tls.cert,
      CHAOS_PROXY_LOG__SSL__CERT: tls.cert,
      CHAOS_PROXY_LOG__SSL__KEY: tls.key,
    }
    await writesAndReads(await openWith(files, producer), `tls-${producer}`)
  })

  test('a wrong password is told at once, with the cure, and not tried again', async ({ skip }) => {
    if (broker.secured === undefined) skip('the given broker has no such listener')
    const started = performance.now()
    await expect(open('kafkajs', 'plain', 'wrong')).rejects.toMatchObject({
      message: expect.stringContaining('check the credentials') as string,
      retry: false,
    })
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
