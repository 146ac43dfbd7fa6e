/** Runs several workers under load, kills and stops them at seeded moments, then counts what the output topic really says. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import type { EventLog } from '../../../../../schemas/log.ts'
import { openKafkaLog } from '../../../../../processors/runtime/logs/kafka/log.ts'
import type { WorkerSettings } from './worker.ts'

export interface Havoc {
  readonly brokers: readonly string[]
  readonly seed: number
  readonly kills: number
  /** Processes stopped for longer than the session timeout, then continued: zombies. */
  readonly stops: number
  readonly instances: number
  readonly control?: boolean
}

export interface Outcome {
  readonly kills: number
  readonly stops: number
  /** Takeovers that were reported; more have begun. */
  readonly takeovers: number
  /** Workers that ended by themselves. */
  readonly crashes: number
  readonly appended: number
  readonly duplicates: number
  readonly losses: number
  /** Wrong order or wrong count. */
  readonly wrong: number
  readonly openTransactions: boolean
}

const PARTITIONS = 6
const KEYS = 48
const SESSION_MS = 1500

/** mulberry32: the same seed gives the same moments. */
const random = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

interface Crew {
  readonly settings: WorkerSettings
  readonly alive: ChildProcess[]
  takeovers: number
  crashes: number
  over: boolean
}

const enlist = (crew: Crew): void => {
  const path = fileURLToPath(new URL('worker.ts', import.meta.url))
  const child = fork(path, [JSON.stringify(crew.settings)], { execArgv: ['--import', 'tsx'], stdio: 'inherit' })
  crew.alive.push(child)
  child.on('message', (event: { kind: string }) => {
    if (event.kind === 'assigned') crew.takeovers += 1
  })
  child.once('exit', (_code, signal) => {
    crew.alive.splice(crew.alive.indexOf(child), 1)
    if (crew.over) return
    if (signal === null) crew.crashes += 1
    enlist(crew)
  })
}

const stopAll = async (crew: Crew): Promise<void> => {
  crew.over = true
  await Promise.all(
    crew.alive.map(async (child) => {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 12_000)
      await gone
      clearTimeout(late)
    }),
  )
}

/** Appends numbered records per key until told to stop; resolves with how many each key got. */
const load = async (log: EventLog, topic: string, signal: AbortSignal): Promise<number> => {
  let rounds = 0
  while (!signal.aborted) {
    const records = Array.from({ length: KEYS * 4 }, (_, index) => ({
      key: `key-${index % KEYS}`,
      value: Buffer.from(String(4 * rounds + Math.floor(index / KEYS))),
      timestamp: Date.now(),
    }))
    await log.append(topic, records)
    rounds += 1
    await delay(80)
  }
  return 4 * rounds
}

const zombify = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGSTOP')
  await delay(SESSION_MS + 1000)
  child.kill('SIGCONT')
}

/** Kills and stops in a seeded order. Waits for a takeover now and then, so that not only starting workers are hit. */
const strike = async (crew: Crew, { seed, kills, stops }: Havoc): Promise<void> => {
  const next = random(seed)
  const blows = [...Array<'kill'>(kills).fill('kill'), ...Array<'stop'>(stops).fill('stop')]
    .map((blow) => ({ blow, at: next() }))
    .sort((a, b) => a.at - b.at)
  const zombies: Promise<void>[] = []
  for (const { blow } of blows) {
    const seen = crew.takeovers
    const settle = next() < 0.5 ? Date.now() + 8000 : 0
    while (crew.takeovers === seen && Date.now() < settle) await delay(20)
    await delay(100 + next() * 900)
    const victim = crew.alive[Math.floor(next() * crew.alive.length)]
    if (victim === undefined) continue
    if (blow === 'kill') victim.kill('SIGKILL')
    else zombies.push(zombify(victim))
  }
  await Promise.all(zombies)
}

const caughtUp = async (log: EventLog, { app, input }: WorkerSettings): Promise<void> => {
  const ends = (await log.ranges(input)).map(({ end }) => end)
  const limit = Date.now() + 60_000
  for (;;) {
    const positions = await log.committed(app, input)
    if (positions.every((position, partition) => position >= (ends[partition] ?? 0))) return
    if (Date.now() > limit) throw new Error(`not caught up: at ${positions.join()} of ${ends.join()}`)
    await delay(200)
  }
}

/** Reads with kafkajs' own consumer under read_committed, not with our reader: what any other client would see. */
const readOutput = async (brokers: readonly string[], topic: string): Promise<Map<string, [number, number][]>> => {
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'verifier', logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]))
  await admin.disconnect()
  const said = new Map<string, [number, number][]>()
  const waiting = new Set([...ends].filter(([, end]) => end > 0).map(([partition]) => partition))
  const consumer = kafka.consumer({ groupId: `verifier-${topic}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const reached = (partition: number, last: string): void => {
    if (Number(last) + 1 >= (ends.get(partition) ?? 0)) waiting.delete(partition)
  }
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => reached(payload.partition, payload.lastOffset))
  await consumer.run({
    eachMessage: async ({ message }) => {
      const key = String(message.key)
      const [id, count] = String(message.value).split(' ').map(Number) as [number, number]
      const answers = said.get(key)
      if (answers === undefined) said.set(key, [[id, count]])
      else answers.push([id, count])
    },
  })
  while (waiting.size > 0) await delay(50)
  await consumer.disconnect()
  return said
}

const judge = (said: ReadonlyMap<string, [number, number][]>, perKey: number) => {
  let [duplicates, losses, wrong] = [0, 0, 0]
  for (let index = 0; index < KEYS; index++) {
    const answers = said.get(`key-${index}`) ?? []
    const ids = new Set(answers.map(([id]) => id))
    duplicates += answers.length - ids.size
    losses += perKey - ids.size
    wrong += answers.filter(([id, count], at) => id !== at || count !== at + 1).length
  }
  return { duplicates, losses, wrong }
}

const hasOpenTransactions = async (log: EventLog, brokers: readonly string[], topic: string): Promise<boolean> => {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const highs = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const stable = await log.ranges(topic)
  return highs.some(({ partition, high }) => Number(high) !== stable.find((r) => r.partition === partition)?.end)
}

export const wreakHavoc = async (havoc: Havoc): Promise<Outcome> => {
  const { brokers, kills, stops, seed, control = false } = havoc
  const id = `${control ? 'control' : 'exact'}-${seed}-${Date.now()}`
  const app = `app-${id}`
  const settings = { brokers, app, input: `in-${id}`, output: `out-${id}`, sessionTimeoutMs: SESSION_MS, control }
  const log = await openKafkaLog({ brokers, clientId: 'havoc', producer: 'kafkajs' })
  const spec = { partitions: PARTITIONS, cleanup: 'delete' } as const
  await log.createTopics([
    { name: settings.input, ...spec },
    { name: settings.output, ...spec },
  ])
  const crew: Crew = { settings, alive: [], takeovers: 0, crashes: 0, over: false }
  for (let index = 0; index < havoc.instances; index++) enlist(crew)
  const loading = new AbortController()
  const loaded = load(log, settings.input, loading.signal)
  try {
    await strike(crew, havoc)
    loading.abort()
    const perKey = await loaded
    // The control's zombies may leave positions that never come right: it is judged as it stands.
    await caughtUp(log, settings).catch((error: unknown) => {
      if (!control) throw error
    })
    await stopAll(crew)
    const openTransactions = await hasOpenTransactions(log, brokers, settings.output)
    const verdict = judge(await readOutput(brokers, settings.output), perKey)
    const { takeovers, crashes } = crew
    return { kills, stops, takeovers, crashes, appended: perKey * KEYS, ...verdict, openTransactions }
  } finally {
    loading.abort()
    await loaded.catch(() => undefined)
    await stopAll(crew)
    await log.close()
  }
}
