/**
 * How far everyone is: the log's ends against the positions of those who follow it. `caught_up` is strict: every exchange
 * that the log holds is learned, stored, and what was learned from it has reached every living ingress.
 */
import type { EventLog, Range } from '../../schemas/log.ts'
import { topicName, type Topic } from '../../schemas/topics.ts'
import type { Database } from '../kit/database.ts'
import type { Heartbeat, Live } from './live.ts'
import type { Tail } from './tail.ts'

export interface Stage {
  readonly stage: 'ingress' | 'processors' | 'sinks' | 'ghosts' | 'console'
  /** Instance, app or topic. */
  readonly name: string
  readonly topic: string
  readonly partition: number
  readonly position: number
  readonly end: number
  readonly lag: number
  readonly ok: boolean
  readonly detail?: string
}

export interface PipelineState {
  readonly stages: readonly Stage[]
  /** The largest number of records that anyone is behind. */
  readonly lag: number
  readonly caught_up: boolean
  /** Why not, in words; empty when caught up. */
  readonly waiting_for: readonly string[]
}

export interface PipelineOptions {
  readonly log: EventLog
  readonly database: Database
  readonly app: string
  readonly live: Live
  readonly tail: Tail
}

export interface Pipeline {
  state(): Promise<PipelineState>
  close(): void
}

/** The name of the database's sink in `sink_offsets`: webhooks have positions of their own there. */
const SINK = 'postgres'
/** What it follows. */
const stored: readonly Topic[] = [
  'exchanges',
  'dead-letters',
  'endpoints',
  'windows',
  'drift',
  'anomalies',
  'activations',
]
/** An ingress that was silent for longer is gone, ms. */
const ALIVE = 5_000
/** The input's end is compared as it was this long ago, ms: heartbeats keep moving it. */
const SETTLED = 1_500
const SAMPLE = 500
/** Transactions end in markers, which are offsets but no records: a gap this small may hold nothing else. */
const MARKERS = 64

interface Sample {
  readonly at: number
  readonly ends: ReadonlyMap<number, number>
}

const endsOf = (ranges: readonly Range[]): Map<number, number> =>
  new Map(ranges.map(({ partition, end }) => [partition, end]))

/** The ends of the input as they were a moment ago; undefined until this process is that old. */
const sampleEnds = (log: EventLog) => {
  let samples: readonly Sample[] = []
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    log
      .ranges(topicName('exchanges'))
      .then((ranges) => {
        const at = Date.now()
        samples = [...samples.filter((s) => at - s.at < 2 * SETTLED), { at, ends: endsOf(ranges) }]
      })
      .catch(() => {})
      .finally(() => (busy = false))
  }, SAMPLE)
  timer.unref()
  return {
    settled: (): ReadonlyMap<number, number> | undefined =>
      samples.findLast(({ at }) => Date.now() - at >= SETTLED)?.ends,
    close: () => clearInterval(timer),
  }
}

/** Whether anything but markers stands between a position and the end; answers are remembered. */
const gapReader = (log: EventLog) => {
  const known = new Map<string, boolean>()
  return async (topic: string, partition: number, position: number, end: number): Promise<number> => {
    const lag = Math.max(0, end - position)
    if (lag === 0 || lag > MARKERS) return lag
    const key = `${topic}/${partition}/${position}/${end}`
    let empty = known.get(key)
    if (empty === undefined) {
      empty = true
      const reading = log.read(topic, {
        partition,
        from: { kind: 'offset', offset: position },
        until: { kind: 'offset', offset: end },
      })
      for await (const records of reading) {
        empty = records.length === 0
        if (!empty) break
      }
      if (known.size > 1000) known.clear()
      known.set(key, empty)
    }
    return empty ? 0 : lag
  }
}

type Gap = ReturnType<typeof gapReader>

const processorStages = async (
  { log, app, tail }: PipelineOptions,
  settled: ReadonlyMap<number, number>,
): Promise<Stage[]> => {
  const topic = topicName('exchanges')
  const positions = await log.committed(app, topic)
  // Asked for after them: the log goes on meanwhile.
  const ranges = await log.ranges(topic)
  const targets = tail.targets()
  return ranges.map(({ partition, end }) => {
    const position = positions[partition] ?? 0
    const wanted = Math.max(settled.get(partition) ?? end, targets.get(partition) ?? 0)
    return {
      stage: 'processors',
      name: app,
      topic,
      partition,
      position,
      end,
      lag: Math.max(0, end - position),
      // Further than the end: a file of the log was moved away, and what comes is not learned from.
      ok: position >= wanted && position <= end,
    }
  })
}

const consoleStages = ({ tail }: PipelineOptions, settled: ReadonlyMap<number, number>): Stage[] =>
  [...tail.positions()].flatMap(([partition, position]) => {
    const end = settled.get(partition) ?? 0
    // An empty stretch since a minute ago: the tail has nothing to read and stays at 0.
    if (position === 0 || end === 0) return []
    const topic = topicName('exchanges')
    return [
      {
        stage: 'console' as const,
        name: 'live',
        topic,
        partition,
        position,
        end,
        lag: Math.max(0, end - position),
        ok: position >= end,
      },
    ]
  })

const sinkStages = async (
  options: PipelineOptions,
  settled: ReadonlyMap<number, number>,
  gap: Gap,
): Promise<Stage[]> => {
  const { log, database, tail } = options
  const rows = await database.query('select topic, partition, position from sink_offsets where sink = $1', [SINK])
  const positions = new Map(
    rows.map((row) => [`${String(row['topic'])}/${String(row['partition'])}`, row['position'] as number]),
  )
  const targets = tail.targets()
  const stages = stored.map(async (topic) => {
    const name = topicName(topic)
    return Promise.all(
      (await log.ranges(name)).map(async ({ partition, start, end }): Promise<Stage> => {
        const position = Math.max(start, positions.get(`${topic}/${partition}`) ?? 0)
        const lag = await gap(name, partition, position, end)
        const wanted = Math.max(settled.get(partition) ?? end, targets.get(partition) ?? 0)
        return {
          stage: 'sinks',
          name: SINK,
          topic: name,
          partition,
          position,
          end,
          lag,
          ok: topic === 'exchanges' ? position >= wanted : lag === 0,
        }
      }),
    )
  })
  return (await Promise.all(stages)).flat()
}

/** The newest heartbeat of each living instance. */
const livingIngresses = (live: Live): readonly Heartbeat[] => {
  const newest = new Map<string, Heartbeat>()
  for (const beat of live.heartbeats())
    if (Date.now() - beat.at < ALIVE && beat.at >= (newest.get(beat.instance)?.at ?? 0)) newest.set(beat.instance, beat)
  return [...newest.values()]
}

const numberOf = (beat: Heartbeat, name: string): number => Number(beat.attributes.get(name) ?? 0) || 0

const ingressStages = async ({ log, live }: PipelineOptions, gap: Gap): Promise<Stage[]> => {
  const ghosts = topicName('ghosts')
  const ranges = await log.ranges(ghosts)
  const stages: Stage[] = []
  for (const beat of livingIngresses(live)) {
    const waiting = numberOf(beat, 'spool_records') + numberOf(beat, 'pending')
    const topic = topicName('exchanges')
    const base = {
      name: beat.instance,
      topic,
      partition: -1,
      position: numberOf(beat, 'emitted'),
      end: numberOf(beat, 'emitted') + waiting,
    }
    stages.push({
      stage: 'ingress',
      ...base,
      lag: waiting,
      ok: numberOf(beat, 'spool_records') === 0,
      detail: beat.attributes.get('state') ?? '',
    })
    const seen = beat.attributes.get('view_ghosts')
    if (seen === undefined) continue
    const positions = seen.split(',').map(Number)
    for (const { partition, start, end } of ranges) {
      const position = Math.max(start, positions[partition] ?? 0)
      const lag = await gap(ghosts, partition, position, end)
      stages.push({ stage: 'ghosts', name: beat.instance, topic: ghosts, partition, position, end, lag, ok: lag === 0 })
    }
  }
  return stages
}

const behind = (stage: Stage): string =>
  stage.position > stage.end && stage.stage === 'processors'
    ? `processors ${stage.name} have read ${stage.topic}/${stage.partition} up to ${stage.position}, but it ends at ${stage.end}: was a file of the log moved away?`
    : inWords(stage)

const inWords = (stage: Stage): string =>
  stage.stage === 'ingress'
    ? `ingress ${stage.name} holds ${stage.lag} events in its spool`
    : `${stage.stage} ${stage.name} on ${stage.topic}/${stage.partition}: ${stage.lag} behind`

export const startPipeline = (options: PipelineOptions): Pipeline => {
  const samples = sampleEnds(options.log)
  const gap = gapReader(options.log)
  return {
    state: async () => {
      const settled = samples.settled()
      const ends = settled ?? new Map<number, number>()
      // In the order in which events flow: what the earlier stage has put out by now, the later one is held against.
      const processors = await processorStages(options, ends)
      const waiting: string[] = []
      const sinks = await sinkStages(options, ends, gap).catch((error: unknown) => {
        waiting.push(`sinks: the database does not answer (${(error as Error).message})`)
        return []
      })
      const stages = [...(await ingressStages(options, gap)), ...processors, ...sinks, ...consoleStages(options, ends)]
      if (settled === undefined) waiting.push('the console: it has just started')
      if (options.tail.restless()) waiting.push('ingress: a heartbeat after its last exchange')
      waiting.push(...stages.filter(({ ok }) => !ok).map(behind))
      return {
        stages,
        lag: Math.max(0, ...stages.map(({ lag }) => lag)),
        caught_up: waiting.length === 0,
        waiting_for: waiting,
      }
    },
    close: samples.close,
  }
}
