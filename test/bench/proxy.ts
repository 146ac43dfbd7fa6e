/**
 * CPU per request of the ingress with full capture, against a minimal Node proxy without any. Backend and load are in
 * this process; each proxy is one of its own, and only its CPU counts, all threads. Ratio 0.7: it costs 1.43 times as much.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { loadRdkafka } from '../../processors/runtime/logs/kafka/append/rdkafka.ts'
import { brokerMissing } from '../kit/kafka/jars.ts'
import { rdkafkaPath } from '../kit/kafka/rdkafka.ts'
import { sharedBroker, type SharedBroker } from '../kit/kafka/shared.ts'
import { best, round, type Cost, type Figure, type Section } from './kit/figure.ts'
import { drive, startBackend, type Scenario } from './kit/load.ts'
import { startSubject, type Subject } from './kit/subject.ts'

const section = 'ingress'
const scenarios: readonly Scenario[] = ['GET 1 KiB', 'POST 1 KiB']
const ROUNDS = 8
const WARM = 8000
const REQUESTS = 4000
const SENT = scenarios.length * (WARM + ROUNDS * REQUESTS)
const FLOOR = 0.7
/** What was captured last goes to the log within this. */
const SETTLED_MS = 250

const measure = async ({ port, cpu }: Subject, scenario: Scenario): Promise<Cost> => {
  const before = await cpu()
  const began = performance.now()
  await drive(port, scenario, REQUESTS)
  const seconds = (performance.now() - began) / 1000
  await delay(SETTLED_MS)
  return { micros: ((await cpu()) - before) / REQUESTS, seen: REQUESTS / seconds }
}

interface Named {
  readonly name: string
  readonly subject: Subject
}

const PEER = 'minimal Node proxy'
/** The limiter counts every request and refuses none. */
const LIMIT = '1000000000'

const startAll = async (backend: string, broker: SharedBroker | undefined): Promise<Named[]> => {
  const start = async (name: string, script: string, env: Record<string, string> = {}): Promise<Named> => ({
    name,
    subject: await startSubject(script, { BACKEND: backend, LIMIT, MODE: 'failover', ...env }),
  })
  const all = [await start(PEER, 'minimal-proxy.ts'), await start('embedded log', 'ingress.ts', { LOG: 'embedded' })]
  if (broker === undefined) return all
  const kafka = { LOG: 'kafka', BROKERS: broker.brokers.join(',') }
  all.push(await start('Kafka, kafkajs', 'ingress.ts', { ...kafka, PRODUCER: 'kafkajs' }))
  if ((await loadRdkafka(rdkafkaPath())) === undefined) return all
  return [...all, await start('Kafka, rdkafka', 'ingress.ts', { ...kafka, PRODUCER: 'rdkafka' })]
}

/** All subjects in every round, so that a neighbour's noise meets all of them. */
const rounds = async (subjects: readonly Named[], scenario: Scenario): Promise<ReadonlyMap<string, Cost>> => {
  const costs = new Map<string, Cost[]>(subjects.map(({ name }) => [name, []]))
  for (const { subject } of subjects) await drive(subject.port, scenario, WARM)
  for (let n = 0; n < ROUNDS; n++)
    for (const { name, subject } of subjects) costs.get(name)?.push(await measure(subject, scenario))
  return new Map([...costs].map(([name, some]) => [name, best(some)]))
}

const figuresOf = (scenario: Scenario, costs: ReadonlyMap<string, Cost>): Figure[] => {
  const peer = { name: PEER, value: round(costs.get(PEER)?.micros ?? NaN) }
  return [...costs]
    .filter(([name]) => name !== PEER)
    .map(([name, { micros, seen }]) => ({
      section,
      name: `${scenario}, captured to ${name}`,
      unit: 'µs CPU/request',
      value: round(micros),
      better: 'less',
      peer,
      floor: { of: 'ratio', at: FLOOR },
      seen: round(seen),
    }))
}

/** Each event of a proxy that lost some would have cost less. */
const stop = async ({ name, subject }: Named): Promise<void> => {
  const captured = await subject.stop()
  if (name !== PEER && !(Number(captured) >= SENT))
    throw new Error(`${name}: of ${SENT} exchanges ${captured} were captured`)
}

const run: Section['run'] = async (skipped) => {
  const missing = brokerMissing()
  if (missing !== undefined) skipped(`Kafka: ${missing}`)
  const broker = missing === undefined ? await sharedBroker() : undefined
  const backend = await startBackend()
  try {
    const subjects = await startAll(backend.url, broker)
    const figures: Figure[] = []
    for (const scenario of scenarios) figures.push(...figuresOf(scenario, await rounds(subjects, scenario)))
    for (const one of subjects) await stop(one)
    return figures
  } finally {
    backend.close()
    await broker?.release()
  }
}

export const proxySection: Section = { name: section, run }
