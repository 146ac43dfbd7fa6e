/**
 * Exchanges per second and core through the whole topology, over the log in memory and the embedded log:
 * `node --import tsx test/bench/topology.ts [count]`. CPU time is the measure: wall rates of a shared machine say little.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Topology } from '../../processors/kit/processor.ts'
import { startProcessors } from '../../processors/runtime/host.ts'
import { openEmbeddedLog } from '../../processors/runtime/logs/embedded/log.ts'
import { openMemoryLog } from '../../processors/runtime/logs/memory.ts'
import { createTask } from '../../processors/runtime/task.ts'
import { topology } from '../../processors/topology.ts'
import { openCodecs } from '../../schemas/codec.ts'
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog, LogRecord, NewRecord } from '../../schemas/log.ts'
import { memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicName, topicSpecs } from '../../schemas/topics.ts'
import { recording } from '../topology/recording.ts'

export interface TopologyFigure {
  readonly name: string
  readonly exchanges: number
  readonly cpuMicros: number
  readonly perCore: number
}

const input = topicName('exchanges')
const APP = 'bench'

const figure = (name: string, exchanges: number, { user, system }: NodeJS.CpuUsage): TopologyFigure => {
  const cpuMicros = (user + system) / exchanges
  return { name, exchanges, cpuMicros: Math.round(cpuMicros * 10) / 10, perCore: Math.round(1e6 / cpuMicros) }
}

/** The first quarter warms the compiler up and is not counted. */
const overTask = (name: string, one: Topology, codecs: Codecs, records: readonly NewRecord[]): TopologyFigure => {
  const read: LogRecord[] = records.map((r, offset) => ({ ...r, topic: input, partition: 0, offset }))
  const task = createTask({ topology: one, codecs })
  const warm = Math.floor(read.length / 4)
  task.step(read.slice(0, warm))
  const start = process.cpuUsage()
  for (let at = warm; at < read.length; at += 2000) task.step(read.slice(at, at + 2000))
  return figure(name, read.length - warm, process.cpuUsage(start))
}

const overLog = async (
  name: string,
  log: EventLog,
  codecs: Codecs,
  records: readonly NewRecord[],
): Promise<TopologyFigure> => {
  await log.createTopics(topicSpecs(1))
  for (let at = 0; at < records.length; at += 1000) await log.append(input, records.slice(at, at + 1000))
  const warm = Math.floor(records.length / 4)
  let start: NodeJS.CpuUsage | undefined
  let from = 0
  const used = await new Promise<NodeJS.CpuUsage>((resolve, reject) => {
    const onPosition = (position: number): void => {
      if (start === undefined && position >= warm) {
        start = process.cpuUsage()
        from = position
      }
      if (position >= records.length) resolve(process.cpuUsage(start))
    }
    const onEvent = (event: { kind: string; position?: number }): void => {
      if (event.kind === 'committed') onPosition(event.position ?? 0)
    }
    startProcessors({ log, codecs, topology, app: APP, onEvent })
      .then(({ done }) => done)
      .catch(reject)
  })
  await log.close()
  return figure(name, records.length - from, used)
}

/** Runs all; each figure is of one run over the same seeded recording. */
export const benchTopology = async (count = 40_000): Promise<readonly TopologyFigure[]> => {
  const codecs = await openCodecs(memorySchemaStore())
  const records = recording(codecs, { seed: 11, count, dirty: false })
  const figures: TopologyFigure[] = []
  figures.push(overTask('decode, parse, locate', { ...topology, processors: [] }, codecs, records))
  for (const processor of topology.processors)
    figures.push(
      overTask(`decode, parse, locate, ${processor.name}`, { ...topology, processors: [processor] }, codecs, records),
    )
  figures.push(overTask('whole topology, no log', topology, codecs, records))
  figures.push(await overLog('whole topology, memory log', openMemoryLog(), codecs, records))
  const dir = await mkdtemp(join(tmpdir(), 'chaos-proxy-bench-'))
  const embedded = await openEmbeddedLog({ dir, writer: ['ingress', 'processors'] })
  figures.push(await overLog('whole topology, embedded log', embedded, codecs, records))
  await rm(dir, { recursive: true, force: true })
  return figures
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  console.table(await benchTopology(Number(process.argv[2] ?? 40_000)))
