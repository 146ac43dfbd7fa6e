/** The embedded log at 1 KiB a record, in batches of 1,000, each checksummed and synced before the next. */
import fs from 'node:fs'
import { open } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { openEmbeddedLog, type EmbeddedLog } from '../../processors/runtime/logs/embedded/log.ts'
import type { NewRecord } from '../../schemas/log.ts'
import { round, stopwatch, type Figure, type Section } from './kit/figure.ts'

const section = 'embedded-log'
const TOPIC = 'bench'
const BATCH = 1000
/** In one round: about 50 MiB. */
const BATCHES = 48
const ROUNDS = 7
const FLOOR = 150_000

const value = new Uint8Array(1024).map((_, n) => n * 31)

const batchOf = (first: number): NewRecord[] =>
  Array.from({ length: BATCH }, (_, n) => ({
    key: `key-${(first + n) % 500}`,
    value,
    timestamp: 1_700_000_000_000 + n,
  }))

type Work = () => Promise<unknown>

const seconds = async (work: Work): Promise<number> => {
  const stop = stopwatch()
  await work()
  return stop().seconds
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/**
 * Units a second of each, in the middle of its rounds; each has its turn in every round. Not the best: a disk is four
 * times as fast where blocks happen to have been used before, so luck adds here as neighbours take away.
 */
const usual = async (units: number, works: readonly Work[]): Promise<readonly number[]> => {
  const rates: number[][] = works.map(() => [])
  for (let n = 0; n < ROUNDS; n++)
    for (const [at, work] of works.entries()) rates[at]?.push(units / (await seconds(work)))
  return rates.map(median)
}

const appendAll = async (log: EmbeddedLog, batches = BATCHES): Promise<void> => {
  for (let n = 0; n < batches; n++) await log.append(TOPIC, batchOf(n * BATCH))
}

const appendSideBySide = async (log: EmbeddedLog): Promise<void> => {
  await Promise.all([1, 2, 3, 4].map(() => appendAll(log, BATCHES / 4)))
}

const readAll = async (log: EmbeddedLog): Promise<void> => {
  const until = { kind: 'offset', offset: BATCHES * BATCH } as const
  for await (const _ of log.read(TOPIC, { partition: 0, from: { kind: 'start' }, until }));
}

/** What the disk gives: as many bytes, synced as they are. Each time a new file, as segments are. */
const writePlainly = async (dir: string): Promise<void> => {
  const bytes = Buffer.alloc(BATCH * (value.length + 24), 'x')
  const file = await open(path.join(dir, `plain-${performance.now()}`), 'w')
  for (let n = 0; n < BATCHES; n++) {
    await file.write(bytes)
    await file.datasync()
  }
  await file.close()
}

/** Of one caller that waits for each batch: 1, when none is left out. */
const syncsPerBatch = async (log: EmbeddedLog): Promise<number> => {
  const before = log.syncs
  await appendAll(log)
  return (log.syncs - before) / BATCHES
}

const STEADY = 10_000

/** Calls `one` 5,000 times a second for two seconds; the share of the thread that took, in µs a call. */
const paced = async (one: (n: number) => void): Promise<number> => {
  const began = performance.eventLoopUtilization()
  const start = performance.now()
  for (let sent = 0; sent < STEADY;) {
    const due = Math.min(STEADY, (performance.now() - start) * 5)
    while (sent < due) one(sent++)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return (performance.eventLoopUtilization(began).active * 1000) / STEADY
}

/** Single records at 5,000 a second, as an ingress sends them: what the thread pays beyond the pacing, and when half of them are durable. */
const steady = async (log: EmbeddedLog): Promise<{ micros: number; p50: number }> => {
  const latencies: number[] = []
  const pending: Promise<unknown>[] = []
  const idle = await paced(() => undefined)
  const busy = await paced((n) => {
    const at = performance.now()
    const appended = log.append(TOPIC, [{ key: 'key', value, timestamp: n }])
    pending.push(appended.then(() => latencies.push(performance.now() - at)))
  })
  await Promise.all(pending)
  latencies.sort((a, b) => a - b)
  return { micros: busy - idle, p50: latencies[STEADY / 2] ?? 0 }
}

const rate = (name: string, unit: string, perSecond: number): Figure => ({
  section,
  name,
  unit,
  value: round(perSecond),
  better: 'more',
})

const less = (name: string, unit: string, cost: number): Figure => ({ ...rate(name, unit, cost), better: 'less' })

const measure = async (log: EmbeddedLog, dir: string): Promise<readonly Figure[]> => {
  await log.createTopics([{ name: TOPIC, partitions: 1, cleanup: 'delete' }])
  await appendAll(log)
  const writes = [() => writePlainly(dir), () => appendAll(log), () => appendSideBySide(log)]
  const [plain = 0, appends = 0, together = 0] = await usual(BATCHES * BATCH, writes)
  const [reads = 0] = await usual(BATCHES * BATCH, [() => readAll(log)])
  const syncs = ((await syncsPerBatch(log)) * appends) / BATCH
  const { micros, p50 } = await steady(log)
  const peer = { name: 'plain file, synced', value: round(plain) }
  return [
    { ...rate('append', 'records/s', appends), peer, floor: { of: 'value', at: FLOOR } },
    { ...rate('append, four callers', 'records/s', together), peer },
    { ...rate('fsyncs, one caller', 'syncs/s', syncs), peer: { name: peer.name, value: round(plain / BATCH) } },
    rate('read', 'records/s', reads),
    less('one a call, 5,000/s: thread', 'µs/record', Math.max(0.1, micros)),
    less('one a call, 5,000/s: durable, p50', 'ms', p50),
  ]
}

const run: Section['run'] = async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'chaos-proxy-bench-'))
  const log = await openEmbeddedLog({ dir: path.join(dir, 'log'), writer: 'processors' })
  try {
    return await measure(log, dir)
  } finally {
    await log.close()
    fs.rmSync(dir, { recursive: true })
  }
}

export const embeddedSection: Section = { name: section, run }
