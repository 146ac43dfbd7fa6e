/**
 * The log on Kafka at 1 KiB a record, against plain kafkajs on the same broker in the same run. CPU is that of this
 * process, threads included; the broker's is not counted. node-rdkafka is measured where CHAOS_PROXY_TEST_RDKAFKA points to.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { loadRdkafka } from '../../processors/runtime/logs/kafka/append/rdkafka.ts'
import { openKafkaLog } from '../../processors/runtime/logs/kafka/log.ts'
import type { EventLog, NewRecord, Task } from '../../schemas/log.ts'
import { brokerMissing } from '../kit/kafka/jars.ts'
import { rdkafkaPath } from '../kit/kafka/rdkafka.ts'
import { sharedBroker } from '../kit/kafka/shared.ts'
import { best, costOf, perCore, round, stopwatch, type Cost, type Figure, type Section } from './kit/figure.ts'
import { plainProcess, plainProducer, plainRead } from './kit/plain-kafkajs.ts'

const section = 'kafka-log'
const VALUE = Buffer.alloc(1024, 'x')
const PARTITIONS = 6
const MESSAGES = 20_000
const ROUNDS = 3

type Append = (topic: string, records: readonly NewRecord[]) => Promise<unknown>

const batch = (from: number, size: number): NewRecord[] =>
  Array.from({ length: size }, (_, n) => ({ key: `k${(from + n) % 97}`, value: VALUE, timestamp: Date.now() }))

/** As an importer does: large calls, a few of them in flight. */
const inBulk = async (append: Append, topic: string): Promise<void> => {
  const size = 200
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < MESSAGES) await append(topic, batch((next += size), size))
  }
  await Promise.all([lane(), lane(), lane(), lane()])
}

/** Of those that go out one a call: two seconds' worth. */
const SINGLES = 10_000
/** Plain kafkajs does not keep up with the pace: as many as it sends in about that time. */
const PLAIN_SINGLES = 2000

/** As an ingress does: one call per exchange, 5,000 a second. */
const oneByOne = async (append: Append, topic: string, count: number): Promise<void> => {
  const waiting: Promise<unknown>[] = []
  const began = performance.now()
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, Math.floor((performance.now() - began) * 5))
    for (; sent < due; sent++) waiting.push(append(topic, batch(sent, 1)))
    await delay(1)
  }
  await Promise.all(waiting)
}

const readAll = async (log: EventLog, topic: string): Promise<void> => {
  let count = 0
  const one = async (partition: number): Promise<void> => {
    const span = { partition, from: { kind: 'start' }, until: { kind: 'end' } } as const
    for await (const records of log.read(topic, span)) count += records.length
  }
  await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => one(partition)))
  if (count !== MESSAGES) throw new Error(`${count} records were read, ${MESSAGES} are there`)
}

const forwarding = (output: string): Task => ({
  restore: () => undefined,
  step: (records) => ({
    outputs: records.map(({ key, value, timestamp }) => ({ topic: output, key, value, timestamp })),
    changes: [],
  }),
})

let apps = 0

/** Everything that is in `input`, in transactions. */
const processAll = async (log: EventLog, input: string, output: string): Promise<void> => {
  let stepped = 0
  let finish: () => void = () => undefined
  const all = new Promise<void>((resolve) => (finish = resolve))
  const processing = await log.process({
    app: `bench-${apps++}`,
    input,
    createTask: () => forwarding(output),
    onEvent: (event) => {
      if (event.kind === 'committed' && (stepped += event.records) >= MESSAGES) finish()
    },
  })
  await Promise.race([all, processing.done])
  await processing.close()
}

/** The first round warms up. */
const measure = async (units: number, work: () => Promise<void>): Promise<Cost> => {
  const costs: Cost[] = []
  for (let n = 0; n < ROUNDS; n++) {
    const stop = stopwatch()
    await work()
    costs.push(costOf(stop(), units))
  }
  return best(costs)
}

const figure = (name: string, cost: Cost, plain: Cost): Figure => ({
  section,
  name,
  unit: 'records/s/core',
  value: round(perCore(cost)),
  better: 'more',
  peer: { name: 'plain kafkajs', value: round(perCore(plain)) },
  seen: round(cost.seen),
})

interface Costs {
  readonly bulk: Cost
  readonly single: Cost
}

interface Bench {
  readonly brokers: readonly string[]
  /** A new topic. */
  readonly topic: (name: string) => Promise<string>
}

const plainAppends = async ({ brokers, topic }: Bench): Promise<Costs> => {
  const { append, close } = await plainProducer(brokers)
  const to = await topic('plain')
  await append(to, batch(0, 200))
  const bulk = await measure(MESSAGES, () => inBulk(append, to))
  const single = await measure(PLAIN_SINGLES, () => oneByOne(append, to, PLAIN_SINGLES))
  await close()
  return { bulk, single }
}

const ownAppends = async (bench: Bench, producer: 'kafkajs' | 'rdkafka', plain: Costs): Promise<Figure[]> => {
  const log = await openKafkaLog({ brokers: bench.brokers, clientId: 'bench', rdkafka: rdkafkaPath(), producer })
  const to = await bench.topic(producer)
  await log.append(to, batch(0, 200))
  const bulk = await measure(MESSAGES, () => inBulk(log.append, to))
  const single = await measure(SINGLES, () => oneByOne(log.append, to, SINGLES))
  await log.close()
  return [
    figure(`append, 200 a call, ${producer}`, bulk, plain.bulk),
    figure(`append, one a call, 5,000/s, ${producer}`, single, plain.single),
  ]
}

const readsAndProcesses = async ({ brokers, topic }: Bench, log: EventLog): Promise<Figure[]> => {
  const full = await topic('full')
  const output = await topic('output')
  await inBulk(log.append, full)
  const part = { topic: full, count: MESSAGES }
  const plainReads = await measure(MESSAGES, () => plainRead(brokers, part))
  const reads = await measure(MESSAGES, () => readAll(log, full))
  const plain = await measure(MESSAGES, () => plainProcess(brokers, part, output))
  const processed = await measure(MESSAGES, () => processAll(log, full, output))
  return [figure('read', reads, plainReads), figure('consume, process, produce in transactions', processed, plain)]
}

const over = async (brokers: readonly string[], skipped: (reason: string) => void): Promise<Figure[]> => {
  const log = await openKafkaLog({ brokers, clientId: 'bench', producer: 'kafkajs' })
  const topic = async (name: string): Promise<string> => {
    const full = `bench-${name}-${process.pid}`
    await log.createTopics([{ name: full, partitions: PARTITIONS, cleanup: 'delete' }])
    return full
  }
  const bench: Bench = { brokers, topic }
  const plain = await plainAppends(bench)
  const figures = await ownAppends(bench, 'kafkajs', plain)
  if ((await loadRdkafka(rdkafkaPath())) === undefined)
    skipped('node-rdkafka is not installed; CHAOS_PROXY_TEST_RDKAFKA=<its lib/index.js> says where it is')
  else figures.push(...(await ownAppends(bench, 'rdkafka', plain)))
  figures.push(...(await readsAndProcesses(bench, log)))
  await log.close()
  return figures
}

const run: Section['run'] = async (skipped) => {
  const missing = brokerMissing()
  if (missing !== undefined) {
    skipped(missing)
    return []
  }
  const broker = await sharedBroker()
  try {
    return await over(broker.brokers, skipped)
  } finally {
    await broker.release()
  }
}

export const kafkaSection: Section = { name: section, run }
