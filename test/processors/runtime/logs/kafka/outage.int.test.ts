import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventLog, LogRecord, Task } from '../../../../../schemas/log.ts'
import { loadRdkafka } from '../../../../../processors/runtime/logs/kafka/append/rdkafka.ts'
import { openKafkaLog } from '../../../../../processors/runtime/logs/kafka/log.ts'
import { eventually, readAll, text, unique } from '../../../../contract/fixture.ts'
import { type Broker, startBroker } from '../../../../kit/kafka/broker.ts'
import { rdkafkaPath } from '../../../../kit/kafka/rdkafka.ts'
import { kafkaSkipped } from '../../../../kit/kafka/shared.ts'

const KEYS = 5

/** Appends numbered records and does not wait, as an ingress does; counts what was refused. */
const keepAppending = (log: EventLog, topic: string, signal: AbortSignal) => {
  const waiting: Promise<unknown>[] = []
  const refused: string[] = []
  const loop = async (): Promise<number> => {
    let next = 0
    while (!signal.aborted) {
      const records = Array.from({ length: 10 }, (_, n) => ({
        key: `k${(next + n) % KEYS}`,
        value: Buffer.from(String(next + n)),
        timestamp: Date.now(),
      }))
      next += 10
      waiting.push(log.append(topic, records).catch((error: Error) => refused.push(error.message)))
      await delay(10)
    }
    await Promise.all(waiting)
    return next
  }
  return { done: loop(), refused }
}

const numbers = (records: readonly LogRecord[]): number[] => records.map(({ value }) => Number(text(value)))

const inOrderPerKey = (records: readonly LogRecord[]): boolean =>
  [...Array(KEYS).keys()].every((key) => {
    const own = numbers(records.filter((r) => r.key === `k${key}`))
    return own.every((value, n) => value === key + n * KEYS)
  })

const echo = (output: string): Task => ({
  restore: () => undefined,
  step: (records) => ({
    outputs: records.map(({ key, value, timestamp }) => ({ topic: output, key, value, timestamp })),
    changes: [],
  }),
})

const hasRdkafka = (await loadRdkafka(rdkafkaPath())) !== undefined

describe.skipIf(kafkaSkipped())('while the broker is away', () => {
  let broker: Broker
  beforeAll(async () => {
    broker = await startBroker()
  }, 120_000)
  afterAll(() => broker?.stop())

  const outage = async (producer: 'kafkajs' | 'rdkafka', away: () => Promise<void>): Promise<void> => {
    const rdkafka = producer === 'rdkafka' ? { rdkafka: rdkafkaPath() } : {}
    const log = await openKafkaLog({ brokers: broker.brokers, clientId: 'outage', producer, ...rdkafka })
    const [topic, output, app] = [unique('outage'), unique('echo'), unique('app')]
    await log.createTopics([topic, output].map((name) => ({ name, partitions: 1, cleanup: 'delete' })))
    const view = await log.view(output)
    const processing = await log.process({ app, input: topic, createTask: () => echo(output) })
    const abort = new AbortController()
    const appending = keepAppending(log, topic, abort.signal)
    await eventually('it flows', () => view.size === KEYS)
    await away()
    const before = numbers(await readAll(log, topic)).length
    await eventually('it flows again', async () => (await readAll(log, topic)).length > before)
    abort.abort()
    const total = await appending.done
    expect(appending.refused.slice(0, 2)).toEqual([])
    const all = await readAll(log, topic)
    expect(all.length).toBe(total)
    expect(inOrderPerKey(all)).toBe(true)
    await eventually('it is processed', async () => (await log.committed(app, topic))[0] === all.length)
    const echoed = await readAll(log, output)
    expect(echoed.length).toBe(total)
    expect(inOrderPerKey(echoed)).toBe(true)
    await eventually('the view follows', () => text(view.get('k0')) === String(total - KEYS))
    await processing.close()
    await view.close()
    await log.close()
  }

  const pause = async (): Promise<void> => {
    broker.pause()
    await delay(10_000)
    broker.resume()
  }

  it('stopped for 10 s: kafkajs loses nothing and keeps order; processing and views go on', async () => {
    await outage('kafkajs', pause)
  }, 60_000)

  it('restarted: kafkajs loses nothing and keeps order; processing and views go on', async () => {
    await outage('kafkajs', () => broker.restart())
  }, 60_000)

  it.skipIf(!hasRdkafka)(
    'stopped and restarted: node-rdkafka loses nothing and keeps order',
    async () => {
      await outage('rdkafka', pause)
      await outage('rdkafka', () => broker.restart())
    },
    100_000,
  )

  it('an append rejects in time when no broker answers, and a later one succeeds', async () => {
    const options = { brokers: broker.brokers, clientId: 'short', producer: 'kafkajs', deliveryTimeoutMs: 500 } as const
    const log = await openKafkaLog(options)
    const topic = unique('short')
    await log.createTopics([{ name: topic, partitions: 1, cleanup: 'delete' }])
    const one = { key: 'k', value: Buffer.from('1'), timestamp: 1 }
    await log.append(topic, [one])
    broker.pause()
    const began = performance.now()
    await expect(log.append(topic, [one])).rejects.toMatchObject({ code: 'unavailable', retry: true })
    expect(performance.now() - began).toBeLessThan(5000)
    broker.resume()
    await eventually('it takes records again', () =>
      log.append(topic, [one]).then(
        () => true,
        () => false,
      ),
    )
    await log.close()
  }, 60_000)
})
