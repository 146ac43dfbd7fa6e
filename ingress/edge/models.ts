/**
 * Response models, followed from the log: how sure a ghost may be of its answer. One that does not fit (size, hash, version)
 * is refused aloud, and the tables' word holds for its service. Asked only when a ghost answers.
 */
import { createHash } from 'node:crypto'
import { Histogram, type Registry } from 'prom-client'
import type { Codecs } from '../../schemas/codecs.ts'
import type { EventLog, View } from '../../schemas/log.ts'
import type { Judge } from '../../schemas/semantics/ghosts/book.ts'
import { judgeBy } from '../../schemas/semantics/model/network.ts'
import type { Network } from '../../schemas/semantics/model/network.ts'
import { readModel } from '../../schemas/semantics/model/published.ts'
import type { Digest, Read } from '../../schemas/semantics/model/published.ts'
import { topicName } from '../../schemas/topics.ts'
import type { Logger } from '../options.ts'
import type { Service } from '../phases/context.ts'

export interface ModelSettings {
  readonly log: Pick<EventLog, 'view'>
  readonly codecs: Codecs
  readonly logger: Logger
}

export interface Models {
  readonly judge: Judge
  /** Resolves once the models hold what is on the topic now. */
  follow(settings: ModelSettings): Promise<View>
}

/** The judge of those services that want one. */
export const judgeOf =
  (judge: Judge, services: readonly Pick<Service, 'name' | 'ghost'>[]): Judge =>
  (service, evidence) =>
    services.some(({ name, ghost }) => name === service && !ghost.model) ? undefined : judge(service, evidence)

const digest: Digest = (text, bytes) => createHash('sha256').update(text).update(bytes).digest('hex')

/** Some microseconds to the millisecond that it may take. */
const BUCKETS = [0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01]

const stopwatchOf = (registry: Registry | undefined): ((began: number) => void) => {
  if (registry === undefined) return () => undefined
  const seconds = new Histogram({
    name: 'chaosproxy_model_inference_seconds',
    help: 'What the response model took for one ghost answer: its evidence and its judgement',
    buckets: BUCKETS,
    registers: [registry],
  })
  return (began) => seconds.observe((performance.now() - began) / 1000)
}

export const openModels = (registry?: Registry): Models => {
  const took = stopwatchOf(registry)
  const networks = new Map<string, Network>()
  const take = (service: string, read: Read | undefined): void => {
    if (read?.kind === 'network') networks.set(service, read.network)
    else networks.delete(service)
  }
  const apply = ({ codecs, logger }: ModelSettings, service: string, bytes: Uint8Array | undefined): void => {
    try {
      const model = bytes === undefined ? undefined : codecs.decode('models', bytes)
      const read = model === undefined ? undefined : readModel(model, digest)
      take(service, read)
      if (read?.kind === 'refused' && model?.state === 'published')
        logger.warn({ service, reason: read.reason }, 'a response model is refused: the tables say how sure ghosts are')
    } catch (error) {
      take(service, undefined)
      logger.warn({ err: error, service }, 'a response model cannot be read and is left out')
    }
  }
  return {
    judge: (service, evidence) => {
      const network = networks.get(service)
      if (network === undefined) return undefined
      const began = performance.now()
      const { right } = judgeBy(network, evidence())
      took(began)
      return right
    },
    follow: async (settings) => {
      const view = await settings.log.view(topicName('models'))
      await settings.codecs.prepare([...view.entries()].map(([, bytes]) => bytes))
      let turn = Promise.resolve()
      view.subscribe((service, bytes) => {
        turn = turn.then(async () => {
          if (bytes !== undefined) await settings.codecs.prepare([bytes]).catch(() => undefined)
          apply(settings, service, bytes)
        })
      })
      await turn
      return view
    },
  }
}
