/** The one place where a log is chosen: embedded or Kafka, with the schema store that belongs to it. */
import type { Duplex } from 'node:stream'
import { openCodecs } from '../../schemas/codec.ts'
import type { Codecs, SchemaStore } from '../../schemas/codecs.ts'
import type { EventLog } from '../../schemas/log.ts'
import { logSchemaStore, memorySchemaStore, readingSchemaStore } from '../../schemas/schema-store.ts'
import { topicSpecs } from '../../schemas/topics.ts'
import type { EmbeddedLog, EmbeddedLogOptions } from '../../processors/runtime/logs/embedded/log.ts'
import type { Config } from '../../schemas/config.ts'
import type { Logger } from '../cli/logger.ts'
import { makePlace, placeOf } from './place.ts'
import { allOf, logAnswers, type Check } from './readiness.ts'
import { kafkaSecurity, registrySecurity } from './security.ts'
import type { RoleContext } from './role.ts'
import { watchViews } from './watched-views.ts'

/** The journal that a process writes in the embedded log; undefined reads only. */
export type Writer = 'ingress' | 'processors' | 'console'
export const EVERY_WRITER: readonly Writer[] = ['ingress', 'processors', 'console']

export interface OpenedLog {
  readonly log: EventLog
  readonly codecs: Codecs
  /** Whether the log answers and its views move. */
  readonly checks: readonly Check[]
  /** Of the embedded log: takes what other processes append. */
  readonly receive?: EmbeddedLog['receive']
  close(): Promise<void>
}

interface Opening {
  readonly config: Config
  readonly logger: Logger
  readonly worker?: RoleContext['worker']
  /** ms between two groups that the embedded log writes. */
  readonly commitIntervalMs?: number
}

type BareLog = EventLog & Pick<OpenedLog, 'receive'>

/** Opens the log alone: for those who look at topics. `sender`: who appends through another process, that can be reached so. */
export const openBareLog = async (
  { config, logger, commitIntervalMs }: Opening,
  writer: Writer | readonly Writer[] | undefined,
  sender?: EmbeddedLogOptions['sender'],
): Promise<BareLog> => {
  if (config.log.kind === 'embedded') {
    const { openEmbeddedLog } = await import('../../processors/runtime/logs/embedded/log.ts')
    const place = placeOf(config)
    if (writer !== undefined) makePlace(place)
    return await openEmbeddedLog({
      dir: place.log,
      writer,
      sender,
      ...(commitIntervalMs === undefined ? {} : { commitIntervalMs }),
    })
  }
  const { openKafkaLog } = await import('../../processors/runtime/logs/kafka/log.ts')
  return await openKafkaLog({
    brokers: config.log.brokers,
    clientId: `chaos-proxy-${typeof writer === 'string' ? writer : 'command'}`,
    producer: config.log.producer,
    ...kafkaSecurity(config.log),
    logger,
  })
}

const storeOf = async (config: Config, log: EventLog): Promise<SchemaStore & { close?: () => Promise<void> }> => {
  if (config.log.registry === '') return await logSchemaStore(log)
  const { registrySchemaStore } = await import('../../schemas/registry.ts')
  return registrySchemaStore(registrySecurity(config.log))
}

/** Opens the log, makes sure that the topics are there, and the codecs for what stands on them. */
export const openTheLog = async (opening: Opening, writer: Writer): Promise<OpenedLog> => {
  const { config, logger } = opening
  const bare = await openBareLog(opening, writer)
  const views = watchViews((topic) => bare.view(topic), logger)
  const log: EventLog = { ...bare, view: views.view }
  try {
    await log.createTopics(topicSpecs(config.log.partitions, config.log.retention))
    const store = await storeOf(config, log)
    const codecs = await openCodecs(store)
    return {
      log,
      codecs,
      checks: [logAnswers(log), views.moving],
      ...(bare.receive === undefined ? {} : { receive: bare.receive }),
      close: async () => {
        views.close()
        await store.close?.()
        await log.close()
      },
    }
  } catch (error) {
    views.close()
    await log.close().catch(() => undefined)
    throw error
  }
}

/** Asks for what others have written, registers nothing: the current schemas are known, and others are looked up. */
const readingStore = (config: Config, log: Pick<EventLog, 'view'>): ReturnType<typeof readingSchemaStore> => {
  if (config.log.registry === '') return readingSchemaStore(log)
  const known = memorySchemaStore()
  const fetchFromRegistry = async (id: number): Promise<string | undefined> => {
    const { registrySchemaStore } = await import('../../schemas/registry.ts')
    return await registrySchemaStore(registrySecurity(config.log)).fetch(id)
  }
  return {
    register: known.register,
    fetch: async (id) => (await known.fetch(id)) ?? (await fetchFromRegistry(id)),
    close: async () => undefined,
  }
}

/** Opens the log for somebody who only looks at it: nothing is created, locked or written but through the process of `sender`. */
export const openReader = async (
  opening: Opening,
  sender?: EmbeddedLogOptions['sender'],
): Promise<Omit<OpenedLog, 'checks'>> => {
  const log = await openBareLog(opening, undefined, sender)
  const store = readingStore(opening.config, log)
  const close = async (): Promise<void> => {
    await store.close()
    await log.close()
  }
  return { log, codecs: await openCodecs(store), close }
}

/** What the ingress needs of a log. */
export interface IngressLog {
  readonly log: Pick<EventLog, 'append' | 'view'>
  readonly codecs: Codecs
  readonly checks: readonly Check[]
  close(): Promise<void>
}

/** The embedded log, which another process writes for this one. */
const openShared = async (opening: Opening, stream: Duplex): Promise<IngressLog> => {
  const { log, codecs, close } = await openReader(opening, { writer: 'ingress', stream })
  const { partitions, retention } = opening.config.log
  // Known here from now on, though those that write them may not have come yet.
  await log.createTopics(topicSpecs(partitions, retention))
  const views = watchViews((topic) => log.view(topic), opening.logger)
  const closeBoth = async (): Promise<void> => {
    views.close()
    await close()
  }
  return { log: { append: log.append, view: views.view }, codecs, checks: [views.moving], close: closeBoth }
}

/**
 * The ingress's log. Kafka may be away when the ingress starts: schema ids follow from the schemas, so events can be
 * encoded and spooled at once, and ghosts come from the last run's snapshot. A registry gives out ids of its own: it must
 * answer at the start.
 */
export const openIngressLog = async (opening: Opening): Promise<IngressLog> => {
  const { config, logger, worker } = opening
  if (worker !== undefined && config.log.kind === 'embedded') return await openShared(opening, worker.writer())
  if (config.log.kind === 'embedded' || config.log.registry !== '') return await openTheLog(opening, 'ingress')
  const { deferLog } = await import('../../processors/runtime/logs/kit/deferred.ts')
  let told = false
  let there: OpenedLog | undefined
  const log = deferLog({
    dir: placeOf(config).views,
    open: async () => {
      const opened = (there = await openTheLog(opening, 'ingress'))
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
  const away = async (): Promise<string | undefined> =>
    there ? (await allOf(there.checks)).reasons.join('; ') || undefined : 'the log has not answered since the start'
  const store = readingStore(config, log)
  const close = async (): Promise<void> => {
    await store.close()
    await log.close()
  }
  return { log, codecs: await openCodecs(store), checks: [away], close }
}
