/**
 * One processing instance as a process of its own, to be killed: counts per key, and says each count on the output topic.
 * `control` takes the fence away: every takeover gets a transactional id of its own, which is what the exactly-once test
 * must be able to notice.
 */
import type { Kafka } from 'kafkajs'
import type { EventLog, Processing, ProcessOptions, Task } from '../../../../../schemas/log.ts'
import { openKafka } from '../../../../../processors/runtime/logs/kafka/client.ts'
import { clusterOf } from '../../../../../processors/runtime/logs/kafka/cluster.ts'
import { openKafkaLog } from '../../../../../processors/runtime/logs/kafka/log.ts'
import { startProcessing } from '../../../../../processors/runtime/logs/kafka/process/process.ts'

export interface WorkerSettings {
  readonly brokers: readonly string[]
  readonly app: string
  readonly input: string
  readonly output: string
  readonly sessionTimeoutMs: number
  readonly control: boolean
}

const text = (bytes: Uint8Array | null): string => (bytes === null ? '' : Buffer.from(bytes).toString())

const countingTask = (output: string): Task => {
  const counts = new Map<string, number>()
  return {
    restore: (changes) => {
      for (const { key, value } of changes) counts.set(key, Number(text(value)))
    },
    step: (records) => {
      const outputs = records.map(({ key, value, timestamp }) => {
        const count = (counts.get(key) ?? 0) + 1
        counts.set(key, count)
        return { topic: output, key, value: Buffer.from(`${text(value)} ${count}`), timestamp }
      })
      const keys = new Set(records.map(({ key }) => key))
      return { outputs, changes: [...keys].map((key) => ({ key, value: Buffer.from(String(counts.get(key))) })) }
    },
  }
}

let takeovers = 0

const unfenced = (kafka: Kafka): Kafka =>
  Object.assign(Object.create(kafka) as Kafka, {
    producer: (config: Parameters<Kafka['producer']>[0]) =>
      kafka.producer({ ...config, transactionalId: `${config?.transactionalId}-${process.pid}-${takeovers++}` }),
  })

const withoutFence = async (settings: WorkerSettings, log: EventLog, options: ProcessOptions): Promise<Processing> => {
  const kafka = openKafka({ brokers: settings.brokers, clientId: 'control' })
  const cluster = clusterOf(kafka)
  await cluster.connect()
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const { sessionTimeoutMs } = settings
  const createTopics: EventLog['createTopics'] = (topics) => log.createTopics(topics)
  return await startProcessing({ kafka: unfenced(kafka), cluster, logger, sessionTimeoutMs, createTopics }, options)
}

const main = async (settings: WorkerSettings): Promise<void> => {
  const { brokers, app, input, output, sessionTimeoutMs, control } = settings
  const log = await openKafkaLog({ brokers, clientId: `worker-${process.pid}`, producer: 'kafkajs', sessionTimeoutMs })
  const options: ProcessOptions = {
    app,
    input,
    createTask: () => countingTask(output),
    onEvent: (event) => process.send?.(event),
  }
  const processing = control ? await withoutFence(settings, log, options) : await log.process(options)
  process.once('SIGTERM', () => void log.close().then(() => process.exit(0)))
  process.once('disconnect', () => process.exit(0))
  await processing.done
}

main(JSON.parse(process.argv[2] ?? '{}') as WorkerSettings).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exit(1)
})
