/** The one place where a log is chosen: embedded or Kafka, with the schema store that belongs to it. */
import { openCodecs } from '../../schemas/codec.ts'
import type { Codecs, SchemaStore } from '../../schemas/codecs.ts'
import type { EventLog } from '../../schemas/log.ts'
import { logSchemaStore, memorySchemaStore } from '../../schemas/schema-store.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import type { Config } from '../../schemas/config.ts'
import type { Logger } from '../cli/logger.ts'
import { makePlace, placeOf } from './place.ts'

/** The journal that a process writes in the embedded log; undefined reads only. */
export type Writer = 'ingress' | 'processors' | 'console'

export interface OpenedLog {
  readonly log: EventLog
  readonly codecs: Codecs
  close(): Promise<void>
}

interface Opening {
  readonly config: Config
  readonly logger: Logger
}

/** Opens the log alone: for those who look at topics. */
export const openBareLog = async ({ config, logger }: Opening, writer: Writer | undefined): Promise<EventLog> => {
  if (config.log.kind === 'embedded') {
    const { openEmbeddedLog } = await import('../../processors/runtime/logs/embedded/log.ts')
    const place = placeOf(config)
    makePlace(place)
    return await openEmbeddedLog({ dir: place.log, ...(writer === undefined ? {} : { writer }) })
  }
  const { openKafkaLog } = await import('../../processors/runtime/logs/kafka/log.ts')
  return await openKafkaLog({
    brokers: config.log.brokers,
    clientId: `chaos-proxy-${writer ?? 'reader'}`,
    producer: config.log.producer,
    logger,
  })
}

const storeOf = async (config: Config, log: EventLog): Promise<SchemaStore & { close?: () => Promise<void> }> => {
  if (config.log.registry === '') return await logSchemaStore(log)
  const { registrySchemaStore } = await import('../../schemas/registry.ts')
  return registrySchemaStore({ url: config.log.registry })
}

/** Opens the log, makes sure that the topics are there, and the codecs for what stands on them. */
export const openTheLog = async (opening: Opening, writer: Writer): Promise<OpenedLog> => {
  const { config } = opening
  const log = await openBareLog(opening, writer)
  try {
    await log.createTopics(topicSpecs(config.log.partitions, config.log.retention))
    const store = await storeOf(config, log)
    const codecs = await openCodecs(store)
    return {
      log,
      codecs,
      close: async () => {
        await store.close?.()
        await log.close()
      },
    }
  } catch (error) {
    await log.close().catch(() => undefined)
    throw error
  }
}

/** What the ingress needs of a log. */
export interface IngressLog {
  readonly log: Pick<EventLog, 'append' | 'view'>
  readonly codecs: Codecs
  close(): Promise<void>
}

/**
 * The ingress's log. Kafka may be away when the ingress starts: schema ids follow from the schemas, so events can be
 * encoded and spooled at once, and ghosts come from the last run's snapshot. A registry gives out ids of its own: it must
 * answer at the start.
 */
export const openIngressLog = async (opening: Opening): Promise<IngressLog> => {
  const { config, logger } = opening
  if (config.log.kind === 'embedded' || config.log.registry !== '') return await openTheLog(opening, 'ingress')
  const { deferLog } = await import('../../processors/runtime/logs/kit/deferred.ts')
  let told = false
  const log = deferLog({
    dir: placeOf(config).views,
    open: async () => {
      const opened = await openTheLog(opening, 'ingress')
      logger.info({ brokers: config.log.brokers }, 'the log is there')
      return { ...opened.log, close: opened.close }
    },
    onAway: (error) => {
      if (!told)
        logger.warn(
          { err: error, brokers: config.log.brokers },
          'the log is away: serving without it, events are spooled',
        )
      told = true
    },
  })
  return { log, codecs: await openCodecs(memorySchemaStore()), close: () => log.close() }
}
