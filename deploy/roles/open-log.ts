/** The one place where a log is chosen: embedded or Kafka, with the schema store that belongs to it. */
import { openCodecs } from '../../schemas/codec.ts'
import type { Codecs, SchemaStore } from '../../schemas/codecs.ts'
import type { EventLog } from '../../schemas/log.ts'
import { logSchemaStore } from '../../schemas/schema-store.ts'
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
