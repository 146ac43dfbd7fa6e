/**
 * The trainer: follows `samples`, and when enough came for a service tries a model and tells the outcome on `models`. What it
 * knows is a fold over the topic, read from its start; everything follows from the samples and their order (seeds are fixed,
 * being due is counted in samples), so every trainer comes to the same models. Should training not be possible, the shipped
 * prior is judged alone; should the trainer be dead, the last models hold, and where there is none the tables.
 */
import type { Registry } from 'prom-client'
import type { Codecs } from '../../schemas/codecs.ts'
import type { Model } from '../../schemas/events.ts'
import type { EventLog, LogRecord, View } from '../../schemas/log.ts'
import type { Network } from '../../schemas/semantics/model/network.ts'
import type { Digest } from '../../schemas/semantics/model/published.ts'
import { topicName } from '../../schemas/topics.ts'
import { trainerMetrics } from './metrics.ts'
import type { TrainerMetrics } from './metrics.ts'
import { keepSample } from './rows.ts'
import type { Reservoir } from './rows.ts'
import { LEAST, tryModel } from './trial.ts'
import type { Fit } from './trial.ts'

type LogLine = (fields: object, message: string) => void

export interface TrainerOptions {
  readonly log: Pick<EventLog, 'read' | 'append' | 'view' | 'ranges'>
  readonly codecs: Codecs
  readonly prior: Network
  readonly digest: Digest
  /** Starts what trains; it is ended after each round. */
  readonly openTraining: () => { readonly fit: Fit; close(): void }
  /** Whether this process is the one that trains, where several run. */
  readonly leads?: () => boolean
  readonly registry?: Registry
  readonly logger?: { readonly info: LogLine; readonly warn: LogLine }
  /** Milliseconds, for the metrics. */
  readonly clock?: () => number
}

export interface Trainer {
  /** Ends a training under way, and resolves when nothing runs any more. */
  close(): Promise<void>
}

/** A service is due again after so many samples, and a quarter more than there were. */
const NEWS = 16
const GROWTH = 1.25
const RETRY_MS = 2_000

const isDue = ({ rows, seen, trained }: Reservoir): boolean =>
  rows.length >= LEAST && seen >= trained + NEWS && seen >= GROWTH * trained

interface Round {
  readonly options: TrainerOptions
  readonly models: View
  readonly metrics: TrainerMetrics
  readonly reservoirs: Map<string, Reservoir>
  readonly signal: AbortSignal
}

const known = ({ options, models }: Round, service: string): Model | undefined => {
  const bytes = models.get(service)
  try {
    return bytes === undefined ? undefined : options.codecs.decode('models', bytes)
  } catch {
    return undefined
  }
}

const tell = async ({ options, metrics }: Round, model: Model): Promise<void> => {
  const { log, codecs, logger } = options
  const value = codecs.encode('models', model)
  await log.append(topicName('models'), [{ key: model.service, value, timestamp: Math.floor(model.at / 1000) }])
  metrics.told(model)
  const { service, state, origin, reason, trainedOn, heldBack } = model
  logger?.info({ service, state, origin, reason, trainedOn, heldBack }, `response model of ${service}: ${state}`)
}

/** Training that failed is no reason to have no model: the prior needs none. */
const withTraining = async (round: Round, work: (fit: Fit | undefined) => Promise<Model>): Promise<Model> => {
  const { options, metrics, signal } = round
  const training = options.openTraining()
  const end = (): void => training.close()
  signal.addEventListener('abort', end)
  try {
    return await work(training.fit)
  } catch (error) {
    if (signal.aborted) throw error
    metrics.failed()
    const cure = 'the shipped prior is judged alone until it succeeds'
    options.logger?.warn({ err: error }, `the response model cannot be trained: ${(error as Error).message}; ${cure}`)
    return await work(undefined)
  } finally {
    signal.removeEventListener('abort', end)
    training.close()
  }
}

const train = async (round: Round, service: string, kept: Reservoir): Promise<void> => {
  const { options, metrics } = round
  kept.trained = kept.seen
  if (options.leads?.() === false || (known(round, service)?.at ?? -1) >= kept.at) return
  const { prior, digest, clock = () => 0 } = options
  const began = clock()
  const about = { service, at: kept.at, rows: [...kept.rows], prior, digest }
  const model = await withTraining(round, (fit) => tryModel({ ...about, fit }))
  metrics.took((clock() - began) / 1000)
  await tell(round, model)
}

const keep = (round: Round, { value }: LogRecord): void => {
  if (value === null) return
  try {
    keepSample(round.reservoirs, round.options.codecs.decode('samples', value))
  } catch {
    round.metrics.failed()
  }
}

/** Reads from `from` on; what was there at the start is read before anything is trained. Returns where it got to. */
const follow = async (round: Round, position: { at: number }): Promise<void> => {
  const { log, codecs } = round.options
  const [range] = await log.ranges(topicName('samples'))
  const end = range?.end ?? 0
  const from = position.at === 0 ? { kind: 'start' as const } : { kind: 'offset' as const, offset: position.at }
  const trainDue = async (): Promise<void> => {
    for (const [service, kept] of round.reservoirs) if (isDue(kept)) await train(round, service, kept)
  }
  if (position.at >= end) await trainDue()
  for await (const records of log.read(topicName('samples'), { partition: 0, from, signal: round.signal })) {
    await codecs.prepare(records.map(({ value }) => value))
    for (const record of records) {
      keep(round, record)
      position.at = record.offset + 1
    }
    if (position.at >= end) await trainDue()
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })

/** Starts following; resolves at once. The log stays the caller's to close, after `close` here. */
export const startTrainer = (options: TrainerOptions): Trainer => {
  const stopping = new AbortController()
  const { signal } = stopping
  const metrics = trainerMetrics(options.registry)
  const position = { at: 0 }
  const reservoirs = new Map<string, Reservoir>()
  const run = async (): Promise<void> => {
    let said = false
    while (!signal.aborted) {
      let models: View | undefined
      try {
        models = await options.log.view(topicName('models'))
        await follow({ options, models, metrics, reservoirs, signal }, position)
      } catch (error) {
        if (!signal.aborted && !said)
          options.logger?.warn({ err: error }, 'the trainer cannot read the log; trying again')
        said = true
        await pause(RETRY_MS, signal)
      } finally {
        await models?.close().catch(() => undefined)
      }
    }
  }
  const running = run()
  return {
    close: async () => {
      stopping.abort()
      await running
    },
  }
}
