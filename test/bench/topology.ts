/**
 * Exchanges per second and core through the whole topology, as `startProcessors` runs it, over each log; the input is on
 * the log before. CPU is that of this process, threads included: on Kafka the broker is another one and not counted.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcessors, type ProcessorsEvent, type Running } from '../../processors/runtime/host.ts'
import { openEmbeddedLog } from '../../processors/runtime/logs/embedded/log.ts'
import { openKafkaLog } from '../../processors/runtime/logs/kafka/log.ts'
import { newestOutputs } from '../../processors/runtime/logs/kit/newest.ts'
import { openMemoryLog } from '../../processors/runtime/logs/memory.ts'
import { createTask } from '../../processors/runtime/task.ts'
import type { Topology } from '../../processors/kit/processor.ts'
import { topology } from '../../processors/topology.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog, LogRecord, NewRecord, Output } from '../../schemas/log.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicName, topicSpecs } from '../../schemas/topics.ts'
import { brokerMissing } from '../kit/kafka/jars.ts'
import { sharedBroker } from '../kit/kafka/shared.ts'
import { recording } from '../topology/recording.ts'
import { best, costOf, perCore, round, stopwatch, type Cost, type Figure, type Section } from './kit/figure.ts'

const COUNT = 40_000
/** The first quarter of each round warms the compiler and the caches up and is not counted. */
const WARM = COUNT / 4
const ROUNDS = 3
const FLOOR = 10_000

const section = 'topology'
const input = topicName('exchanges')

interface Input {
  readonly codecs: Codecs
  readonly records: readonly NewRecord[]
}

/** The plainest means: decode, parse the answer, keep nothing. */
const peer = ({ codecs, records }: Input): Cost => {
  let known = 0
  const read = (some: readonly NewRecord[]): void => {
    for (const { value } of some) {
      const { exchange } = codecs.decode('exchanges', value as Uint8Array)
      if (exchange?.responseBody.bytes.length) known += JSON.parse(exchange.responseBody.bytes.toString()) ? 1 : 0
    }
  }
  read(records.slice(0, WARM))
  const stop = stopwatch()
  read(records.slice(WARM))
  if (known === 0) throw new Error('the recording holds no JSON')
  return costOf(stop(), records.length - WARM)
}

const compacted = new Set(topicSpecs(1).flatMap(({ name, cleanup }) => (cleanup === 'delete' ? [] : [name])))

/** What a log would be given, a value that is made late included. */
const written = (outputs: readonly Output[]): number =>
  newestOutputs(outputs, compacted).reduce((bytes, { value }) => bytes + (value?.length ?? 0), 0)

/** One topology, without a log. */
const overTask = ({ codecs, records }: Input, one: Topology): Cost => {
  const read: LogRecord[] = records.map((r, offset) => ({ ...r, topic: input, partition: 0, offset }))
  const task = createTask({ topology: one, codecs })
  written(task.step(read.slice(0, WARM)).outputs)
  const stop = stopwatch()
  for (let at = WARM; at < read.length; at += 2000) written(task.step(read.slice(at, at + 2000)).outputs)
  return costOf(stop(), read.length - WARM)
}

/** From the first commit at or behind `WARM` to the last one. */
const measured = (count: number) => {
  let done: (cost: Cost) => void = () => undefined
  const cost = new Promise<Cost>((resolve) => (done = resolve))
  let stop: ReturnType<typeof stopwatch> | undefined
  let from = 0
  const onEvent = (event: ProcessorsEvent): void => {
    if (event.kind !== 'committed') return
    if (stop === undefined && event.position >= WARM) {
      stop = stopwatch()
      from = event.position
    }
    if (stop !== undefined && event.position >= count) done(costOf(stop(), count - from))
  }
  return { cost, onEvent }
}

/** Another app each time: every round starts from nothing. */
let rounds = 0

const overLog = async (log: EventLog, { codecs, records }: Input): Promise<Cost> => {
  const { cost, onEvent } = measured(records.length)
  const running: Running = await startProcessors({ log, codecs, topology, app: `bench-${rounds++}`, onEvent })
  const result = await Promise.race([cost, running.done])
  await running.close()
  if (result === undefined) throw new Error('processing ended before the input did')
  return result
}

interface Place {
  readonly name: string
  readonly log: EventLog
  close(): Promise<void>
}

const onMemory = async (): Promise<Place> => {
  const log = openMemoryLog()
  return { name: 'memory log', log, close: () => log.close() }
}

const onDisk = async (): Promise<Place> => {
  const dir = await mkdtemp(join(tmpdir(), 'chaos-proxy-bench-'))
  const log = await openEmbeddedLog({ dir, writer: ['ingress', 'processors'] })
  const close = async (): Promise<void> => {
    await log.close()
    await rm(dir, { recursive: true, force: true })
  }
  return { name: 'embedded log', log, close }
}

const onKafka = async (): Promise<Place> => {
  const broker = await sharedBroker()
  const log = await openKafkaLog({ brokers: broker.brokers, clientId: 'bench', producer: 'kafkajs' })
  const close = async (): Promise<void> => {
    await log.close()
    await broker.release()
  }
  return { name: 'Kafka', log, close }
}

/** Fills the log, then runs over it a few times. */
const over = async (open: () => Promise<Place>, given: Input): Promise<Cost & { readonly name: string }> => {
  const { name, log, close } = await open()
  try {
    await log.createTopics(topicSpecs(1))
    for (let at = 0; at < given.records.length; at += 1000) await log.append(input, given.records.slice(at, at + 1000))
    const costs: Cost[] = []
    while (costs.length < ROUNDS) costs.push(await overLog(log, given))
    return { name, ...best(costs) }
  } finally {
    await close()
  }
}

const figure = (name: string, cost: Cost, plain: Cost): Figure => ({
  section,
  name,
  unit: 'exchanges/s/core',
  value: round(perCore(cost)),
  better: 'more',
  peer: { name: 'decode and parse only', value: round(perCore(plain)) },
  seen: round(cost.seen),
})

/** Where the time goes: the host and the locator alone, each processor besides, all of them. */
const parts = (given: Input, plain: Cost): Figure[] => {
  const one = (name: string, processors: Topology['processors']): Figure => {
    const run = (): Cost => overTask(given, { ...topology, processors })
    return figure(name, best([run(), run()]), plain)
  }
  return [
    one('no log: host and locator', []),
    ...topology.processors.map((processor) => one(`no log: and ${processor.name}`, [processor])),
    one('no log: all', topology.processors),
  ]
}

const run: Section['run'] = async (skipped) => {
  const codecs = await openCodecs(memorySchemaStore())
  const given = { codecs, records: recording(codecs, { seed: 11, count: COUNT, dirty: false }) }
  const plain = best(Array.from({ length: ROUNDS }, () => peer(given)))
  const figures = parts(given, plain)
  const missing = brokerMissing()
  if (missing !== undefined) skipped(`Kafka: ${missing}`)
  for (const open of [onMemory, onDisk, ...(missing === undefined ? [onKafka] : [])]) {
    const { name, ...cost } = await over(open, given)
    figures.push({ ...figure(name, cost, plain), floor: { of: 'value', at: FLOOR } })
  }
  return figures
}

export const topologySection: Section = { name: section, run }
