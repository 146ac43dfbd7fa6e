/**
 * CPU per message of the log on Kafka, in this process (the broker's is not counted): wall rates on a shared machine say
 * more about the neighbours. `node --import tsx test/bench/kafka-log.ts [messages]`
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { EventLog, Task } from '../../schemas/log.ts'
import { loadRdkafka } from '../../processors/runtime/logs/kafka/append/rdkafka.ts'
import { openKafkaLog } from '../../processors/runtime/logs/kafka/log.ts'
import { rdkafkaPath } from '../kit/kafka/rdkafka.ts'
import { sharedBroker } from '../kit/kafka/shared.ts'

const VALUE = Buffer.alloc(1024, 'x')
const PARTITIONS = 6

interface Figure {
  readonly what: string
  readonly messages: number
  readonly cpuMicrosPerMessage: number
  readonly perSecond: number
}

const measure = async (what: string, messages: number, work: () => Promise<void>): Promise<Figure> => {
  const cpu = process.cpuUsage()
  const began = performance.now()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - began) / 1000
  const cpuMicrosPerMessage = Math.round((10 * (user + system)) / messages) / 10
  return { what, messages, cpuMicrosPerMessage, perSecond: Math.round(messages / seconds) }
}

const batch = (from: number, size: number) =>
  Array.from({ length: size }, (_, n) => ({ key: `k${(from + n) % 97}`, value: VALUE, timestamp: Date.now() }))

/** As an importer does: large calls, a few of them in flight. */
const appendInBulk = async (log: EventLog, topic: string, messages: number): Promise<void> => {
  const size = 200
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < messages) await log.append(topic, batch((next += size), size))
  }
  await Promise.all([lane(), lane(), lane(), lane()])
}

/** As an ingress does: one call per exchange, 5,000 a second. */
const appendOneByOne = async (log: EventLog, topic: string, messages: number): Promise<void> => {
  const waiting: Promise<unknown>[] = []
  const began = performance.now()
  for (let sent = 0; sent < messages;) {
    const due = Math.min(messages, Math.floor((performance.now() - began) * 5))
    for (; sent < due; sent++) waiting.push(log.append(topic, batch(sent, 1)))
    await delay(1)
  }
  await Promise.all(waiting)
}

const forwarding = (output: string): Task => ({
  restore: () => undefined,
  step: (records) => {
    const last = records.at(-1)
    return {
      outputs: records.map(({ key, value, timestamp }) => ({ topic: output, key, value, timestamp })),
      changes: [{ key: 'last', value: Buffer.from(String(last?.offset)) }],
    }
  },
})

/** Everything that is in `input`, in transactions. */
const processAll = async (log: EventLog, input: string, output: string, messages: number): Promise<void> => {
  let stepped = 0
  let finish: () => void = () => undefined
  const all = new Promise<void>((resolve) => (finish = resolve))
  const processing = await log.process({
    app: `bench-${input}`,
    input,
    createTask: () => forwarding(output),
    onEvent: (event) => {
      if (event.kind === 'committed' && (stepped += event.records) >= messages) finish()
    },
  })
  await all
  await processing.close()
}

/** Runs everything once and returns the figures. */
export const benchKafkaLog = async (messages: number): Promise<Figure[]> => {
  const broker = await sharedBroker()
  const figures: Figure[] = []
  const rdkafka = (await loadRdkafka(rdkafkaPath())) === undefined ? [] : (['rdkafka'] as const)
  for (const producer of ['kafkajs', ...rdkafka] as const) {
    const where = { brokers: broker.brokers, clientId: 'bench', rdkafka: rdkafkaPath() }
    const log = await openKafkaLog({ ...where, producer })
    const [bulk, single, output] = ['bulk', 'single', 'out'].map(
      (name) => `bench-${name}-${producer}-${Date.now()}`,
    ) as [string, string, string]
    const spec = { partitions: PARTITIONS, cleanup: 'delete' } as const
    await log.createTopics([bulk, single, output].map((name) => ({ name, ...spec })))
    await log.append(bulk, batch(0, 200))
    const few = Math.floor(messages / 4)
    figures.push(
      await measure(`append 1 KiB, 200 a call, ${producer}`, messages, () => appendInBulk(log, bulk, messages)),
      await measure(`append 1 KiB, one a call, 5,000/s, ${producer}`, few, () => appendOneByOne(log, single, few)),
    )
    if (producer === 'kafkajs')
      figures.push(
        await measure('consume, process, produce 1 KiB in transactions, kafkajs', messages, () =>
          processAll(log, bulk, output, messages),
        ),
      )
    await log.close()
  }
  await broker.release()
  return figures
}

if (import.meta.url === `file://${process.argv[1]}`)
  console.table(await benchKafkaLog(Number(process.argv[2] ?? 60_000)))
