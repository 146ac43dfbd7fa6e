/**
 * Learns from files as the processors learn from the log: the same topology, the same task, no port opened. Exchanges pass
 * twice: once to be learned, once, from a working file, to be told their endpoint as it is known at the end.
 */
import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Located, Topology } from '../../processors/kit/processor.ts'
import { createTask, type ProcessorTask } from '../../processors/runtime/task.ts'
import { topology as shipped } from '../../processors/topology.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { Codecs } from '../../schemas/codecs.ts'
import type { Endpoint } from '../../schemas/events.ts'
import type { LogRecord, Output } from '../../schemas/log.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { splitOperation } from '../../schemas/semantics/templates.ts'
import { topicName } from '../../schemas/topics.ts'
import { writeDocuments } from './documents.ts'
import { toEvent, toHeartbeat } from './event.ts'
import { type BadLine, readInput } from './input.ts'
import { openLines, type LineWriter } from './output.ts'
import { type Heard, spyOn } from './spy.ts'

export interface LearnOptions {
  readonly files: readonly string[]
  readonly out: string
  /** After so many exchanges, each of them is told its endpoint as known then. */
  readonly checkpoints?: readonly number[]
  /** For lines that name none. */
  readonly service?: string
  readonly topology?: Topology
  readonly onBadLine?: (bad: BadLine) => void
  readonly onProgress?: (exchanges: number) => void
}

export interface LearnSummary {
  readonly exchanges: number
  readonly badLines: number
  readonly deadLetters: number
  readonly endpoints: number
  readonly drift: number
  readonly anomalies: number
}

/** What the second pass needs of an exchange. */
interface Kept {
  readonly index: number
  readonly service: string
  readonly method: string
  readonly path: string
  readonly online: string | null
  /** Of GraphQL: which endpoint it is hangs on more than the path. */
  readonly operation?: string
  readonly strangeness?: number
  readonly alarm?: boolean
}

/** What is known of it before it was located. */
type Taken = Omit<Kept, 'online' | 'operation' | 'strangeness' | 'alarm'>

interface Session {
  readonly task: ProcessorTask
  readonly codecs: Codecs
  readonly heard: Heard
  readonly kept: LineWriter
  readonly drift: LineWriter
  readonly anomalies: LineWriter
  readonly endpoints: Map<string, Endpoint>
  /** As they stand on their topic. */
  readonly shapes: Map<string, Uint8Array>
  /** By checkpoint, the endpoint of each exchange before it. */
  readonly labels: Map<number, (string | null)[]>
  /** Exchanges up to the last checkpoint. */
  readonly recent: Kept[]
  readonly checkpoints: ReadonlySet<number>
  readonly last: number
  batch: LogRecord[]
  batchKept: Taken[]
  /** The latest event time, µs. */
  latest: number
  counts: { exchanges: number; badLines: number; deadLetters: number; drift: number; anomalies: number }
}

const BATCH = 256
const WORKING_FILE = '.exchanges.working.jsonl'
/** Longer than a second of event time, µs: shapes are told at most once in one. */
const TELL_AFTER = 2_000_000
const HEARTBEAT = 'learn'
const INPUT = topicName('exchanges')
const ENDPOINTS = topicName('endpoints')
const SHAPES = topicName('shapes')

const idOf = (located: Located | undefined): string | null => located?.id ?? null

const openSession = async (options: LearnOptions): Promise<Session> => {
  const { topology, heard } = spyOn(options.topology ?? shipped)
  const codecs = await openCodecs(memorySchemaStore())
  const counts = { exchanges: 0, badLines: 0, deadLetters: 0, drift: 0, anomalies: 0 }
  const task = createTask({ topology, codecs, onDeadLetter: () => counts.deadLetters++ })
  const checkpoints = new Set(options.checkpoints)
  return {
    task,
    codecs,
    heard,
    kept: openLines(join(options.out, WORKING_FILE)),
    drift: openLines(join(options.out, 'drift.jsonl')),
    anomalies: openLines(join(options.out, 'anomalies.jsonl')),
    endpoints: new Map(),
    shapes: new Map(),
    labels: new Map(),
    recent: [],
    checkpoints,
    last: Math.max(0, ...checkpoints),
    batch: [],
    batchKept: [],
    latest: 0,
    counts,
  }
}

const keepShapes = ({ shapes }: Session, outputs: readonly Output[]): void => {
  for (const { topic, key, value } of outputs) {
    if (topic !== SHAPES) continue
    if (value === null) shapes.delete(key)
    else shapes.set(key, value)
  }
}

const keepEndpoints = (session: Session, outputs: readonly Output[]): void => {
  for (const { topic, key, value } of outputs) {
    if (topic !== ENDPOINTS) continue
    const endpoint = value === null ? undefined : session.codecs.decode('endpoints', value)
    if (endpoint === undefined || endpoint.mergedInto !== '') session.endpoints.delete(key)
    else session.endpoints.set(key, endpoint)
  }
}

const writeFound = async ({ heard, drift, anomalies, counts }: Session): Promise<void> => {
  for (const { index, found } of heard.drift) await drift.write({ index, ...found })
  for (const { index, found } of heard.anomalies) await anomalies.write({ index, ...found })
  counts.drift += heard.drift.length
  counts.anomalies += heard.anomalies.length
  heard.drift.length = 0
  heard.anomalies.length = 0
}

const keptOf = (one: Taken, { located, strange }: Heard): Kept => {
  const found = located.get(one.index)
  const operation = splitOperation(found?.template ?? '')[1]
  const said = strange.get(one.index)
  const judged = said && { strangeness: said.score, alarm: said.alarm }
  return { ...one, online: idOf(found), ...(operation !== '' && { operation }), ...judged }
}

/** One step of the task over what has gathered, and everything that follows from it. */
const flush = async (session: Session): Promise<void> => {
  if (session.batch.length === 0) return
  const { outputs } = session.task.step(session.batch)
  keepEndpoints(session, outputs)
  keepShapes(session, outputs)
  for (const one of session.batchKept) {
    const kept = keptOf(one, session.heard)
    await session.kept.write(kept)
    if (one.index < session.last) session.recent.push(kept)
  }
  session.heard.located.clear()
  session.heard.strange.clear()
  await writeFound(session)
  session.batch = []
  session.batchKept = []
}

const label = ({ labels, recent, heard }: Session, at: number): void => {
  const before = recent.filter(({ index }) => index < at)
  labels.set(
    at,
    before.map((one) => idOf(heard.find(one.service, one.method, one.path, one.operation))),
  )
}

/** Longer than this between two lines, µs, is silence: said by heartbeats, as an ingress would. Longer than a day is no traffic to learn. */
const SILENCE = 60_000_000
const NO_RECORDING = 86_400_000_000

const passSilence = (session: Session, until: number): void => {
  const { latest, codecs, batch, counts } = session
  if (latest === 0 || until - latest > NO_RECORDING) return
  for (let at = latest + SILENCE; at < until; at += SILENCE) {
    const value = codecs.encode('exchanges', toHeartbeat(at))
    const timestamp = Math.floor(at / 1000)
    batch.push({ topic: INPUT, partition: 0, offset: counts.exchanges, timestamp, key: HEARTBEAT, value })
  }
}

const take = async (session: Session, one: Taken, record: LogRecord): Promise<void> => {
  session.batch.push(record)
  session.batchKept.push(one)
  const reached = session.counts.exchanges
  if (session.batch.length < BATCH && !session.checkpoints.has(reached)) return
  await flush(session)
  if (session.checkpoints.has(reached)) label(session, reached)
  if (reached >= session.last) session.recent.length = 0
}

const readFile = async (session: Session, file: string, options: LearnOptions): Promise<void> => {
  for await (const read of readInput(file)) {
    if (read.kind === 'bad') {
      session.counts.badLines++
      options.onBadLine?.(read.bad)
      continue
    }
    passSilence(session, read.line.at)
    const index = session.counts.exchanges++
    const service = read.line.service ?? options.service ?? 'api'
    const value = session.codecs.encode('exchanges', toEvent(read.line, index, service))
    const timestamp = Math.floor(read.line.at / 1000)
    session.latest = Math.max(session.latest, read.line.at)
    const { method, path } = read.line
    await take(
      session,
      { index, service, method, path: path.split('?')[0] ?? path },
      { topic: INPUT, partition: 0, offset: index, timestamp, key: service, value },
    )
    if (session.counts.exchanges % 10_000 === 0) options.onProgress?.(session.counts.exchanges)
  }
}

/** The second pass: `exchanges.jsonl`, and how many exchanges each endpoint has. */
const writeExchanges = async (session: Session, out: string): Promise<Map<string, number>> => {
  const counts = new Map<string, number>()
  const writer = openLines(join(out, 'exchanges.jsonl'))
  const working = createInterface({ input: createReadStream(join(out, WORKING_FILE)), crlfDelay: Infinity })
  for await (const json of working) {
    const { index, service, method, path, online, operation, strangeness, alarm } = JSON.parse(json) as Kept
    const endpoint = idOf(session.heard.find(service, method, path, operation))
    if (endpoint !== null) counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1)
    const at = Object.fromEntries(
      [...session.labels]
        .filter(([, labels]) => index < labels.length)
        .map(([n, labels]) => [`endpoint_at_${n}`, labels[index] ?? null]),
    )
    await writer.write({ index, method, path, endpoint_online: online, ...at, endpoint, strangeness, alarm })
  }
  await writer.close()
  await rm(join(out, WORKING_FILE), { force: true })
  return counts
}

const writeEndpoints = async (session: Session, out: string, counts: ReadonlyMap<string, number>): Promise<void> => {
  const writer = openLines(join(out, 'endpoints.jsonl'))
  for (const id of [...session.endpoints.keys()].sort()) {
    const endpoint = session.endpoints.get(id)
    if (endpoint === undefined) continue
    const { service, method, template, parameters, firstSeen, lastSeen } = endpoint
    const count = counts.get(id) ?? endpoint.count
    await writer.write({ id, service, method, template, parameters, count, first_seen: firstSeen, last_seen: lastSeen })
  }
  await writer.close()
}

/** What was news in the last second is told when time moves on, as a heartbeat would move it. */
const tellShapes = (session: Session): void => {
  const value = session.codecs.encode('exchanges', toHeartbeat(session.latest + TELL_AFTER))
  const record = { topic: INPUT, partition: 0, offset: session.counts.exchanges, timestamp: 0, key: HEARTBEAT, value }
  keepShapes(session, session.task.step([record]).outputs)
}

/**
 * Learns from HAR files or JSON lines and writes `exchanges.jsonl`, `endpoints.jsonl`, `drift.jsonl`, `anomalies.jsonl` and
 * `openapi.json` into `out`. Lines that cannot be used are told to `onBadLine`, counted and passed over. Memory is that of the topology's
 * state, not of the files (a HAR, one JSON text, excepted).
 */
export const learn = async (options: LearnOptions): Promise<LearnSummary> => {
  await mkdir(options.out, { recursive: true })
  const session = await openSession(options)
  for (const file of options.files) await readFile(session, file, options)
  await flush(session)
  for (const writer of [session.kept, session.drift, session.anomalies]) await writer.close()
  const counts = await writeExchanges(session, options.out)
  await writeEndpoints(session, options.out, counts)
  tellShapes(session)
  await writeDocuments(session, options.out)
  return { ...session.counts, endpoints: session.endpoints.size }
}
