/**
 * The embedded log in figures, at 1 KiB a record: `node --import tsx test/bench/embedded-log.ts`.
 * Floor: 150,000 appends/s in batches of 1,000, each batch synced and checksummed before the next.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { openEmbeddedLog, type EmbeddedLog } from '../../processors/runtime/logs/embedded/log.ts'
import type { NewRecord } from '../../schemas/log.ts'

export interface EmbeddedLogFigures {
  readonly appendsPerSecond: number
  readonly concurrentAppendsPerSecond: number
  readonly syncsPerSecond: number
  readonly readsPerSecond: number
  /** CPU of the calling thread at 5,000 single appends a second. */
  readonly threadMicrosPerRecord: number
  readonly commitP50Ms: number
  readonly commitP99Ms: number
}

const TOPIC = 'bench'
const BATCH = 1000
const value = new Uint8Array(1024).map((_, n) => n * 31)

const batchOf = (first: number): NewRecord[] =>
  Array.from({ length: BATCH }, (_, n) => ({
    key: `key-${(first + n) % 500}`,
    value,
    timestamp: 1_700_000_000_000 + n,
  }))

const seconds = async (run: () => Promise<void>): Promise<number> => {
  const start = performance.now()
  await run()
  return (performance.now() - start) / 1000
}

const appendOneByOne = async (log: EmbeddedLog, batches: number): Promise<void> => {
  for (let n = 0; n < batches; n++) await log.append(TOPIC, batchOf(n * BATCH))
}

const appendSideBySide = async (log: EmbeddedLog, batches: number): Promise<void> => {
  const lane = async (): Promise<void> => appendOneByOne(log, batches / 4)
  await Promise.all([lane(), lane(), lane(), lane()])
}

const readThrough = async (log: EmbeddedLog): Promise<number> => {
  let count = 0
  for await (const batch of log.read(TOPIC, { partition: 0, from: { kind: 'start' }, until: { kind: 'end' } }))
    count += batch.length
  return count
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor((sorted.length - 1) * share)] ?? 0

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

/** Single records at 5,000 a second, as an ingress sends them: what the thread pays beyond the pacing, and when they are durable. */
const steady = async (log: EmbeddedLog): Promise<{ micros: number; latencies: number[] }> => {
  const latencies: number[] = []
  const pending: Promise<unknown>[] = []
  const idle = await paced(() => undefined)
  const busy = await paced((n) => {
    const at = performance.now()
    const appended = log.append(TOPIC, [{ key: 'key', value, timestamp: n }])
    pending.push(appended.then(() => latencies.push(performance.now() - at)))
  })
  await Promise.all(pending)
  return { micros: busy - idle, latencies: latencies.toSorted((a, b) => a - b) }
}

export const benchEmbeddedLog = async (batches = 400): Promise<EmbeddedLogFigures> => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'chaos-bench-'))
  const log = await openEmbeddedLog({ dir, writer: 'processors' })
  try {
    await log.createTopics([{ name: TOPIC, partitions: 1, cleanup: 'delete' }])
    await appendOneByOne(log, 40)
    const before = log.syncs
    const appending = await seconds(() => appendOneByOne(log, batches))
    const syncs = log.syncs - before
    const together = await seconds(() => appendSideBySide(log, batches))
    let read = 0
    const reading = await seconds(async () => void (read = await readThrough(log)))
    const { micros, latencies } = await steady(log)
    return {
      appendsPerSecond: Math.round((batches * BATCH) / appending),
      concurrentAppendsPerSecond: Math.round((batches * BATCH) / together),
      syncsPerSecond: Math.round(syncs / appending),
      readsPerSecond: Math.round(read / reading),
      threadMicrosPerRecord: Math.round(micros * 10) / 10,
      commitP50Ms: Math.round(percentile(latencies, 0.5) * 10) / 10,
      commitP99Ms: Math.round(percentile(latencies, 0.99) * 10) / 10,
    }
  } finally {
    await log.close()
    fs.rmSync(dir, { recursive: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(await benchEmbeddedLog())
